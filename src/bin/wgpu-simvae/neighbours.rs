//! `wgpu-simvae neighbours`: the pictures that are nearest to others, and near-duplicates.

use crate::Failure;
use crate::run_folder::RunFolder;
use crate::terminal::Terminal;
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::collections::HashMap;
use std::fs::canonicalize;
use std::path::PathBuf;
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::data::{Fitting, Found, Images, Pictures};
use wgpu_simvae::draw::sheet::sheet;
use wgpu_simvae::eval::Rows;
use wgpu_simvae::eval::knn::Metric;
use wgpu_simvae::eval::near::{Duplicates, Near, Pair, duplicates, nearest};
use wgpu_simvae::files::write_atomically;
use wgpu_simvae::train::{Embedding, Embeddings, Progress};

/// Rows of the grid, at most.
const SHOWN: usize = 64;
/// Pairs that are listed, at most.
const MOST_PAIRS: usize = 100_000;

#[derive(Debug, Args)]
pub struct NeighboursArguments {
    #[command(flatten)]
    folder: RunFolder,
    /// Pictures whose nearest are looked for: files, folders with all that lies in them, and - for a list of paths on the standard input.
    #[arg(long, num_args = 1.., value_name = "FILE", required_unless_present = "duplicates")]
    query: Vec<PathBuf>,
    /// Pictures among which they are looked for, named likewise, or a file that `embed` wrote, NAME.safetensors.
    #[arg(long = "in", num_args = 1.., value_name = "PATH", required = true, conflicts_with = "data_dir")]
    known: Vec<PathBuf>,
    /// What near means.
    #[arg(long, value_enum, default_value_t = Distance::Cosine, conflicts_with = "duplicates")]
    metric: Distance,
    /// Nearest pictures of each.
    #[arg(short, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=31), conflicts_with = "duplicates")]
    k: u32,
    /// List pairs of pictures that are much alike, instead of neighbours of a query.
    #[arg(long, conflicts_with = "query")]
    duplicates: bool,
    /// Cosine similarity from which on pictures are near-duplicates, from -1 to 1.
    #[arg(long, default_value_t = 0.99, value_parser = cosine, allow_negative_numbers = true, requires = "duplicates")]
    threshold: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Draw the pictures into this PNG file: each query with its nearest behind it, or each pair.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Distance {
    /// One minus the cosine of the angle between two representations.
    Cosine,
    /// The length of their difference.
    Euclidean,
}

impl From<Distance> for Metric {
    fn from(distance: Distance) -> Self {
        match distance {
            Distance::Cosine => Metric::Cosine,
            Distance::Euclidean => Metric::Euclidean,
        }
    }
}

fn cosine(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (-1.0..=1.0).contains(&number) { Ok(number) } else { Err("a cosine is from -1 to 1".to_owned()) }
}

/// What is looked through.
struct Known {
    mu: Vec<f32>,
    latent: usize,
    names: Vec<String>,
    /// Whether these are files.
    named: bool,
    /// The pictures and each row's place among them, as far as they are there; none before somebody wants to see them.
    pictures: Option<(Images, Vec<Option<usize>>)>,
}

pub fn main(arguments: &NeighboursArguments) -> Result<(), Failure> {
    let stored = match &arguments.known[..] {
        [path] if path.extension().is_some_and(|ending| ending == "safetensors") => {
            Some((path, Embeddings::read(path)?))
        }
        _ => None,
    };
    let NeighboursArguments { folder, query, known, .. } = arguments;
    let apart = folder.apart()?;
    let (fitting, latent) = (apart.fitting.clone(), apart.config.model.latent);
    if let Some((path, stored)) = &stored {
        stored.check(path, latent, apart.weights())?;
    }
    if query.is_empty() {
        let known = match stored {
            Some((_, stored)) => Known::stored(stored),
            None => {
                let (mut trained, _) = folder.look(apart, known, &[])?;
                let source = trained.session.blueprint.test;
                Known::embedded(trained.session.embed(&source, source.images)?, &trained.data.test)
            }
        };
        return arguments.duplicates(known, &fitting);
    }
    let (mut trained, device) = folder.look(apart, query, if stored.is_some() { &[] } else { known })?;
    let (beside, asked) = (trained.session.blueprint.train, trained.session.blueprint.test);
    let known = match stored {
        Some((_, stored)) => Known::stored(stored),
        None => Known::embedded(trained.session.embed(&beside, beside.images)?, &trained.data.train),
    };
    let embedding = trained.session.embed(&asked, asked.images)?;
    let queries = Rows::new("queries", &embedding.mu, latent)?;
    let rows = Rows::new("known representations", &known.mu, latent)?;
    // One more, in the place of a query that is among them itself.
    let k = (arguments.k as usize + 1).min(rows.count());
    let mut found = nearest(&device, rows, queries, k, arguments.metric.into())?;
    let asked = &trained.data.test;
    known.leave_out_themselves(&asked.files, &mut found, arguments.k as usize);
    arguments.show_nearest(known, asked, &found, &fitting)
}

impl Known {
    fn stored(stored: Embeddings) -> Self {
        let Embeddings { mu, latent, files, .. } = stored;
        let rows = mu.len() / latent;
        let named = !files.is_empty();
        let names = if named { files } else { (0..rows).map(|row| format!("row {row}")).collect() };
        Self { mu, latent, names, named, pictures: None }
    }

    fn embedded(embedding: Embedding, images: &Images) -> Self {
        let Embedding { mu, latent, .. } = embedding;
        let places = (0..images.len()).map(Some).collect();
        Self { mu, latent, names: images.files.clone(), named: true, pictures: Some((images.clone(), places)) }
    }

    /// Takes out of each query's nearest the query itself, and leaves `k`.
    fn leave_out_themselves(&self, queries: &[String], found: &mut [Vec<Near>], k: usize) {
        for (query, near) in queries.iter().zip(found) {
            let own = canonicalize(query).ok();
            let itself = |name: &str| name == query || (own.is_some() && canonicalize(name).ok() == own);
            near.retain(|near| !itself(&self.names[near.row]));
            near.truncate(k);
        }
    }

    /// Reads the pictures of these rows, where they are not at hand.
    fn fetch(&mut self, rows: impl Iterator<Item = usize>, fitting: &Fitting) {
        if self.pictures.is_some() {
            return;
        }
        if !self.named {
            return tell("not drawn: what was embedded were no picture files");
        }
        let mut paths: Vec<PathBuf> = rows.map(|row| PathBuf::from(&self.names[row])).collect();
        paths.sort();
        paths.dedup();
        let mut progress = Terminal::default();
        match Pictures::read(Found::below(&paths), fitting, &mut |done, of| progress.decoded(done, of)) {
            Ok(Pictures { images, failed, .. }) => {
                failed.iter().for_each(|line| tell(format_args!("not drawn: {line}")));
                let places: HashMap<&String, usize> = images.files.iter().zip(0..).collect();
                let places = self.names.iter().map(|name| places.get(name).copied()).collect();
                self.pictures = Some((images, places));
            }
            Err(error) => tell(format_args!("not drawn: {error}")),
        }
    }

    fn cell(&self, row: usize) -> Option<(&Images, usize)> {
        let (images, places) = self.pictures.as_ref()?;
        Some((images, places[row]?))
    }
}

impl NeighboursArguments {
    fn show_nearest(
        &self,
        mut known: Known,
        asked: &Images,
        found: &[Vec<Near>],
        fitting: &Fitting,
    ) -> Result<(), Failure> {
        let name = |near: &Near| &known.names[near.row];
        if self.json {
            let near = |near: &Near| json!({"file": name(near), "row": near.row, "distance": near.distance});
            let queries =
                asked.files.iter().zip(found).map(
                    |(file, found)| json!({"file": file, "neighbours": found.iter().map(near).collect::<Vec<_>>()}),
                );
            let metric = if self.metric == Distance::Cosine { "cosine" } else { "euclidean" };
            print(format_args!("{:#}", json!({"metric": metric, "queries": queries.collect::<Vec<_>>()})));
        } else {
            for (file, found) in asked.files.iter().zip(found) {
                print(file);
                for (place, near) in found.iter().enumerate() {
                    print(format_args!("  {:2}  {:<10.6}  {}", place + 1, near.distance, name(near)));
                }
            }
        }
        if self.out.is_none() {
            return Ok(());
        }
        if found.len() > SHOWN {
            tell(format_args!("drawn are the first {SHOWN} of {} queries", found.len()));
        }
        let shown = &found[..found.len().min(SHOWN)];
        known.fetch(shown.iter().flatten().map(|near| near.row), fitting);
        let columns = shown.iter().map(Vec::len).max().unwrap_or(0);
        let cells = shown.iter().enumerate().flat_map(|(query, near)| {
            let cell = |place: usize| near.get(place).and_then(|near| known.cell(near.row));
            std::iter::once(Some((asked, query))).chain((0..columns).map(cell))
        });
        self.draw(cells, columns + 1, asked)
    }

    fn duplicates(&self, mut known: Known, fitting: &Fitting) -> Result<(), Failure> {
        let rows = Rows::new("representations", &known.mu, known.latent)?;
        let Duplicates { pairs, more } = duplicates(rows, self.threshold, MOST_PAIRS);
        let names = |pair: &Pair| [&known.names[pair.first], &known.names[pair.second]];
        if self.json {
            let pair = |pair: &Pair| json!({"similarity": pair.similarity, "rows": [pair.first, pair.second], "files": names(pair)});
            let all: Vec<_> = pairs.iter().map(pair).collect();
            print(format_args!("{:#}", json!({"threshold": self.threshold, "complete": !more, "pairs": all})));
        } else {
            for pair in &pairs {
                let [first, second] = names(pair);
                print(format_args!("{:.6}  {first}  {second}", pair.similarity));
            }
            let (count, all) = (pairs.len(), known.names.len());
            print(format_args!("{count} pairs among {all} pictures with a similarity of {} and more", self.threshold));
        }
        if more {
            tell(format_args!(
                "after {MOST_PAIRS} pairs no more were looked for: a higher --threshold finds the nearest of all"
            ));
        }
        let shown = &pairs[..pairs.len().min(SHOWN)];
        if self.out.is_none() || shown.is_empty() {
            return Ok(());
        }
        if shown.len() < pairs.len() {
            tell(format_args!("drawn are the first {SHOWN} of {} pairs", pairs.len()));
        }
        known.fetch(shown.iter().flat_map(|pair| [pair.first, pair.second]), fitting);
        let Some((images, _)) = &known.pictures else { return Ok(()) };
        self.draw(shown.iter().flat_map(|pair| [known.cell(pair.first), known.cell(pair.second)]), 2, images)
    }

    fn draw<'a>(
        &self,
        cells: impl Iterator<Item = Option<(&'a Images, usize)>>,
        columns: usize,
        like: &Images,
    ) -> Result<(), Failure> {
        let Some(path) = &self.out else { return Ok(()) };
        let seen = like.seen;
        let drawn = sheet(cells, [seen.channels, seen.height, seen.width], columns);
        let drawn = drawn.map_err(|problem| anyhow!("the pictures could not be drawn: {problem}"))?;
        write_atomically(path, &drawn).map_err(|error| error.advise("Choose another file with --out"))?;
        // The standard output is a list.
        tell(path.display());
        Ok(())
    }
}

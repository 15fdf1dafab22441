//! `wgpu-simvae cluster`: pictures without classes in groups.

use crate::run_folder::RunFolder;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use std::path::PathBuf;
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::draw::sheet::sheet;
use wgpu_simvae::eval::Rows;
use wgpu_simvae::eval::clustering::{Clustering, Settings, cluster};
use wgpu_simvae::files::{FileError, OTHER_FOLDER, write_atomically};
use wgpu_simvae::train::embeddings::csv_field;

/// Pictures on a sheet, and in each of its rows.
const SHOWN: usize = 100;
const COLUMNS: usize = 10;

#[derive(Debug, Args)]
pub struct ClusterArguments {
    #[command(flatten)]
    folder: RunFolder,
    /// Pictures to group: files, folders with all that lies in them, and - for a list of paths on the standard input.
    #[arg(long, num_args = 1.., value_name = "PATH", required = true, conflicts_with = "data_dir")]
    images: Vec<PathBuf>,
    /// Groups: Gaussians of the mixture.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=256))]
    clusters: u32,
    /// Seed of the mixture's starts.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder for clusters.csv and the sheets [default: RUN/clusters]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Fits a mixture of Gaussians to the pictures' representations, and writes `clusters.csv` and a sheet of pictures of each group.
pub fn main(arguments: &ClusterArguments) -> Result<(), Failure> {
    let (mut trained, _) = arguments.folder.open_on(&arguments.images)?;
    let source = trained.session.blueprint.test;
    let groups = arguments.clusters as usize;
    if groups > source.images {
        return Err(usage(anyhow!("--clusters {groups}: there are {} pictures, and no more groups", source.images)));
    }
    let out = arguments.out.clone().unwrap_or_else(|| arguments.folder.run.join("clusters"));
    // Before the work: a folder that cannot be written is noticed at once.
    std::fs::create_dir_all(&out).map_err(|error| FileError::writing(&out)(error).advise(OTHER_FOLDER))?;
    let embedding = trained.session.embed(&source, source.images)?;
    let rows = Rows::new("representations", &embedding.mu, embedding.latent)?;
    let Clustering { labels, certainty, converged, .. } =
        cluster(rows, rows, &Settings { seed: arguments.seed, ..Settings::new(groups) })?;
    if !converged {
        tell("the mixture has not converged: the groups may be others with another --seed");
    }

    let images = &trained.data.test;
    let mut csv = "file,cluster,certainty\n".to_owned();
    for ((file, label), certainty) in images.files.iter().zip(&labels).zip(&certainty) {
        csv += &format!("{},{label},{certainty:.6}\n", csv_field(file));
    }
    let path = out.join("clusters.csv");
    write_atomically(&path, csv.as_bytes()).map_err(|error| error.advise(OTHER_FOLDER))?;
    print(path.display());
    for group in 0..groups {
        let mut members: Vec<usize> = (0..labels.len()).filter(|&at| usize::from(labels[at]) == group).collect();
        let count = members.len();
        if count == 0 {
            print(format_args!("cluster {group}: no picture"));
            continue;
        }
        // The most certain ones are what the group is about.
        members.sort_by(|&a, &b| certainty[b].total_cmp(&certainty[a]));
        members.truncate(SHOWN);
        let drawn = sheet(members.iter().map(|&at| Some((images, at))), source.shape, COLUMNS);
        let drawn = drawn.map_err(|problem| anyhow!("the pictures could not be drawn: {problem}"))?;
        // Sheets of a call with more groups do not pass for sheets of this one.
        let path = out.join(format!("cluster-{group:02}-of-{groups}.png"));
        write_atomically(&path, &drawn).map_err(|error| error.advise(OTHER_FOLDER))?;
        print(format_args!("cluster {group}: {count} pictures, {}", path.display()));
    }
    Ok(())
}

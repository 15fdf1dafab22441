//! `wgpu-simvae embed`

use crate::Failure;
use crate::run_folder::RunFolder;
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use wgpu_simvae::augment::ImageSource;
use wgpu_simvae::console::print;
use wgpu_simvae::data::Images;
use wgpu_simvae::draw::npy::npy;
use wgpu_simvae::files::{FileError, OTHER_FOLDER, write_atomically};
use wgpu_simvae::run_folder::{data_folder, from_the_root};
use wgpu_simvae::train::Trained;
use wgpu_simvae::train::embeddings::{Origin, to_csv, to_safetensors};

#[derive(Debug, Args)]
pub struct EmbedArguments {
    #[command(flatten)]
    folder: RunFolder,
    /// Images of the data set to embed.
    #[arg(long, value_enum, default_value_t = Split::Both)]
    split: Split,
    /// Pictures to embed instead of the data set's, which need not be there: files, folders with all that lies in them, and - for a list of
    /// paths on the standard input.
    #[arg(long, num_args = 1.., value_name = "PATH", conflicts_with_all = ["split", "data_dir"])]
    images: Vec<PathBuf>,
    /// Files to write, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Format::Npy, Format::Safetensors])]
    format: Vec<Format>,
    /// Folder for the files [default: RUN/embeddings]
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Split {
    Train,
    Test,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Arrays for NumPy: mu, logvar where there is one, labels where they are known.
    Npy,
    /// Everything in one file.
    Safetensors,
    /// A table for people and spreadsheets.
    Csv,
}

/// Writes, for each split, `SPLIT.safetensors` with everything, `SPLIT-mu.npy` and others for NumPy, `SPLIT.csv`, as far as they are
/// asked for, and `SPLIT-files.txt` where every image is a file. Pictures of anywhere are the split `pictures`.
pub fn main(arguments: &EmbedArguments) -> Result<(), Failure> {
    let of_data = arguments.images.is_empty();
    let (mut trained, _) = arguments.folder.open_on(&arguments.images)?;
    let out = arguments.out.clone().unwrap_or_else(|| arguments.folder.run.join("embeddings"));
    // Before the work: a folder that cannot be written is noticed at once.
    std::fs::create_dir_all(&out).map_err(|error| FileError::writing(&out)(error).advise(OTHER_FOLDER))?;
    let (train, test) = (trained.session.blueprint.train, trained.session.blueprint.test);
    if !of_data {
        return arguments.write(&mut trained, "pictures", &test, |trained| &trained.data.test, &out);
    }
    if arguments.split != Split::Test {
        arguments.write(&mut trained, "train", &train, |trained| &trained.data.train, &out)?;
    }
    if arguments.split != Split::Train {
        arguments.write(&mut trained, "test", &test, |trained| &trained.data.test, &out)?;
    }
    Ok(())
}

impl EmbedArguments {
    /// Embeds a source and writes its files.
    fn write(
        &self,
        trained: &mut Trained,
        name: &str,
        source: &ImageSource,
        images: impl Fn(&Trained) -> &Images,
        out: &Path,
    ) -> Result<(), Failure> {
        let labelled = self.images.is_empty();
        let embedding = trained.session.embed(source, source.images)?;
        let images = images(trained);
        // Whoever reads the files later stands elsewhere.
        let folder = match (labelled, &self.folder.data_dir) {
            (false, _) => std::env::current_dir().ok(),
            (true, Some(given)) => Some(from_the_root(given)),
            (true, None) => data_folder(&trained.config),
        };
        let origin = Origin { images, labelled, folder: folder.as_deref(), weights: &trained.weights };
        let shape = [embedding.len(), embedding.latent];
        if self.format.contains(&Format::Npy) {
            write(out, &format!("{name}-mu.npy"), &npy(&embedding.mu, &shape))?;
            if !embedding.logvar.is_empty() {
                write(out, &format!("{name}-logvar.npy"), &npy(&embedding.logvar, &shape))?;
            }
            if labelled {
                write(out, &format!("{name}-labels.npy"), &npy(&images.labels, &[images.len()]))?;
            }
        }
        if self.format.contains(&Format::Safetensors) {
            let bytes = to_safetensors(&embedding, &origin);
            let bytes = bytes.map_err(|error| anyhow!("the embedding cannot be stored: {error}"))?;
            write(out, &format!("{name}.safetensors"), &bytes)?;
        }
        if self.format.contains(&Format::Csv) {
            write(out, &format!("{name}.csv"), to_csv(&embedding, &origin).as_bytes())?;
        }
        if !images.files.is_empty() {
            let lines: String = images.files.iter().map(|file| format!("{file}\n")).collect();
            write(out, &format!("{name}-files.txt"), lines.as_bytes())?;
        }
        Ok(())
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    write_atomically(&path, bytes).map_err(|error| error.advise(OTHER_FOLDER))?;
    print(path.display());
    Ok(())
}

//! `wgpu-simvae embed`

use crate::Failure;
use crate::run_folder::RunFolder;
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use wgpu_simvae::console::print;
use wgpu_simvae::data::Images;
use wgpu_simvae::draw::npy::npy;
use wgpu_simvae::files::{FileError, OTHER_FOLDER, write_atomically};
use wgpu_simvae::train::{Embedding, Trained};

#[derive(Debug, Args)]
pub struct EmbedArguments {
    #[command(flatten)]
    folder: RunFolder,
    /// Images to embed.
    #[arg(long, value_enum, default_value_t = Split::Both)]
    split: Split,
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

/// Writes, for each split, `SPLIT.safetensors` with everything, `SPLIT-mu.npy` and `SPLIT-labels.npy` for NumPy, and
/// `SPLIT-files.txt` where every image is a file.
pub fn main(arguments: &EmbedArguments) -> Result<(), Failure> {
    let (mut trained, _) = arguments.folder.open()?;
    let out = arguments.out.clone().unwrap_or_else(|| arguments.folder.run.join("embeddings"));
    // Before the work: a folder that cannot be written is noticed at once.
    std::fs::create_dir_all(&out).map_err(|error| FileError::writing(&out)(error).advise(OTHER_FOLDER))?;
    let Trained { session, data, .. } = &mut trained;
    let (train, test) = (session.blueprint.train, session.blueprint.test);
    for (name, split, source, images) in
        [("train", Split::Train, train, &data.train), ("test", Split::Test, test, &data.test)]
    {
        if arguments.split == split || arguments.split == Split::Both {
            let embedding = session.embed(&source, source.images)?;
            write(&out, &format!("{name}-mu.npy"), &npy(&embedding.mu, &[embedding.len(), embedding.latent]))?;
            write(&out, &format!("{name}-labels.npy"), &npy(&images.labels, &[images.len()]))?;
            write(&out, &format!("{name}.safetensors"), &tensors(&embedding, images)?)?;
            if !images.files.is_empty() {
                let lines: String = images.files.iter().map(|file| format!("{file}\n")).collect();
                write(&out, &format!("{name}-files.txt"), lines.as_bytes())?;
            }
        }
    }
    Ok(())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    write_atomically(&path, bytes).map_err(|error| error.advise(OTHER_FOLDER))?;
    print(path.display());
    Ok(())
}

/// `mu`, `logvar` (of generative models), `labels` and the style `factors` where they are known; the names of classes and
/// factors, separated by commas, and the images' files, one a line, are metadata.
fn tensors(embedding: &Embedding, images: &Images) -> Result<Vec<u8>, Failure> {
    let (rows, latent, factors) = (embedding.len(), embedding.latent, images.factor_names.len());
    let mut all: Vec<(&str, Dtype, Vec<usize>, &[u8])> = vec![
        ("mu", Dtype::F32, vec![rows, latent], bytemuck::cast_slice(&embedding.mu)),
        ("labels", Dtype::U8, vec![rows], &images.labels),
    ];
    if !embedding.logvar.is_empty() {
        all.push(("logvar", Dtype::F32, vec![rows, latent], bytemuck::cast_slice(&embedding.logvar)));
    }
    if factors > 0 {
        all.push(("factors", Dtype::F32, vec![rows, factors], bytemuck::cast_slice(&images.factors)));
    }
    let mut metadata = HashMap::from([
        ("classes".to_owned(), images.classes.join(",")),
        ("factors".to_owned(), images.factor_names.join(",")),
    ]);
    if !images.files.is_empty() {
        metadata.insert("files".to_owned(), images.files.join("\n"));
    }
    let views = all.into_iter().map(|(name, dtype, shape, bytes)| Ok((name, TensorView::new(dtype, shape, bytes)?)));
    let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
    let bytes = views.and_then(|views| safetensors::serialize(views, Some(metadata)));
    Ok(bytes.map_err(|error| anyhow!("the embedding cannot be stored: {error}"))?)
}

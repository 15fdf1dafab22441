//! `wgpu-simvae reconstruct`, `traverse` and `interpolate`: PNG grids.

use crate::run_folder::RunFolder;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use std::path::PathBuf;
use wgpu_simvae::console::print;
use wgpu_simvae::draw::grid::{Pictures, png};
use wgpu_simvae::draw::latents;
use wgpu_simvae::files::write_atomically;
use wgpu_simvae::train::Trained;

/// Small pictures are magnified to about this height, in pixels.
const HEIGHT: usize = 56;
/// Training images that a traversal takes its deviations from.
const IMAGES: usize = 2048;

#[derive(Debug, Args)]
pub struct PictureArguments {
    #[command(flatten)]
    folder: RunFolder,
    /// PNG file [default: RUN/pictures/COMMAND.png]
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ReconstructArguments {
    #[command(flatten)]
    common: PictureArguments,
    /// Test images to reconstruct.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    count: u32,
}

#[derive(Debug, Args)]
pub struct TraverseArguments {
    #[command(flatten)]
    common: PictureArguments,
    /// Test image to start from.
    #[arg(long, default_value_t = 0)]
    image: usize,
    /// How far each dimension moves, in its standard deviations over the data.
    #[arg(long, default_value_t = 2.5)]
    range: f32,
    /// Columns of the grid.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=256))]
    steps: u32,
}

#[derive(Debug, Args)]
pub struct InterpolateArguments {
    #[command(flatten)]
    common: PictureArguments,
    /// Pairs of test images: rows of the grid. Image 0 goes to 1, 2 to 3, and so on.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    pairs: u32,
    /// Columns of the grid.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=256))]
    steps: u32,
}

impl PictureArguments {
    /// Opens a run that has a decoder.
    pub fn open(&self) -> Result<Trained, Failure> {
        let (trained, _) = self.folder.open()?;
        if !trained.session.blueprint.model.networks.generative {
            let method = &trained.config.method;
            return Err(usage(anyhow!(
                "{method} has no decoder: only VAEs draw pictures (simvae, vae, beta-vae, cr-vae)"
            )));
        }
        Ok(trained)
    }

    /// Writes stacks of pictures as one grid, and says where it is.
    pub fn write(&self, name: &str, trained: &Trained, stacks: &[&[f32]], columns: usize) -> Result<(), Failure> {
        let shape = trained.session.blueprint.test.shape;
        let stacks: Vec<Pictures> = stacks.iter().map(|pixels| Pictures { pixels, shape }).collect();
        let scale = HEIGHT.div_ceil(shape[1]) as u32;
        let bytes =
            png(&stacks, columns, scale).map_err(|problem| anyhow!("the pictures could not be drawn: {problem}"))?;
        let path = self.out.clone().unwrap_or_else(|| self.folder.run.join("pictures").join(format!("{name}.png")));
        write_atomically(&path, &bytes).map_err(|error| error.advise("Choose another file with --out"))?;
        print(path.display());
        Ok(())
    }
}

pub fn reconstruct(arguments: &ReconstructArguments) -> Result<(), Failure> {
    let mut trained = arguments.common.open()?;
    let source = trained.session.blueprint.test;
    let (x, pictures) = trained.session.reconstruct(&source, arguments.count as usize)?;
    arguments.common.write("reconstruct", &trained, &[&x, &pictures], 16)
}

pub fn traverse(arguments: &TraverseArguments) -> Result<(), Failure> {
    let mut trained = arguments.common.open()?;
    let latent = trained.config.model.latent;
    let (train, test) = (trained.session.blueprint.train, trained.session.blueprint.test);
    if arguments.image >= test.images {
        return Err(usage(anyhow!("--image {}: there are {} test images", arguments.image, test.images)));
    }
    let mu = trained.session.embed(&test, arguments.image + 1)?.mu;
    let deviations = latents::deviations(&trained.session.embed(&train, IMAGES)?.mu, latent);
    let steps = arguments.steps as usize;
    let z = latents::traverse(&mu[arguments.image * latent..], &deviations, arguments.range, steps);
    let pictures = trained.session.decode(&z)?;
    arguments.common.write("traverse", &trained, &[&pictures], steps)
}

pub fn interpolate(arguments: &InterpolateArguments) -> Result<(), Failure> {
    let mut trained = arguments.common.open()?;
    let latent = trained.config.model.latent;
    let source = trained.session.blueprint.test;
    let mu = trained.session.embed(&source, 2 * arguments.pairs as usize)?.mu;
    if mu.len() < 2 * latent {
        return Err(usage(anyhow!("there is one test image, and none to go to: a way needs two")));
    }
    let pairs: Vec<(&[f32], &[f32])> = mu.chunks_exact(2 * latent).map(|pair| pair.split_at(latent)).collect();
    let steps = arguments.steps as usize;
    let pictures = trained.session.decode(&latents::interpolate(&pairs, steps))?;
    arguments.common.write("interpolate", &trained, &[&pictures], steps)
}

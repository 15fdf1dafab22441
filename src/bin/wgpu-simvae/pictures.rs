//! `wgpu-simvae reconstruct`, `traverse` and `interpolate`: PNG grids.

use crate::run_folder::RunFolder;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use std::path::PathBuf;
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::draw::grid::{Pictures, png};
use wgpu_simvae::draw::latents;
use wgpu_simvae::draw::sheet::magnification;
use wgpu_simvae::files::write_atomically;
use wgpu_simvae::train::Trained;

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
pub struct LookArguments {
    #[command(flatten)]
    common: PictureArguments,
    /// Pictures that take the place of the test images; the data set need not be there then: files, folders with all that lies in them, and
    /// - for a list of paths on the standard input.
    #[arg(long, num_args = 1.., value_name = "PATH", conflicts_with = "data_dir")]
    images: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ReconstructArguments {
    #[command(flatten)]
    look: LookArguments,
    /// Test images, or pictures, to reconstruct: the first.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    count: u32,
}

#[derive(Debug, Args)]
pub struct TraverseArguments {
    #[command(flatten)]
    look: LookArguments,
    /// Test image, or picture, to start from, counted from 0.
    #[arg(long, default_value_t = 0)]
    image: usize,
    /// How far each dimension moves, in its standard deviations over the training images, or over the pictures; where there is but one
    /// picture, in units.
    #[arg(long, default_value_t = 2.5, value_parser = finite)]
    range: f32,
    /// Columns of the grid.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=256))]
    steps: u32,
}

#[derive(Debug, Args)]
pub struct InterpolateArguments {
    #[command(flatten)]
    look: LookArguments,
    /// Pairs of test images, or pictures: rows of the grid. Image 0 goes to 1, 2 to 3, and so on.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    pairs: u32,
    /// Columns of the grid.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=256))]
    steps: u32,
}

fn finite(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|number: &f32| number.is_finite()).ok_or_else(|| "a finite number is wanted".to_owned())
}

impl PictureArguments {
    /// Opens a run that has a decoder.
    pub fn open(&self) -> Result<Trained, Failure> {
        with_decoder(self.folder.open()?.0)
    }

    /// Writes stacks of pictures as one grid, and says where it is.
    pub fn write(&self, name: &str, trained: &Trained, stacks: &[&[f32]], columns: usize) -> Result<(), Failure> {
        let shape = trained.session.blueprint.test.shape;
        let stacks: Vec<Pictures> = stacks.iter().map(|pixels| Pictures { pixels, shape }).collect();
        let bytes = png(&stacks, columns, magnification(shape[1]))
            .map_err(|problem| anyhow!("the pictures could not be drawn: {problem}"))?;
        let path = self.out.clone().unwrap_or_else(|| self.folder.run.join("pictures").join(format!("{name}.png")));
        write_atomically(&path, &bytes).map_err(|error| error.advise("Choose another file with --out"))?;
        print(path.display());
        Ok(())
    }
}

/// Refuses a run that has no decoder.
fn with_decoder(trained: Trained) -> Result<Trained, Failure> {
    if !trained.session.blueprint.model.networks.generative {
        let method = &trained.config.method;
        return Err(usage(anyhow!("{method} has no decoder: only VAEs draw pictures (simvae, vae, beta-vae, cr-vae)")));
    }
    Ok(trained)
}

impl LookArguments {
    /// Opens a run that has a decoder, on the pictures if some are named.
    fn open(&self) -> Result<Trained, Failure> {
        with_decoder(self.common.folder.open_on(&self.images)?.0)
    }

    /// What is looked at.
    fn what(&self) -> &'static str {
        if self.images.is_empty() { "test image" } else { "picture" }
    }
}

pub fn reconstruct(arguments: &ReconstructArguments) -> Result<(), Failure> {
    let mut trained = arguments.look.open()?;
    let source = trained.session.blueprint.test;
    let (x, pictures) = trained.session.reconstruct(&source, arguments.count as usize)?;
    arguments.look.common.write("reconstruct", &trained, &[&x, &pictures], 16)
}

pub fn traverse(arguments: &TraverseArguments) -> Result<(), Failure> {
    let mut trained = arguments.look.open()?;
    let latent = trained.config.model.latent;
    let (train, test) = (trained.session.blueprint.train, trained.session.blueprint.test);
    if arguments.image >= test.images {
        return Err(usage(anyhow!(
            "--image {}: there are {} {}s",
            arguments.image,
            test.images,
            arguments.look.what()
        )));
    }
    let mu = trained.session.embed(&test, arguments.image + 1)?.mu;
    let known = if arguments.look.images.is_empty() { train } else { test };
    let deviations = match known.images {
        1 => {
            tell("one picture has no deviations: each dimension moves by --range units");
            vec![1.0; latent]
        }
        _ => latents::deviations(&trained.session.embed(&known, IMAGES)?.mu, latent),
    };
    let steps = arguments.steps as usize;
    let z = latents::traverse(&mu[arguments.image * latent..], &deviations, arguments.range, steps);
    let pictures = trained.session.decode(&z)?;
    arguments.look.common.write("traverse", &trained, &[&pictures], steps)
}

pub fn interpolate(arguments: &InterpolateArguments) -> Result<(), Failure> {
    let mut trained = arguments.look.open()?;
    let latent = trained.config.model.latent;
    let source = trained.session.blueprint.test;
    let mu = trained.session.embed(&source, 2 * arguments.pairs as usize)?.mu;
    if mu.len() < 2 * latent {
        return Err(usage(anyhow!("there is one {}, and none to go to: a way needs two", arguments.look.what())));
    }
    let pairs: Vec<(&[f32], &[f32])> = mu.chunks_exact(2 * latent).map(|pair| pair.split_at(latent)).collect();
    let steps = arguments.steps as usize;
    let pictures = trained.session.decode(&latents::interpolate(&pairs, steps))?;
    arguments.look.common.write("interpolate", &trained, &[&pictures], steps)
}

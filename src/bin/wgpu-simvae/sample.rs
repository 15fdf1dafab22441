//! `wgpu-simvae sample`: a grid of pictures of latents that are drawn.

use crate::pictures::PictureArguments;
use crate::{Failure, usage};
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use wgpu_simvae::console::tell;
use wgpu_simvae::draw::latents::{self, Content};
use wgpu_simvae::eval::Rows;
use wgpu_simvae::eval::clustering::{Settings, fit};
use wgpu_simvae::kernels::loss::simvae::ContentPrior;
use wgpu_simvae::methods::Latents;
use wgpu_simvae::train::Trained;

/// Gaussians of a mixture where no classes say how many.
const WITHOUT_CLASSES: usize = 10;

#[derive(Debug, Args)]
pub struct SampleArguments {
    #[command(flatten)]
    common: PictureArguments,
    /// What latents are drawn from.
    #[arg(long, value_enum, default_value_t = Prior::Standard)]
    prior: Prior,
    /// Gaussians of the mixture [default: as many as the data set has classes, 10 where it has none]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=256))]
    components: Option<u32>,
    /// Test image whose content is kept while its style is drawn, from p(z given y); where a method has none, from the image's posterior.
    #[arg(long, value_name = "IMAGE", conflicts_with_all = ["prior", "components", "class"])]
    around: Option<usize>,
    /// Class of which pictures are drawn, by its name: around its training images, or from a Gaussian fitted to them where a method has no
    /// p(z given y).
    #[arg(long, conflicts_with_all = ["prior", "components"])]
    class: Option<String>,
    /// Contents y to draw: rows of the grid.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    rows: u32,
    /// Pictures of each content, drawn from p(z given y): columns of the grid.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=256))]
    columns: u32,
    /// Seed of the draw.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// What latents are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Prior {
    /// The method's own prior.
    Standard,
    /// A mixture of Gaussians fitted to the training images' representations: where these lie, which the prior need not be.
    Mixture,
}

pub fn main(arguments: &SampleArguments) -> Result<(), Failure> {
    if arguments.components.is_some() && arguments.prior == Prior::Standard {
        return Err(usage(anyhow!("--components: only a mixture has them; add --prior mixture")));
    }
    let mut trained = arguments.common.open()?;
    let z = match (arguments.around, &arguments.class, arguments.prior) {
        (Some(image), ..) => arguments.around_draws(&mut trained, image)?,
        (None, Some(class), _) => arguments.class_draws(&mut trained, class)?,
        (None, None, Prior::Mixture) => arguments.mixture_draws(&mut trained)?,
        (None, None, Prior::Standard) => arguments.prior_draws(&mut trained)?,
    };
    let pictures = trained.session.decode(&z)?;
    arguments.common.write("sample", &trained, &[&pictures], arguments.columns as usize)
}

impl SampleArguments {
    /// Draws around contents: the rows of the grid.
    fn draw(&self, content: Content<'_>, deviations: &[f32]) -> Vec<f32> {
        latents::sample(content, deviations, self.rows as usize, self.columns as usize, self.seed)
    }

    /// From the method's own prior: p(y), then p(z given y), where it has the two.
    fn prior_draws(&self, trained: &mut Trained) -> Result<Vec<f32>, Failure> {
        let latent = trained.config.model.latent;
        Ok(match trained.session.latents()? {
            Latents::Normal => {
                let pictures = (self.rows * self.columns) as usize;
                latents::sample(Content::Normal, &vec![0.0; latent], pictures, 1, self.seed)
            }
            Latents::Around { content: ContentPrior::Gaussian, variance } => {
                self.draw(Content::Normal, &style(variance, latent))
            }
            Latents::Around { content: ContentPrior::Uniform, variance } => {
                tell("p(y) is uniform and has no samples: representations of training images take their place");
                let source = trained.session.blueprint.train;
                let means = trained.session.embed(&source, self.rows as usize)?.mu;
                self.draw(Content::Images(&means), &style(variance, latent))
            }
        })
    }

    /// From a mixture fitted to the representations of all training images.
    fn mixture_draws(&self, trained: &mut Trained) -> Result<Vec<f32>, Failure> {
        let source = trained.session.blueprint.train;
        let embedding = trained.session.embed(&source, source.images)?;
        let known = Rows::new("training images", &embedding.mu, embedding.latent)?;
        let classes = match trained.data.train.judged_classes() {
            1 => WITHOUT_CLASSES,
            classes => classes,
        };
        let components = self.components.map_or(classes.min(known.count()), |count| count as usize);
        let settings = Settings { seed: self.seed, ..Settings::new(components) };
        let mixture = fit(known, &settings)?;
        tell(format_args!(
            "drawn from a mixture of {components} Gaussians, fitted to the representations of {} training images",
            known.count()
        ));
        Ok(mixture.draw((self.rows * self.columns) as usize, self.seed))
    }

    /// The content of a test image, with other styles.
    fn around_draws(&self, trained: &mut Trained, image: usize) -> Result<Vec<f32>, Failure> {
        let source = trained.session.blueprint.test;
        if image >= source.images {
            return Err(usage(anyhow!("--around {image}: there are {} test images, counted from 0", source.images)));
        }
        let embedding = trained.session.embed(&source, image + 1)?;
        let own = image * embedding.latent..(image + 1) * embedding.latent;
        let content = Content::Images(&embedding.mu[own.clone()]);
        Ok(match trained.session.latents()? {
            Latents::Around { variance, .. } => {
                tell(format_args!("the content is test image {image}'s representation, styles are from p(z given y)"));
                self.draw(content, &style(variance, embedding.latent))
            }
            Latents::Normal => {
                tell(format_args!(
                    "{} has no p(z given y), which only simvae has: drawn from the posterior of test image {image}, which says how \
                     sure the encoder is, and not what another style would be",
                    trained.config.method
                ));
                let deviations: Vec<f32> = embedding.logvar[own].iter().map(|logvar| (0.5 * logvar).exp()).collect();
                self.draw(content, &deviations)
            }
        })
    }

    /// Around training images of a class, or from a Gaussian fitted to them.
    fn class_draws(&self, trained: &mut Trained, name: &str) -> Result<Vec<f32>, Failure> {
        let images = &trained.data.train;
        let Some(class) = images.classes.iter().position(|class| class == name) else {
            let known = images.classes.join(", ");
            return Err(usage(anyhow!("--class {name}: there is no such class; the classes are {known}")));
        };
        let members = images.labels.iter().enumerate().filter(|&(_, &label)| usize::from(label) == class);
        let members: Vec<usize> = members.map(|(image, _)| image).collect();
        let latents = trained.session.latents()?;
        // A row of the grid needs one image; a Gaussian is fitted to all of them.
        let most = if latents == Latents::Normal { members.len() } else { self.rows as usize };
        let members = &members[..most.min(members.len())];
        let Some(last) = members.last() else {
            return Err(usage(anyhow!("--class {name}: none of the training images is of this class")));
        };
        let source = trained.session.blueprint.train;
        let embedding = trained.session.embed(&source, last + 1)?;
        let latent = embedding.latent;
        let codes: Vec<f32> =
            members.iter().flat_map(|image| &embedding.mu[image * latent..][..latent]).copied().collect();
        Ok(match latents {
            Latents::Around { variance, .. } => {
                tell(format_args!(
                    "contents are the representations of {} training images of the class {name}, styles are from p(z given y)",
                    members.len()
                ));
                self.draw(Content::Images(&codes), &style(variance, latent))
            }
            Latents::Normal => {
                let gaussian = fit(Rows::new("training images", &codes, latent)?, &Settings::new(1))?;
                tell(format_args!(
                    "{} has no p(z given y), which only simvae has: drawn from a Gaussian fitted to the representations of the {} \
                     training images of the class {name}",
                    trained.config.method,
                    members.len()
                ));
                gaussian.draw((self.rows * self.columns) as usize, self.seed)
            }
        })
    }
}

/// The deviation of each dimension of p(z given y).
fn style(variance: f64, latent: usize) -> Vec<f32> {
    vec![variance.sqrt() as f32; latent]
}

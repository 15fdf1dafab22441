//! What the page offers: methods and their main settings, as plans that are written beforehand.

/// A plan to choose.
pub struct Choice {
    /// Name of its file, and what the page's address says behind `#`.
    pub name: &'static str,
    /// The method as the list has it.
    pub title: &'static str,
    /// What is set.
    pub setting: &'static str,
    /// What there is to see, in a sentence.
    pub about: &'static str,
    /// The data set: sprites, which the browser draws.
    pub data: &'static str,
    /// Settings over those of all.
    pub set: &'static [&'static str],
}

/// Settings of every plan: as many steps as docs/results/sprites-6250.md has.
pub const COMMON: [&str; 1] = ["steps=6250"];
/// The preset of every plan.
pub const PRESET: &str = "quick";

/// What every plan of 28 x 28 grey pictures with ten latents says.
const TEN: &str = "10 latents, 28 × 28 grey";

/// The plans, the first of which the page opens with.
pub const CHOICES: [Choice; 9] = [
    Choice {
        name: "simvae",
        title: "SimVAE",
        setting: TEN,
        about: "Views of one image share their content: their latents lie close together, around it.",
        data: "sprites",
        set: &["method=simvae"],
    },
    Choice {
        name: "simvae-2",
        title: "SimVAE",
        setting: "2 latents, 28 × 28 grey",
        about: "With two latents the map is the latent space itself, and two sliders reach all of it.",
        data: "sprites",
        set: &["method=simvae", "model.latent=2"],
    },
    Choice {
        name: "simvae-conv",
        title: "SimVAE",
        setting: "convolutional, 32 × 32 colour",
        about: "The authors' convolutional networks at half their width. Wants a real graphics card.",
        data: "sprites-rgb",
        set: &["method=simvae", "model.kind=official-conv", "model.width=32"],
    },
    Choice {
        name: "vae",
        title: "VAE",
        setting: TEN,
        about: "Nothing ties the views of an image together: what is close is what looks alike.",
        data: "sprites",
        set: &["method=vae"],
    },
    Choice {
        name: "beta-vae",
        title: "beta-VAE",
        setting: TEN,
        about: "A VAE that is held closer to its prior: blurrier pictures, fewer latents in use.",
        data: "sprites",
        set: &["method=beta-vae"],
    },
    Choice {
        name: "cr-vae",
        title: "CR-VAE",
        setting: TEN,
        about: "A VAE whose posteriors of an image and of its view are drawn together.",
        data: "sprites",
        set: &["method=cr-vae"],
    },
    Choice {
        name: "simclr",
        title: "SimCLR",
        setting: TEN,
        about: "Tells the views of an image from those of others. It has no decoder, so there are no pictures.",
        data: "sprites",
        set: &["method=simclr"],
    },
    Choice {
        name: "vicreg",
        title: "VICReg",
        setting: TEN,
        about: "Views agree, and no two latents say the same. It has no decoder, so there are no pictures.",
        data: "sprites",
        set: &["method=vicreg"],
    },
    Choice {
        name: "supervised",
        title: "Supervised",
        setting: TEN,
        about: "Learns from the labels, as the others do not: what they are measured by. It draws no pictures.",
        data: "sprites",
        set: &["method=supervised"],
    },
];

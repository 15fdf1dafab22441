//! A run's networks as a Python file: plain PyTorch that reads the run's state dict, put together for just this run.

use crate::nn::{Networks, Params};
use crate::run_folder::{Checkpoint, Record};
use crate::settings::{Config, ConfigError, Recipe};

/// What every file begins with: how it is used.
const HEAD: &str = include_str!("torch/head.py");
/// What both convolutional kinds share.
const BLOCK: &str = include_str!("torch/block.py");
const CONV_DECODER: &str = include_str!("torch/conv_decoder.py");

/// The Python of a kind of networks: encoder and decoder.
fn parts(kind: &str) -> Option<[Vec<&'static str>; 2]> {
    let conv = |encoder| [vec![BLOCK, encoder], vec![CONV_DECODER]];
    Some(match kind {
        "mlp" => [vec![include_str!("torch/mlp.py")], vec![include_str!("torch/mlp_decoder.py")]],
        "official-conv" => conv(include_str!("torch/official_conv.py")),
        "resnet18" => conv(include_str!("torch/resnet18.py")),
        _ => return None,
    })
}

/// The text of `model.py`: head, imports, sizes, networks, and how they are loaded.
///
/// # Errors
/// When the settings make no networks, or such as have no counterpart.
pub(super) fn model(config: &Config, record: &Record, checkpoint: &Checkpoint) -> Result<String, ConfigError> {
    let (recipe, image, kind) = (Recipe::new(config)?, record.data.view(), config.model.kind.as_str());
    let sizes = recipe.sizes(image, record.data.classes.len());
    let Networks { latent, generative, .. } = recipe.objective.networks(&mut Params::default(), &sizes);
    let Some([encoder, decoder]) = parts(kind) else {
        let fix = "networks of a caller's own have no PyTorch text here: take --format safetensors".to_owned();
        return Err(ConfigError::Value { key: "model.kind".to_owned(), value: kind.to_owned(), fix });
    };
    let networks = match generative {
        true => [encoder, decoder, vec![include_str!("torch/autoencoder.py")]].concat(),
        false => [encoder, vec![include_str!("torch/encoder_alone.py")]].concat(),
    };
    let body = [&networks[..], &[include_str!("torch/load.py")]].concat().join("\n\n");
    let prod = if body.contains("prod(") { "from math import prod\n" } else { "" };
    let imports = format!(
        "from collections import OrderedDict\n{prod}from pathlib import Path\n\nfrom safetensors.torch import load_file\n\
         from torch import nn\n"
    );
    Ok([head(config, record, checkpoint, latent, generative), imports, constants(config, image, generative)].join("\n")
        + "\n\n"
        + &body)
}

/// The docstring, with what the model takes and gives.
fn head(config: &Config, record: &Record, checkpoint: &Checkpoint, latent: usize, generative: bool) -> String {
    let [channels, height, width] = record.data.view();
    let pictures = format!("[rows, {channels}, {height}, {width}]");
    let mut usage = vec![format!("# pixels are {pictures}, from 0 to 1; what comes out is [rows, {latent}]")];
    match generative {
        true => {
            usage.extend(["mu, logvar = model.encode(pixels)".to_owned(), "pictures = model.decode(mu)".to_owned()])
        }
        false => usage.push("z = model.encode(pixels)".to_owned()),
    }
    let values = [
        ("$VERSION", env!("CARGO_PKG_VERSION").to_owned()),
        ("$METHOD", plain(&config.method)),
        ("$DATA", plain(&record.data.name)),
        ("$STEP", checkpoint.state.step.to_string()),
        ("$USAGE", usage.join("\n        ")),
    ];
    values.iter().fold(HEAD.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// A name that cannot end the docstring that it stands in.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_control() || "\"\\$".contains(c) { '_' } else { c }).collect()
}

/// The sizes of the networks.
fn constants(config: &Config, [channels, height, width]: [usize; 3], generative: bool) -> String {
    let python = |yes: bool| if yes { "True" } else { "False" };
    let model = &config.model;
    let mut lines = vec![format!("IMAGE = ({channels}, {height}, {width})"), format!("LATENT = {}", model.latent)];
    match model.kind.as_str() {
        "mlp" => lines.push(format!("HIDDEN = {:?}", model.hidden)),
        kind => {
            lines.push(format!("WIDTH = {}", model.width));
            if generative {
                lines.push(format!("EVERY_SHORTCUT = {}", python(kind == "resnet18")));
            }
        }
    }
    lines.push(format!("BLACK_AND_WHITE = {}", python(config.augment.threshold)));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_networks_has_its_text() {
        for kind in crate::nn::names() {
            assert!(parts(kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn names_stay_in_the_docstring() {
        assert_eq!(plain("folder:a\"\"\"\\\nb$STEP"), "folder:a_____b_STEP");
    }
}

//! A run's networks as ONNX, which other programs run: onnxruntime, browsers, phones.
//!
//! Nothing is written down twice: a network is recorded as for an executor, and each dispatch becomes the operators that it stands for.
//! The file takes pixels, does to them what the run's preprocessing does, and takes as many images at a time as one likes.

mod builder;
mod error;
mod operators;
mod proto;

pub use error::OnnxError;

use crate::files::{A_FILE, write_atomically};
use crate::kernels::{Access, DType};
use crate::nn::{Networks, ParamMemory, Params, Pass};
use crate::plan::{Graph, Layout, Place, Plan};
use crate::run_folder::{Saved, Which};
use crate::settings::Recipe;
use builder::{Builder, Weights, int};
use prost::Message;
use proto::{FLOAT, UINT8};
use std::path::Path;

/// The version of the operators. onnxruntime has it since 1.12 (July 2022).
const OPSET: i64 = 17;
/// The version of the file format that came with it.
const IR_VERSION: i64 = 8;

/// What goes into the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PixelFormat {
    /// Numbers from 0 to 1.
    #[default]
    Unit,
    /// Bytes.
    Bytes,
}

/// Which files to write.
#[derive(Clone, Copy, Debug)]
pub struct OnnxFiles<'a> {
    /// For the encoder.
    pub encoder: &'a Path,
    /// For the decoder.
    pub decoder: Option<&'a Path>,
    /// What goes into the encoder.
    pub pixels: PixelFormat,
}

/// What is known of a run whose networks are written.
struct Source<'a> {
    networks: Networks,
    params: Params,
    memory: ParamMemory,
    weights: Weights<'a>,
    image: [usize; 3],
    threshold: bool,
    about: Vec<(&'static str, String)>,
}

/// Writes the encoder of a checkpoint of a run, and its decoder where a file is given for it. Returns what was passed over.
///
/// # Errors
/// When there is no run or checkpoint, the method has no decoder, or a file cannot be written.
pub fn export(run: &Path, which: Which, files: &OnnxFiles<'_>) -> Result<Vec<String>, OnnxError> {
    let (config, record) = Saved::recorded(run, ". Train again").map_err(Box::new)?;
    let (checkpoint, passed_over) = Saved::checkpoint(run, Some(&record), which).map_err(Box::new)?;
    let data = record.data;
    let tensors = checkpoint.tensors()?;
    let weights = tensors.iter().map(|(name, tensor)| (name.to_owned(), tensor.data())).collect();

    let recipe = Recipe::new(&config)?;
    let (mut params, mut layout) = (Params::default(), Layout::default());
    let networks = recipe.objective.networks(&mut params, &recipe.sizes(data.view(), data.classes.len()));
    let memory = params.allocate(&mut layout);
    let about = vec![
        ("method", config.method.clone()),
        ("data", data.name.clone()),
        ("step", checkpoint.state.step.to_string()),
        ("network", config.model.kind.clone()),
        ("license of the program", env!("CARGO_PKG_LICENSE").to_owned()),
    ];
    let threshold = config.augment.threshold;
    let source = Source { networks, params, memory, weights, image: data.view(), threshold, about };
    if files.decoder.is_some() && !source.networks.generative {
        return Err(OnnxError::NoDecoder { method: config.method });
    }
    // Both are made before either is written.
    let mut models = vec![(files.encoder, encode(files.encoder, &source, source.encoder(files.pixels)?)?)];
    if let Some(path) = files.decoder {
        models.push((path, encode(path, &source, source.decoder()?)?));
    }
    for (path, bytes) in models {
        write_atomically(path, &bytes).map_err(|error| error.advise(A_FILE))?;
    }
    Ok(passed_over)
}

impl Source<'_> {
    /// The encoder: pixels `[rows, channels, height, width]` to `mu` and `logvar`, or to `representation`, `[rows, latent]`.
    fn encoder(&self, pixels: PixelFormat) -> Result<proto::Graph, OnnxError> {
        let Self { image, networks, .. } = self;
        let mut to = Builder::new("encoder", &self.params, &self.memory, &self.weights);
        let (elements, about) = match pixels {
            PixelFormat::Unit => (FLOAT, "pixels from 0 to 1, [rows, channels, height, width]"),
            PixelFormat::Bytes => (UINT8, "pixels from 0 to 255, [rows, channels, height, width]"),
        };
        let mut x = to.declare_input("pixels", elements, image, about);
        if pixels == PixelFormat::Bytes {
            to.node("Cast", &[&x], "bytes", vec![int("to", FLOAT as usize)]);
            to.number("white", 255.0);
            to.node("Div", &["bytes", "white"], "unit", Vec::new());
            x = "unit".to_owned();
        }
        if self.threshold {
            to.number("half", 0.5);
            to.node("GreaterOrEqual", &[&x, "half"], "is_white", Vec::new());
            to.node("Cast", &["is_white"], "black_and_white", vec![int("to", FLOAT as usize)]);
            x = "black_and_white".to_owned();
        }

        let mut g = Graph::new("encoder");
        let input = g.input("x", [1, image[0], image[1], image[2]]);
        let encoded = networks.encoder.forward(&mut g, &self.memory, input, Pass::LOOK);
        g.keep(encoded);
        to.bind(input, &x, image);
        record(&mut to, g.finish()?)?;
        let encoded = to.seen_as(encoded, &[networks.encoded])?;
        let latent = [networks.latent];
        if networks.encoded == 2 * networks.latent {
            to.integers("halves", &[networks.latent as i64; 2]);
            to.node_of_many("Split", &[&encoded, "halves"], &["mu", "logvar"], vec![int("axis", 1)]);
            to.declare_output("mu", &latent, "mean of the posterior q(z | x): the representation");
            to.declare_output("logvar", &latent, "logarithm of the posterior's variance");
        } else {
            to.node("Identity", &[&encoded], "representation", Vec::new());
            to.declare_output("representation", &latent, "the representation");
        }
        Ok(to.finish())
    }

    /// The decoder: `z` `[rows, latent]` to pictures `[rows, channels, height, width]` from 0 to 1.
    fn decoder(&self) -> Result<proto::Graph, OnnxError> {
        let Self { image, networks, .. } = self;
        let mut to = Builder::new("decoder", &self.params, &self.memory, &self.weights);
        let name = to.declare_input("z", FLOAT, &[networks.latent], "latents");
        let mut g = Graph::new("decoder");
        let z = g.input("z", [1, networks.latent]);
        let logits = networks.head.forward(&mut g, &self.memory, z, Pass::LOOK);
        g.keep(logits);
        to.bind(z, &name, &[networks.latent]);
        record(&mut to, g.finish()?)?;
        let logits = to.seen_as(logits, image)?;
        to.node("Sigmoid", &[&logits], "pictures", Vec::new());
        to.declare_output("pictures", image, "means of the pixels, from 0 to 1");
        Ok(to.finish())
    }
}

/// Adds the nodes of every dispatch of a plan. Values have the names of the plan's tensors.
fn record(to: &mut Builder<'_>, plan: Plan) -> Result<(), OnnxError> {
    for dispatch in &plan.dispatches {
        let bindings = dispatch.kernel.bindings();
        let mut written = bindings.iter().zip(&dispatch.tensors).filter_map(|(binding, tensor)| match tensor.place {
            Place::Arena { index, .. } if binding.dtype == DType::Real && binding.access != Access::Read => Some(index),
            _ => None,
        });
        let name = written.next().map_or(dispatch.label.as_str(), |index| plan.names[index].as_str());
        let name = to.fresh(name);
        operators::translate(to, dispatch, &name)?;
    }
    Ok(())
}

/// The bytes of a graph as a file; `path` is for messages.
fn encode(path: &Path, source: &Source<'_>, graph: proto::Graph) -> Result<Vec<u8>, OnnxError> {
    let entry = |(key, value): &(&str, String)| proto::Entry { key: (*key).to_owned(), value: value.clone() };
    let model = proto::Model {
        ir_version: IR_VERSION,
        producer_name: env!("CARGO_PKG_NAME").to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: format!("The {} of a run of {}", graph.name, env!("CARGO_PKG_NAME")),
        graph: Some(graph),
        opset_import: vec![proto::OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: source.about.iter().map(entry).collect(),
    };
    let bytes = model.encoded_len();
    if bytes > i32::MAX as usize {
        return Err(OnnxError::TooLarge { path: path.to_owned(), bytes });
    }
    Ok(model.encode_to_vec())
}

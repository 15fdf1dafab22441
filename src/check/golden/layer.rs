//! A golden case of a single layer: outputs, gradients and running statistics for a given gradient of the output.

use super::super::{Target, norm, relative_error_on_scale};
use super::GoldenError;
use super::case::Case;
use super::step::Worst;
use crate::device::{DeviceError, Values};
use crate::nn::{BatchNorm2d, Conv2d, ConvSettings, ConvTranspose2d, MaxPool2d, Mode, ParamMemory, Params, Pass, Then};
use crate::plan::{Graph, Layout, Tensor};

/// The beginning of these cases' names.
pub(super) const PREFIX: &str = "layer_";

/// The layers that have golden cases.
enum Layer {
    Conv(Conv2d),
    Transposed(ConvTranspose2d),
    Norm(BatchNorm2d),
    Pool(MaxPool2d),
}

impl Layer {
    /// Declares the layer that the case's `module` describes as PyTorch prints it: `Conv2d(3, 7, kernel_size=(1, 1), ...)`.
    fn new(case: &Case, params: &mut Params) -> Result<Self, GoldenError> {
        let module = case.module.as_deref().unwrap_or_default();
        let kind = module.split('(').next().unwrap_or_default();
        let number = |key: &str, default: usize| {
            let value = module.split_once(&format!(" {key}=")).map(|(_, rest)| rest.trim_start_matches('('));
            let digits = value.map(|value| value.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
            digits.map_or(Some(default), |digits| digits.parse().ok())
        };
        let setting = |key: &str, default: usize| {
            number(key, default).ok_or_else(|| case.problem(format!("`{key}` of `{module}` is not a number")))
        };
        let (stride, padding) = (setting("stride", 1)?, setting("padding", 0)?);
        Ok(match kind {
            "Conv2d" | "ConvTranspose2d" => {
                let &[first, second, kernel, _] = case.dims("m.weight")? else {
                    return Err(case.problem("`m.weight` has not four dimensions"));
                };
                let bias = case.has("m.bias");
                let settings = ConvSettings { inputs: second, outputs: first, kernel, stride, padding, bias };
                if kind == "Conv2d" {
                    Layer::Conv(Conv2d::new(params, "m", settings, None))
                } else {
                    let settings = ConvSettings { inputs: first, outputs: second, ..settings };
                    Layer::Transposed(ConvTranspose2d::new(params, "m", settings, setting("output_padding", 0)?))
                }
            }
            "BatchNorm2d" => Layer::Norm(BatchNorm2d::new(params, "m", case.dims("m.weight")?[0])),
            "MaxPool2d" => {
                let kernel =
                    module.split_once("kernel_size=").and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
                let kernel = kernel.ok_or_else(|| case.problem(format!("`{module}` has no kernel_size")))?;
                Layer::Pool(MaxPool2d { kernel, stride, padding })
            }
            _ => return Err(case.problem(format!("there is no layer `{module}`"))),
        })
    }

    fn forward(&self, g: &mut Graph, memory: &ParamMemory, x: Tensor) -> Tensor {
        let pass = Pass { mode: Mode::Training, differentiate_input: true };
        match self {
            Layer::Conv(conv) => conv.forward(g, memory, x, true),
            Layer::Transposed(conv) => conv.forward(g, memory, x),
            Layer::Norm(norm) => norm.forward(g, memory, x, Then::default(), pass),
            Layer::Pool(pool) => pool.forward(g, x),
        }
    }
}

/// Runs the layer forward and backward on a target: its worst tensor.
pub(super) fn layer(case: &Case, target: &Target) -> Result<Worst, GoldenError> {
    let mut layout = Layout::default();
    let mut params = Params::default();
    let layer = Layer::new(case, &mut params)?;
    let memory = params.allocate(&mut layout);
    let mut g = Graph::new("golden layer").on(target.machine());
    let &[rows, channels, height, width] = case.dims("x")? else {
        return Err(case.problem("`x` has not four dimensions"));
    };
    let x = g.input("x", [rows, channels, height, width]);
    let y = layer.forward(&mut g, &memory, x);
    let dy = g.input("dy", y.shape);
    g.set_grad(y, dy);
    g.backward();
    let dx = g.grad(x).ok_or_else(|| case.problem("the layer computes no gradient of its input"))?;
    g.keep(y);
    g.keep(dx);
    let mut executor = target.open(&layout)?;
    let plan = executor.load(g.finish().map_err(DeviceError::from)?)?;
    for spec in params.specs() {
        let weights = case.tensor(&spec.name, spec.param.shape.len())?;
        executor.write(memory.weight(spec.param), &Values::F32(weights.to_vec()))?;
    }
    memory.write_buffers(executor.as_mut(), params.initial_buffers())?;
    executor.write(x, &Values::F32(case.tensor("x", x.len())?.to_vec()))?;
    executor.write(dy, &Values::F32(case.tensor("dy", dy.len())?.to_vec()))?;
    executor.run(plan, 1)?;

    let mut wanted = vec![("y".to_owned(), y), ("dx".to_owned(), dx)];
    wanted.extend(params.specs().iter().map(|spec| (format!("grad.{}", spec.name), memory.gradient(spec.param))));
    let buffer = |name: &str| name.replacen("m.", "buffer.", 1);
    wanted.extend(params.buffers().iter().map(|spec| (buffer(&spec.name), memory.buffer(spec.param))));
    let mut worst = Worst::default();
    for (name, tensor) in wanted {
        let got = executor.read(tensor)?.to_f64();
        let want: Vec<f64> = case.tensor(&name, tensor.len())?.iter().map(|&x| f64::from(x)).collect();
        let scale = norm(case.tensor("dy", dy.len())?.iter().map(|&x| f64::from(x)));
        worst.note(&name, relative_error_on_scale(&got, &want, scale));
    }
    Ok(worst)
}

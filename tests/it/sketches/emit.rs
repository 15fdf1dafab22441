//! A sketch as a graph, with the gradients of its inputs and weights.

use super::pointwise::Pointwise;
use super::sketch::{Node, Op, Sketch};
use wgpu_simvae::kernels::activation::{Activation, ActivationBackward, Function};
use wgpu_simvae::kernels::linear::matmul::{Epilogue, Form, Matmul};
use wgpu_simvae::nn::ParamMemory;
use wgpu_simvae::plan::{Graph, Layout, Plan, Tensor};

/// The tensors that the host writes and reads.
pub struct Emitted {
    pub inputs: Vec<Tensor>,
    pub seed: Tensor,
    pub result: Tensor,
    /// Of each input; none where the result does not depend on it.
    pub gradients: Vec<Option<Tensor>>,
    /// None where there is no layer.
    pub memory: Option<ParamMemory>,
}

pub fn emit(sketch: &Sketch) -> (Layout, Plan, Emitted) {
    let mut layout = Layout::default();
    let memory = (sketch.params.flat_len() > 0).then(|| sketch.params.allocate(&mut layout));
    let mut g = Graph::new("sketch");
    let inputs: Vec<Tensor> = sketch.inputs.iter().map(|input| g.input("input", [input.rows, input.columns])).collect();
    let mut values = inputs.clone();
    for Node { op, from: [a, b], shape } in &sketch.nodes {
        let (a, b) = (values[*a], values[*b]);
        values.push(match (op, memory) {
            (Op::Layer { mlp, .. }, Some(memory)) => mlp.forward(&mut g, &memory, a, true),
            (Op::Layer { .. }, None) => unreachable!("layers have parameters"),
            (Op::Sigmoid, _) => sigmoid(&mut g, a),
            (Op::Add, _) => add(&mut g, a, b),
            (Op::Multiply, _) => multiply(&mut g, a, b),
            (Op::Product(form), _) => product(&mut g, *form, a, b, *shape),
        });
    }
    let result = values[values.len() - 1];
    let seed = g.input("seed", result.shape);
    g.set_grad(result, seed);
    g.backward();
    g.keep(result);
    let gradients: Vec<Option<Tensor>> = inputs.iter().map(|&input| g.grad(input)).collect();
    gradients.iter().flatten().for_each(|&gradient| g.keep(gradient));
    let plan = g.finish().expect("nothing is wrong");
    (layout, plan, Emitted { inputs, seed, result, gradients, memory })
}

fn sigmoid(g: &mut Graph, x: Tensor) -> Tensor {
    let (function, count) = (Function::Sigmoid, x.len());
    let y = g.tensor("sigmoid", x.shape);
    g.push("sigmoid", Activation { function, count }, &[x, x, y]);
    g.on_backward(move |g| {
        let Some(dy) = g.grad(y) else { return };
        let slope = g.tensor("slope", x.shape);
        g.push("sigmoid backward", ActivationBackward { function, count }, &[dy, y, slope]);
        contribute(g, x, slope, None);
    });
    y
}

/// Adds `gradient`, or its product with a factor, to the gradient of a tensor.
fn contribute(g: &mut Graph, to: Tensor, gradient: Tensor, factor: Option<Tensor>) {
    let (target, accumulate) = g.grad_target(to);
    let kernel = Pointwise { count: to.len(), factor: factor.is_some(), accumulate };
    g.push("contribution", kernel, &[gradient, factor.unwrap_or(gradient), target]);
}

fn add(g: &mut Graph, a: Tensor, b: Tensor) -> Tensor {
    let y = g.tensor("sum", a.shape);
    for (x, accumulate) in [(a, false), (b, true)] {
        g.push("sum", Pointwise { count: a.len(), factor: false, accumulate }, &[x, x, y]);
    }
    g.on_backward(move |g| {
        let Some(dy) = g.grad(y) else { return };
        contribute(g, a, dy, None);
        contribute(g, b, dy, None);
    });
    y
}

fn multiply(g: &mut Graph, a: Tensor, b: Tensor) -> Tensor {
    let y = g.tensor("element-wise product", a.shape);
    g.push("element-wise product", Pointwise { count: a.len(), factor: true, accumulate: false }, &[a, b, y]);
    g.on_backward(move |g| {
        let Some(dy) = g.grad(y) else { return };
        contribute(g, a, dy, Some(b));
        contribute(g, b, dy, Some(a));
    });
    y
}

fn product(g: &mut Graph, form: Form, a: Tensor, b: Tensor, [m, n]: [usize; 2]) -> Tensor {
    let k = a.len() / m;
    let y = g.tensor("product", [m, n]);
    g.push("product", Matmul { form, m, n, k, epilogue: Epilogue::None }, &[a, b, a, y]);
    g.on_backward(move |g| {
        let Some(dy) = g.grad(y) else { return };
        let mut gradient = |of: Tensor, form, [m, n, k]: [usize; 3], left: Tensor, right: Tensor| {
            let (target, accumulate) = g.grad_target(of);
            let epilogue = if accumulate { Epilogue::Accumulate } else { Epilogue::None };
            g.push("product backward", Matmul { form, m, n, k, epilogue }, &[left, right, dy, target]);
        };
        match form {
            Form::Nt => {
                gradient(a, Form::Nn, [m, k, n], dy, b);
                gradient(b, Form::Tn, [n, k, m], dy, a);
            }
            Form::Nn => {
                gradient(a, Form::Nt, [m, k, n], dy, b);
                gradient(b, Form::Tn, [k, n, m], a, dy);
            }
            Form::Tn => {
                gradient(a, Form::Nt, [k, m, n], b, dy);
                gradient(b, Form::Nn, [k, n, m], a, dy);
            }
        }
    });
    y
}

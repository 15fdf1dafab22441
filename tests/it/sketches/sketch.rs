//! A random graph as numbers and operations, and its plain evaluation.

use proptest::prelude::*;
use wgpu_simvae::kernels::common::philox::{philox, unit};
use wgpu_simvae::kernels::linear::matmul::Form;
use wgpu_simvae::nn::{Mlp, Params};

/// Width of a layer's hidden part.
pub const HIDDEN: usize = 3;
/// Results whose numbers could be larger are squashed: differences of large numbers tell nothing.
const LARGEST: f64 = 30.0;

/// A matrix, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

#[derive(Clone, Debug)]
pub enum Op {
    Sigmoid,
    Add,
    Multiply,
    Product(Form),
    /// An MLP with a hidden layer, and where its two weights and biases lie.
    Layer {
        mlp: Mlp,
        offsets: [usize; 4],
        outputs: usize,
    },
}

/// An operation on two earlier values; the second may be of no use.
#[derive(Clone, Debug)]
pub struct Node {
    pub op: Op,
    pub from: [usize; 2],
    pub shape: [usize; 2],
}

#[derive(Clone, Debug)]
pub struct Sketch {
    pub inputs: Vec<Matrix>,
    pub nodes: Vec<Node>,
    pub params: Params,
    pub weights: Vec<f64>,
    /// The gradient of the loss with respect to the last value.
    pub seed: Vec<f64>,
}

/// Numbers in -1..1.
fn numbers(seed: u32, stream: usize, count: usize) -> Vec<f64> {
    (0..count).map(|i| 2.0 * unit(philox([seed, stream as u32], [i as u32, 0, 0, 0])[0]) - 1.0).collect()
}

/// Graphs of up to four inputs and a dozen operations.
pub fn sketches() -> impl Strategy<Value = Sketch> {
    let side = || prop::sample::select(vec![1usize, 2, 3, 5]);
    let inputs = prop::collection::vec((side(), side()), 1..5);
    let operations = prop::collection::vec((0..7u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..13);
    (any::<u32>(), inputs, operations).prop_map(|(seed, inputs, operations)| grow(seed, &inputs, &operations))
}

type Drawn = (u8, prop::sample::Index, prop::sample::Index);

fn grow(seed: u32, inputs: &[(usize, usize)], operations: &[Drawn]) -> Sketch {
    let matrix = |(at, &(rows, columns)): (usize, &(usize, usize))| Matrix {
        rows,
        columns,
        values: numbers(seed, at, rows * columns),
    };
    let inputs: Vec<Matrix> = inputs.iter().enumerate().map(matrix).collect();
    // The shape of each value, and how large its numbers can be.
    let mut known: Vec<([usize; 2], f64)> = inputs.iter().map(|input| ([input.rows, input.columns], 1.0)).collect();
    let (mut params, mut nodes) = (Params::default(), Vec::new());
    for (kind, first, second) in operations {
        let a = first.index(known.len());
        let ([rows, columns], bound) = known[a];
        // Of the values that fit behind the first, one.
        let pick = |fits: &dyn Fn([usize; 2]) -> bool| {
            let fitting: Vec<usize> = (0..known.len()).filter(|&b| fits(known[b].0)).collect();
            (!fitting.is_empty()).then(|| fitting[second.index(fitting.len())])
        };
        let product =
            |form, b: usize, shape, inner: usize| (Op::Product(form), b, shape, inner as f64 * bound * known[b].1);
        let drawn = match kind {
            0 => None,
            1 => pick(&|other| other == [rows, columns]).map(|b| (Op::Add, b, [rows, columns], bound + known[b].1)),
            2 => {
                pick(&|other| other == [rows, columns]).map(|b| (Op::Multiply, b, [rows, columns], bound * known[b].1))
            }
            3 => pick(&|other| other[1] == columns).map(|b| product(Form::Nt, b, [rows, known[b].0[0]], columns)),
            4 => pick(&|other| other[0] == columns).map(|b| product(Form::Nn, b, [rows, known[b].0[1]], columns)),
            5 => pick(&|other| other[0] == rows).map(|b| product(Form::Tn, b, [columns, known[b].0[1]], rows)),
            _ => {
                let (outputs, name) = (1 + second.index(4), format!("layer {}", nodes.len()));
                let before = params.specs().len();
                let mlp = Mlp::new(&mut params, &name, &[columns, HIDDEN, outputs]);
                let offset = |i: usize| params.specs()[before + i].param.offset;
                let op = Op::Layer { mlp, offsets: [offset(0), offset(1), offset(2), offset(3)], outputs };
                Some((op, a, [rows, outputs], columns as f64 * bound + 2.0))
            }
        };
        let squash = (Op::Sigmoid, a, [rows, columns], 1.0);
        let (op, b, shape, bound) = drawn.filter(|(.., bound)| *bound <= LARGEST).unwrap_or(squash);
        known.push((shape, bound));
        nodes.push(Node { op, from: [a, b], shape });
    }
    let [rows, columns] = known[known.len() - 1].0;
    let weights = params.initial(seed.into()).into_iter().map(f64::from).collect();
    Sketch { inputs, nodes, params, weights, seed: numbers(seed, 1000, rows * columns) }
}

impl Sketch {
    /// The last value.
    pub fn evaluate(&self) -> Matrix {
        let mut values = self.inputs.clone();
        for Node { op, from: [a, b], shape: [rows, columns] } in &self.nodes {
            let (a, b) = (&values[*a], &values[*b]);
            let each = |f: &dyn Fn(usize, usize) -> f64| {
                (0..rows * columns).map(|i| f(i / columns, i % columns)).collect::<Vec<f64>>()
            };
            let zip = |f: fn(f64, f64) -> f64| a.values.iter().zip(&b.values).map(|(&a, &b)| f(a, b)).collect();
            let sum = |inner: usize, f: &dyn Fn(usize) -> f64| (0..inner).map(f).sum::<f64>();
            let result = match op {
                Op::Sigmoid => a.values.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect(),
                Op::Add => zip(|a, b| a + b),
                Op::Multiply => zip(|a, b| a * b),
                Op::Product(Form::Nt) => each(&|r, c| sum(a.columns, &|k| a.at(r, k) * b.at(c, k))),
                Op::Product(Form::Nn) => each(&|r, c| sum(a.columns, &|k| a.at(r, k) * b.at(k, c))),
                Op::Product(Form::Tn) => each(&|r, c| sum(a.rows, &|k| a.at(k, r) * b.at(k, c))),
                Op::Layer { offsets, outputs, .. } => {
                    let first = self.linear(offsets[0], offsets[1], HIDDEN, a);
                    let hidden = Matrix { values: first.values.iter().map(|x| x.max(0.0)).collect(), ..first };
                    self.linear(offsets[2], offsets[3], *outputs, &hidden).values
                }
            };
            values.push(Matrix { rows: *rows, columns: *columns, values: result });
        }
        values.pop().expect("there is an input")
    }

    /// `x W^T + b`
    fn linear(&self, weight: usize, bias: usize, outputs: usize, x: &Matrix) -> Matrix {
        let element = |r: usize, o: usize| {
            let row = &self.weights[weight + o * x.columns..];
            self.weights[bias + o] + (0..x.columns).map(|k| x.at(r, k) * row[k]).sum::<f64>()
        };
        let values = (0..x.rows * outputs).map(|i| element(i / outputs, i % outputs)).collect();
        Matrix { rows: x.rows, columns: outputs, values }
    }

    /// The last value times the seed.
    pub fn loss(&self) -> f64 {
        self.evaluate().values.iter().zip(&self.seed).map(|(x, seed)| x * seed).sum()
    }

    /// The slopes of the loss below and above a number, the lower first: where a ReLU bends, they differ, and the gradient lies between.
    pub fn slopes(&self, step: f64, number: impl Fn(&mut Self) -> &mut f64) -> [f64; 2] {
        let moved = |by: f64| {
            let mut sketch = self.clone();
            *number(&mut sketch) += by;
            sketch.loss()
        };
        let here = self.loss();
        let (below, above) = ((here - moved(-step)) / step, (moved(step) - here) / step);
        [below.min(above), below.max(above)]
    }

    /// Where weights lie: the flat layout has gaps.
    pub fn used_weights(&self) -> Vec<usize> {
        let spans =
            self.params.specs().iter().map(|spec| spec.param.offset..spec.param.offset + spec.param.shape.len());
        spans.flatten().collect()
    }
}

impl Matrix {
    fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }
}

//! Convolutions in the form that suits what a plan is recorded for: the plain product, or the kernels of Winograd's algorithm. Those stay in
//! single precision, since tiles of four results multiply the error of half precision by ten.

use crate::kernels::Kernel;
use crate::kernels::conv::correlate::Correlate;
use crate::kernels::conv::transposed::Transposed;
use crate::kernels::product::half::Operand;
use crate::kernels::winograd::convolution::{Gradient, Pass};
use crate::plan::{Graph, Tensor};

/// Emits a convolution of these tensors, those of the plain kernel; which operand is a gradient, if one is.
pub(super) fn correlate(g: &mut Graph, label: &str, plain: Correlate, tensors: [Tensor; 4], gradient: Option<Operand>) {
    match Pass::of_correlate(&plain, g.machine()) {
        Some(kernels) => tiled_pass(g, label, kernels, tensors),
        None => g.push_product(label, plain, &tensors, gradient),
    }
}

/// Emits a transposed convolution of these tensors, those of the plain kernel; which operand is a gradient, if one is.
pub(super) fn transposed(
    g: &mut Graph,
    label: &str,
    plain: Transposed,
    tensors: [Tensor; 4],
    gradient: Option<Operand>,
) {
    match Pass::of_transposed(&plain, g.machine()) {
        Some(kernels) => tiled_pass(g, label, kernels, tensors),
        None => g.push_product(label, plain, &tensors, gradient),
    }
}

fn tiled_pass(g: &mut Graph, label: &str, kernels: Pass, [source, weight, bias, result]: [Tensor; 4]) {
    let Pass { data: split, filters: transform, products, join } = kernels;
    let data = written(g, "tiles", &split);
    g.push(&format!("{label} tiles"), split, &[source, data]);
    let filters = written(g, "filters", &transform);
    g.push(&format!("{label} filters"), transform, &[weight, filters]);
    let results = written(g, "products", &products);
    g.push(&format!("{label} products"), products, &[filters, data, results]);
    g.push(label, join, &[results, bias, result]);
}

/// Emits the gradient of a weight from images and the gradient of maps.
pub(super) fn tiled_gradient(g: &mut Graph, label: &str, kernels: Gradient, [image, map, gradient]: [Tensor; 3]) {
    let Gradient { data: split, results: split_results, products, filters } = kernels;
    let data = written(g, "tiles", &split);
    g.push(&format!("{label} tiles"), split, &[image, data]);
    let results = written(g, "result tiles", &split_results);
    g.push(&format!("{label} result tiles"), split_results, &[map, results]);
    let sums = written(g, "products", &products);
    g.push(&format!("{label} products"), products, &[results, data, sums]);
    g.push(label, filters, &[sums, gradient]);
}

/// A tensor for what a kernel writes into its last binding.
fn written(g: &mut Graph, name: &str, kernel: &impl Kernel) -> Tensor {
    let len = kernel.bindings().last().map_or(0, |binding| binding.len);
    g.tensor(name, [len])
}

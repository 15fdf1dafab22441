//! Pooling.

use super::conv::four;
use crate::kernels::conv::average_pool::{AveragePool, AveragePoolBackward};
use crate::kernels::conv::max_pool::{MaxPool, MaxPoolBackward, Pooling};
use crate::plan::{Graph, Tensor};

/// `nn.MaxPool2d`: the largest element of each window.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2d {
    /// Side of a window.
    pub kernel: usize,
    /// Pixels between neighbouring windows.
    pub stride: usize,
    /// Rows and columns around the image that are never the largest; at most half of a window.
    pub padding: usize,
}

impl MaxPool2d {
    /// Emits the forward pass of `x` `[rows, channels, height, width]` and remembers the backward.
    pub fn forward(&self, g: &mut Graph, x: Tensor) -> Tensor {
        let [images, channels, height, width] = four(x);
        let Self { kernel, stride, padding } = *self;
        let output = [height, width].map(|side| (side + 2 * padding - kernel) / stride + 1);
        let pooling = Pooling { planes: images * channels, input: [height, width], output, kernel, stride, padding };
        let y = g.tensor("max pool", [images, channels, output[0], output[1]]);
        let taps = g.uints("taps", y.shape);
        g.push("max pool forward", MaxPool { pooling }, &[x, y, taps]);
        g.on_backward(move |g| {
            let Some(dy) = g.grad(y) else { return };
            let dx = g.grad_first(x);
            g.push("max pool d input", MaxPoolBackward { pooling }, &[dy, taps, dx]);
        });
        y
    }
}

/// Emits the mean of each plane of `x` `[rows, channels, height, width]`, `[rows, channels]`, and remembers the backward.
pub fn average_pool(g: &mut Graph, x: Tensor) -> Tensor {
    let [images, channels, height, width] = four(x);
    let (planes, area) = (images * channels, height * width);
    let y = g.tensor("average pool", [images, channels]);
    g.push("average pool forward", AveragePool { planes, area }, &[x, y]);
    g.on_backward(move |g| {
        let Some(dy) = g.grad(y) else { return };
        let dx = g.grad_first(x);
        g.push("average pool d input", AveragePoolBackward { planes, area }, &[dy, dx]);
    });
    y
}

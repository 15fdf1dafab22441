//! Twins of `shaders/conv/max_pool.wgsl` and `max_pool_backward.wgsl`: the largest element of each window.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;
use std::ops::Range;

/// Square windows over planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Images times channels.
    pub planes: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the result.
    pub output: [usize; 2],
    /// Side of a window.
    pub kernel: usize,
    /// Pixels between neighbouring windows.
    pub stride: usize,
    /// Rows and columns around the input that belong to windows but are never the largest; at most half of a window.
    pub padding: usize,
}

/// The largest element of each window. Tensors: x `[planes, input]`, y `[planes, output]`, taps `[planes, output]`: the first
/// tap of the window that holds it.
#[derive(Clone, Debug)]
pub struct MaxPool {
    /// Sizes.
    pub pooling: Pooling,
}

/// Backward of [`MaxPool`]. Tensors: dy `[planes, output]`, taps `[planes, output]`, dx `[planes, input]`.
#[derive(Clone, Debug)]
pub struct MaxPoolBackward {
    /// Sizes.
    pub pooling: Pooling,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    planes: u32,
    height: u32,
    width: u32,
    rows: u32,
    columns: u32,
    padding: u32,
}

impl Pooling {
    fn input_len(&self) -> usize {
        self.planes * self.input[0] * self.input[1]
    }

    fn output_len(&self) -> usize {
        self.planes * self.output[0] * self.output[1]
    }

    fn params(&self) -> Params {
        let [height, width] = self.input.map(|x| x as u32);
        let [rows, columns] = self.output.map(|x| x as u32);
        let (planes, padding) = (self.planes as u32, self.padding as u32);
        Params { planes, height, width, rows, columns, padding }
    }

    fn launch(&self, shader: Shader, count: usize) -> Launch {
        let shader = shader
            .constant("KERNEL", self.kernel as u32)
            .constant("TAPS", (self.kernel * self.kernel) as u32)
            .constant("STRIDE", self.stride as u32);
        Launch::elementwise(shader, count)
    }

    /// Where tap (ky, kx) of window (y, x) lies in its plane, if it is inside.
    fn tap(&self, [y, x]: [usize; 2], tap: usize) -> Option<usize> {
        let row = (y * self.stride + tap / self.kernel).checked_sub(self.padding)?;
        let column = (x * self.stride + tap % self.kernel).checked_sub(self.padding)?;
        (row < self.input[0] && column < self.input[1]).then(|| row * self.input[1] + column)
    }

    /// Along one side: the taps of a window that lie inside the plane.
    #[inline(always)]
    fn inside(&self, window: usize, side: usize) -> Range<usize> {
        let first = window * self.stride;
        self.padding.saturating_sub(first)..(side + self.padding).saturating_sub(first).min(self.kernel)
    }

    /// The largest element of a window and the first tap that holds it.
    #[inline(always)]
    fn largest<T: Real>(&self, x: &[T], [row, column]: [usize; 2]) -> (T, u32) {
        let none = (self.kernel * self.kernel) as u32;
        let (down, along) = (self.inside(row, self.input[0]), self.inside(column, self.input[1]));
        let (mut largest, mut tap) = (T::LOWEST, none);
        for ky in down {
            let first = (row * self.stride + ky - self.padding) * self.input[1] + column * self.stride + along.start;
            let line = &x[first - self.padding..][..along.len()];
            for (&x, t) in line.iter().zip((ky * self.kernel + along.start) as u32..) {
                // Selects, not a branch: which tap wins cannot be predicted.
                let wins = tap == none || x > largest;
                (largest, tap) = (if wins { x } else { largest }, if wins { t } else { tap });
            }
        }
        (largest, tap)
    }

    fn examples() -> impl Iterator<Item = Self> {
        let sizes = [
            (1, [1, 1], [2, 2], 2, 1, 1),
            (6, [9, 8], [5, 4], 3, 2, 1),
            (7, [30, 29], [15, 15], 3, 2, 1),
            (3, [7, 5], [3, 2], 2, 2, 0),
            (2, [6, 7], [6, 7], 3, 1, 1),
        ];
        let example =
            |(planes, input, output, kernel, stride, padding)| Self { planes, input, output, kernel, stride, padding };
        sizes.into_iter().map(example)
    }

    fn windows(&self) -> impl Iterator<Item = [usize; 2]> {
        let [rows, columns] = self.output;
        (0..rows).flat_map(move |y| (0..columns).map(move |x| [y, x]))
    }
}

impl Kernel for MaxPool {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("x", Access::Read, self.pooling.input_len()),
            Binding::real("y", Access::Write, self.pooling.output_len()),
            Binding::uint("taps", Access::Write, self.pooling.output_len()),
        ]
    }

    fn params(&self) -> Params {
        self.pooling.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        self.pooling.launch(shader!("conv/max_pool"), self.pooling.output_len())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y, taps) = (args.real(0), args.real_mut(1), args.uint_mut(2));
        let pooling = &self.pooling;
        let [input, output] = [pooling.input, pooling.output].map(|[height, width]| height * width);
        let y = rows_mut(&mut y[..pooling.planes * output], output);
        side_by_side((y, rows_mut(taps, output), rows(x, input)), 1, |_, (y, taps, x)| {
            for ((y, tap), window) in y.iter_mut().zip(taps).zip(pooling.windows()) {
                (*y, *tap) = pooling.largest(x, window);
            }
        });
    }

    fn examples() -> Vec<Self> {
        Pooling::examples().map(|pooling| Self { pooling }).collect()
    }
}

impl Kernel for MaxPoolBackward {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("dy", Access::Read, self.pooling.output_len()),
            Binding::uint("taps", Access::Read, self.pooling.output_len())
                .below(self.pooling.kernel * self.pooling.kernel),
            Binding::real("dx", Access::Write, self.pooling.input_len()),
        ]
    }

    fn params(&self) -> Params {
        self.pooling.params()
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        self.pooling.launch(shader!("conv/max_pool_backward"), self.pooling.input_len())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, taps, dx) = (args.real(0), args.uint(1), args.real_mut(2));
        let pooling = &self.pooling;
        let [input, output] = [pooling.input, pooling.output].map(|[height, width]| height * width);
        let dx = rows_mut(&mut dx[..pooling.planes * input], input);
        side_by_side((dx, rows(dy, output), rows(taps, output)), 1, |_, (dx, dy, taps)| {
            dx.fill(T::ZERO);
            for ((&dy, &tap), window) in dy.iter().zip(taps).zip(pooling.windows()) {
                if let Some(at) = pooling.tap(window, tap as usize) {
                    dx[at] += dy;
                }
            }
        });
    }

    fn examples() -> Vec<Self> {
        Pooling::examples().map(|pooling| Self { pooling }).collect()
    }
}

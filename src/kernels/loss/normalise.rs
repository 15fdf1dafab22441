//! Twins of `shaders/loss/normalise.wgsl` and `normalise_backward.wgsl`: rows of length one.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Shader, Tuning};
use crate::math::Real;
use crate::math::pieces::{rows, rows_mut, side_by_side};
use encase::ShaderType;

/// Shorter rows are divided by this, as PyTorch's `normalize` does.
const SHORTEST: f64 = 1e-12;

/// Divides each row by its length. Tensors: x `[rows, width]`, unit `[rows, width]`.
#[derive(Clone, Debug)]
pub struct Normalise {
    /// Rows.
    pub rows: usize,
    /// Elements of a row.
    pub width: usize,
}

/// Backward of [`Normalise`]. Tensors: x, unit, d unit, d x, each `[rows, width]`.
#[derive(Clone, Debug)]
pub struct NormaliseBackward {
    /// Rows.
    pub rows: usize,
    /// Elements of a row.
    pub width: usize,
}

/// Rows and widths of the examples.
const SIZES: [(usize, usize); 3] = [(1, 1), (7, 3), (65, 131)];

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    width: u32,
}

fn launch(shader: Shader, rows: usize) -> Launch {
    let shader = shader.shared("SHORTEST", SHORTEST as f32).reducing(64);
    Launch::per_row(shader, rows)
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

fn length<T: Real>(x: &[T]) -> T {
    dot(x, x).sqrt().max(T::of(SHORTEST))
}

impl Kernel for Normalise {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.width;
        vec![Binding::real("x", Access::Read, count), Binding::real("unit", Access::Write, count)]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, width: self.width as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        launch(shader!("loss/normalise"), self.rows)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, unit) = (args.real(0), args.real_mut(1));
        let unit = rows_mut(&mut unit[..self.rows * self.width], self.width);
        side_by_side((unit, rows(x, self.width)), 64, |_, (unit, x)| {
            let length = length(x);
            unit.iter_mut().zip(x).for_each(|(unit, &x)| *unit = x / length);
        });
    }

    fn examples() -> Vec<Self> {
        SIZES.map(|(rows, width)| Self { rows, width }).into()
    }
}

impl Kernel for NormaliseBackward {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        let count = self.rows * self.width;
        let read = |name| Binding::real(name, Access::Read, count);
        vec![read("x"), read("unit"), read("dunit"), Binding::real("dx", Access::Write, count)]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, width: self.width as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        launch(shader!("loss/normalise_backward"), self.rows)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, unit, dunit, dx) = (args.real(0), args.real(1), args.real(2), args.real_mut(3));
        let width = self.width;
        let dx = rows_mut(&mut dx[..self.rows * width], width);
        let all = (dx, rows(x, width), rows(unit, width), rows(dunit, width));
        side_by_side(all, 64, |_, (dx, x, unit, dunit)| {
            let (length, along) = (length(x), dot(unit, dunit));
            for (dx, (&unit, &dunit)) in dx.iter_mut().zip(unit.iter().zip(dunit)) {
                *dx = (dunit - unit * along) / length;
            }
        });
    }

    fn examples() -> Vec<Self> {
        SIZES.map(|(rows, width)| Self { rows, width }).into()
    }
}

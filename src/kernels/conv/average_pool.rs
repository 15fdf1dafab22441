//! Twin of `shaders/conv/average_pool.wgsl`: the mean of each plane.

use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning};
use crate::math::Real;
use encase::ShaderType;

/// The mean of each plane. Tensors: x `[planes, area]`, y `[planes]`.
#[derive(Clone, Debug)]
pub struct AveragePool {
    /// Images times channels.
    pub planes: usize,
    /// Positions of a plane.
    pub area: usize,
}

/// Backward of [`AveragePool`]. Tensors: dy `[planes]`, dx `[planes, area]`.
#[derive(Clone, Debug)]
pub struct AveragePoolBackward {
    /// Images times channels.
    pub planes: usize,
    /// Positions of a plane.
    pub area: usize,
}

/// Planes and areas of the examples.
const SIZES: [(usize, usize); 5] = [(1, 1), (6, 72), (7, 870), (3, 35), (2, 42)];

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    planes: u32,
    area: u32,
}

fn bindings(input: usize, result: usize) -> Vec<Binding> {
    vec![Binding::real("input", Access::Read, input), Binding::real("result", Access::Write, result)]
}

fn launch(backward: bool, count: usize) -> Launch {
    Launch::elementwise(shader!("conv/average_pool").constant("BACKWARD", backward), count)
}

impl Kernel for AveragePool {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        bindings(self.planes * self.area, self.planes)
    }

    fn params(&self) -> Params {
        Params { planes: self.planes as u32, area: self.area as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        launch(false, self.planes)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (x, y) = (args.real(0), args.real_mut(1));
        for (y, x) in y[..self.planes].iter_mut().zip(x.chunks_exact(self.area)) {
            *y = x.iter().copied().sum::<T>() / T::of(self.area as f64);
        }
    }

    fn examples() -> Vec<Self> {
        SIZES.map(|(planes, area)| Self { planes, area }).into()
    }
}

impl Kernel for AveragePoolBackward {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        bindings(self.planes, self.planes * self.area)
    }

    fn params(&self) -> Params {
        Params { planes: self.planes as u32, area: self.area as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        launch(true, self.planes * self.area)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (dy, dx) = (args.real(0), args.real_mut(1));
        for (&dy, dx) in dy[..self.planes].iter().zip(dx.chunks_exact_mut(self.area)) {
            dx.fill(dy / T::of(self.area as f64));
        }
    }

    fn examples() -> Vec<Self> {
        SIZES.map(|(planes, area)| Self { planes, area }).into()
    }
}

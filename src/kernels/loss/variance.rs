//! The variance of a density: a number of the settings, or the exponential of a parameter that is trained.

use crate::kernels::{Access, Binding, Shader};
use crate::math::Real;

/// Where a kernel has its variance from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Variance {
    /// A number. What of the density depends on nothing else is left out of the terms.
    Fixed(f64),
    /// The exponential of a parameter, two more tensors of the kernel: `logvar [1]`, and the derivatives of the terms with respect to it,
    /// `slopes`, one for each term and times the gradient scale. The terms have what of the normaliser the parameter changes.
    Learned,
}

impl Variance {
    /// One over the variance, for a shader's uniform block; of a learned one the shader asks the parameter.
    pub(super) fn inverse(self) -> f64 {
        match self {
            Self::Fixed(variance) => 1.0 / variance,
            Self::Learned => 1.0,
        }
    }

    /// The tensors of a learned variance, of a kernel of so many terms.
    pub(super) fn bindings(self, terms: usize) -> Vec<Binding> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Learned => {
                vec![Binding::real("logvar", Access::Read, 1), Binding::real("slopes", Access::Write, terms)]
            }
        }
    }

    /// Adds what a shader takes the variance from: `learned` is the text for the kernel's own density.
    pub(super) fn of_shader(self, shader: Shader, learned: &'static str) -> Shader {
        match self {
            Self::Fixed(_) => shader.constant("LEARNED", false).with(wgsl!("loss/fixed_variance")),
            Self::Learned => shader.constant("LEARNED", true).with(learned),
        }
    }

    /// One over the variance, of the parameter where it is learned.
    pub(super) fn precision<T: Real>(self, logvar: T) -> T {
        match self {
            Self::Fixed(variance) => T::of(1.0 / variance),
            Self::Learned => (-logvar).exp(),
        }
    }
}

//! Twin of `shaders/augment/solarise.wgsl`: inverts bright pixels, in place.

use crate::kernels::common::effects::{self, EFFECT_NUMBERS, SOLARISE};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::{Real, simd};
use encase::ShaderType;

/// Inverts the values of at least `threshold` in the rows for which that was drawn (torchvision: `solarize`).
///
/// Tensors: effects `[rows, 8]`, images `[rows, width]` in 0..=1.
#[derive(Clone, Debug)]
pub struct Solarise {
    /// Rows.
    pub rows: usize,
    /// Elements of a row.
    pub width: usize,
    /// Values from here on are inverted.
    pub threshold: f64,
    /// Then make every pixel black or white: a value of at least one half becomes 1, any other 0. It is the last thing that
    /// happens to a view, so this kernel does it rather than [`Views`](super::views::Views) where there are effects.
    pub black_and_white: bool,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    width: u32,
    threshold: f32,
}

impl Kernel for Solarise {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            effects::binding(Access::Read, self.rows),
            Binding::real("images", Access::Update, self.rows * self.width).within(0.0, 1.0),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, width: self.width as u32, threshold: self.threshold as f32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader =
            shader!("augment/solarise").with(common::effects::WGSL).constant("BLACK_AND_WHITE", self.black_and_white);
        Launch::elementwise(shader, self.rows * self.width)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (effects, images) = (args.real(0), args.real_mut(1));
        // Rounded as the shader's, so that both draw the line at the same values.
        let (threshold, half) = (T::from(self.threshold as f32), T::of(0.5));
        let images = rows_mut(&mut images[..self.rows * self.width], self.width);
        side_by_side((images, rows(effects, EFFECT_NUMBERS)), 1, |_, (image, effects)| {
            simd::vectorize(
                #[inline(always)]
                || {
                    if effects[SOLARISE] != T::ZERO {
                        image.iter_mut().for_each(|x| *x = if *x >= threshold { T::ONE - *x } else { *x });
                    }
                    if self.black_and_white {
                        image.iter_mut().for_each(|x| *x = if *x >= half { T::ONE } else { T::ZERO });
                    }
                },
            );
        });
    }

    fn examples() -> Vec<Self> {
        let sizes = [(1, 1), (3, 10), (7, 72), (29, 476)];
        let example = |(rows, width), black_and_white| Self { rows, width, threshold: 0.6, black_and_white };
        sizes.into_iter().flat_map(|size| [false, true].map(|black_and_white| example(size, black_and_white))).collect()
    }
}

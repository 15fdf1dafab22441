//! Twin of `shaders/augment/colour.wgsl`: colour jitter and the loss of colour, in place.

use crate::kernels::common::effects::{self, BRIGHTNESS, CONTRAST, EFFECT_NUMBERS, GREY, HUE, ORDER, SATURATION};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::pieces::{rows, rows_mut, side_by_side};
use crate::math::{Real, simd};
use encase::ShaderType;

/// Weights of red, green and blue in a grey value (torchvision: `rgb_to_grayscale`).
const LUMA: [f64; 3] = [0.2989, 0.587, 0.114];

/// Changes brightness, contrast, saturation and hue in each row's own order, then takes the colours away where that was
/// drawn: torchvision's `adjust_*` and `rgb_to_grayscale` on float tensors. Grey images have no saturation and no hue.
///
/// Tensors: effects `[rows, 8]`, images `[rows, channels, plane]` in 0..=1.
#[derive(Clone, Debug)]
pub struct Colour {
    /// Rows.
    pub rows: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Pixels of an image.
    pub plane: usize,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    channels: u32,
    plane: u32,
}

impl Kernel for Colour {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            effects::binding(Access::Read, self.rows),
            Binding::real("images", Access::Update, self.rows * self.channels * self.plane).within(0.0, 1.0),
        ]
    }

    fn params(&self) -> Params {
        Params { rows: self.rows as u32, channels: self.channels as u32, plane: self.plane as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("augment/colour").with(common::effects::WGSL).reducing(64);
        Launch::per_row(shader, self.rows)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (effects, images) = (args.real(0), args.real_mut(1));
        let pixels = self.channels * self.plane;
        let images = rows_mut(&mut images[..self.rows * pixels], pixels);
        side_by_side((images, rows(effects, EFFECT_NUMBERS)), 1, |_, (image, effects)| {
            simd::vectorize(
                #[inline(always)]
                || change(image, self.plane, effects),
            );
        });
    }

    fn examples() -> Vec<Self> {
        let planes = [(1, 1), (3, 10), (7, 72), (29, 476)];
        planes.into_iter().flat_map(|(rows, plane)| [1, 3].map(|channels| Self { rows, channels, plane })).collect()
    }
}

#[inline(always)]
fn change<T: Real>(image: &mut [T], plane: usize, effects: &[T]) {
    let order = effects[ORDER].f64() as usize;
    let coloured = image.len() > plane;
    for place in 0..4 {
        let operation = (order >> (2 * place)) & 3;
        let factor = effects[operation];
        match operation {
            BRIGHTNESS => image.iter_mut().for_each(|x| *x = blend(*x, T::ZERO, factor)),
            CONTRAST => {
                let mean = mean_luma(image, plane);
                image.iter_mut().for_each(|x| *x = blend(*x, mean, factor));
            }
            SATURATION if coloured => each_colour(
                image,
                plane,
                #[inline(always)]
                |colour| {
                    let grey = luma(colour);
                    colour.map(
                        #[inline(always)]
                        |x| blend(x, grey, factor),
                    )
                },
            ),
            HUE if coloured && factor != T::ZERO => each_colour(
                image,
                plane,
                #[inline(always)]
                |colour| turned(colour, factor),
            ),
            _ => {}
        }
    }
    if coloured && effects[GREY] != T::ZERO {
        each_colour(
            image,
            plane,
            #[inline(always)]
            |colour| [luma(colour); 3],
        );
    }
}

#[inline(always)]
fn each_colour<T: Real>(image: &mut [T], plane: usize, f: impl Fn([T; 3]) -> [T; 3]) {
    let (red, rest) = image.split_at_mut(plane);
    let (green, blue) = rest.split_at_mut(plane);
    for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
        [*r, *g, *b] = f([*r, *g, *b]);
    }
}

#[inline(always)]
fn mean_luma<T: Real>(image: &[T], plane: usize) -> T {
    let mean = |channel: usize| simd::lane_sum(&image[channel * plane..][..plane], |x| x) / T::of(plane as f64);
    if image.len() == plane { mean(0) } else { luma([mean(0), mean(1), mean(2)]) }
}

#[inline(always)]
fn luma<T: Real>([r, g, b]: [T; 3]) -> T {
    T::of(LUMA[0]) * r + T::of(LUMA[1]) * g + T::of(LUMA[2]) * b
}

#[inline(always)]
fn blend<T: Real>(x: T, other: T, factor: T) -> T {
    unit(factor * x + (T::ONE - factor) * other)
}

/// The nearest number in 0..=1.
#[inline(always)]
fn unit<T: Real>(x: T) -> T {
    let x = if x < T::ZERO { T::ZERO } else { x };
    if x > T::ONE { T::ONE } else { x }
}

/// The colour with its hue turned, by way of hue, chroma and value.
#[inline(always)]
fn turned<T: Real>([r, g, b]: [T; 3], turn: T) -> [T; 3] {
    let value = r.max(g).max(b);
    let chroma = value - -(-r).max(-g).max(-b);
    // Without chroma the hue is of no account.
    let scale = T::ONE / if chroma == T::ZERO { T::ONE } else { chroma };
    let hue = T::of(4.0) + (r - g) * scale;
    let hue = if value == g { T::of(2.0) + (b - r) * scale } else { hue };
    let hue = if value == r { (g - b) * scale } else { hue };
    let hue = wrap(hue + T::of(6.0) * turn);
    [5.0, 3.0, 1.0].map(
        #[inline(always)]
        |from| value - chroma * lack(wrap(hue + T::of(from))),
    )
}

/// Into 0..6, from at most one circle outside.
#[inline(always)]
fn wrap<T: Real>(hue: T) -> T {
    let circle = T::of(6.0);
    let hue = if hue >= circle { hue - circle } else { hue };
    if hue < T::ZERO { hue + circle } else { hue }
}

/// How much of the chroma a channel lacks at a hue counted from its own full lack's beginning.
#[inline(always)]
fn lack<T: Real>(hue: T) -> T {
    let from = hue - T::of(2.0);
    unit(T::of(2.0) - from.max(-from))
}

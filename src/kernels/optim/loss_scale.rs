//! Twins of `shaders/optim/largest.wgsl` and `loss_scale.wgsl`: what gradients are multiplied by before they are rounded to half precision.
//!
//! The scale is that of the step itself: the gradients which the loss has just written are measured, before any other is computed from them.
//! So it adapts at once, no step is lost to an overflow, and a resumed run needs to know nothing of it.

use crate::kernels::{Access, Args, Binding, Content, Draw, Kernel, Launch, Tuning};
use crate::math::Real;
use encase::ShaderType;

/// The largest absolute value of a tensor, and of what another such pass left.
///
/// Tensors: numbers `[count]`, what the other pass left `[STRANDS]` (any tensor where there is none), strands `[STRANDS]`.
#[derive(Clone, Debug)]
pub struct Largest {
    /// Numbers.
    pub count: usize,
    /// Whether there is another pass.
    pub continued: bool,
}

/// The power of two that brings the largest gradient of a loss into [16, 32). Tensors: strands `[STRANDS]`, the scale and one over it `[2]`.
#[derive(Clone, Debug)]
pub struct LossScale;

/// Strands of a largest value.
pub const STRANDS: usize = 64;
/// Invocations of a strand.
const LANES: usize = 256;
/// Exponent of the power of two that the largest gradient of a loss is brought to. The largest number in half precision is near 2^16: so the
/// gradients of the layers behind may be 2^11 times as large, and those of full precision reach down to 2^-18 of it.
const TARGET: u32 = 4;
/// Exponent of the scale, at most and at least.
const MOST: u32 = 64;
/// What a number of single precision begins with where its exponent is zero, and bits behind that.
const BIAS: u32 = 127;
const DIGITS: u32 = 23;

/// The uniform block of `largest.wgsl`.
#[derive(ShaderType)]
pub struct LargestParams {
    count: u32,
}

/// The uniform block of `loss_scale.wgsl`.
#[derive(ShaderType)]
pub struct Params {
    strands: u32,
}

impl Kernel for Largest {
    type Params = LargestParams;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("numbers", Access::Read, self.count),
            Binding::real("before", Access::Read, if self.continued { STRANDS } else { 0 }).within(0.0, 2.0),
            Binding::real("strands", Access::Write, STRANDS),
        ]
    }

    fn params(&self) -> LargestParams {
        LargestParams { count: self.count as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("optim/largest")
            .constant("CONTINUED", self.continued)
            .shared("GROUPS", STRANDS as u32)
            .reducing(LANES as u32);
        Launch::groups(shader, STRANDS)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (numbers, before, strands) = (args.real(0), args.real(1), args.real_mut(2));
        for (group, strand) in strands[..STRANDS].iter_mut().enumerate() {
            let start = if self.continued { before[group] } else { T::ZERO };
            let own = numbers[..self.count].chunks(LANES).skip(group).step_by(STRANDS).flatten();
            *strand = own.fold(start, |largest, &x| largest.max(x).max(-x));
        }
    }

    fn examples() -> Vec<Self> {
        let counts = [1, 255, 257, STRANDS * LANES + 1, 50_021];
        counts.into_iter().flat_map(|count| [false, true].map(|continued| Self { count, continued })).collect()
    }
}

impl Kernel for LossScale {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("strands", Access::Read, STRANDS).drawn(magnitudes),
            Binding::real("scale", Access::Write, 2),
        ]
    }

    fn params(&self) -> Params {
        Params { strands: STRANDS as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("optim/loss_scale")
            .shared("TARGET", TARGET)
            .shared("MOST", MOST)
            .shared("BIAS", BIAS)
            .shared("DIGITS", DIGITS);
        Launch::groups(shader, 1)
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (strands, scale) = (args.real(0), args.real_mut(1));
        let largest = strands[..STRANDS].iter().fold(T::ZERO, |largest, &x| largest.max(x));
        let exponent = (largest.f64() as f32).to_bits() >> DIGITS;
        let exponent = exponent.clamp(BIAS + TARGET - MOST, BIAS + TARGET + MOST);
        let power = |bits: u32| T::from(f32::from_bits(bits << DIGITS));
        scale[0] = power(2 * BIAS + TARGET - exponent);
        scale[1] = power(exponent - TARGET);
    }

    fn examples() -> Vec<Self> {
        vec![Self; 3]
    }
}

/// Of another order of magnitude by every seed.
fn magnitudes(draw: &Draw) -> Content {
    let order = f32::from(draw.four(0, 1)[0] as i8).exp2();
    Content::Reals((0..draw.len).map(|i| order * (draw.four(i, 0)[0] >> 8) as f32 / 16_777_216.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Arg;

    fn scale_of(largest: f32) -> [f32; 2] {
        let (mut strands, mut scale) = ([0.0; STRANDS], [0.0; 2]);
        strands[STRANDS - 1] = largest;
        LossScale.twin(Args::new(vec![Arg::Real(&strands), Arg::RealMut(&mut scale)]));
        scale
    }

    #[test]
    fn the_largest_gradient_is_brought_to_where_half_precision_has_room_on_both_sides() {
        for largest in [1e-12, 3e-5, 0.7, 1.0, 15.9, 16.0, 31.9, 32.0, 1e9] {
            let [scale, back] = scale_of(largest);
            assert!((16.0..32.0).contains(&(scale * largest)), "{largest}: {scale}");
            assert_eq!(scale * back, 1.0);
        }
        for extreme in [0.0, 1e-44, f32::MAX, f32::INFINITY, f32::NAN] {
            let [scale, back] = scale_of(extreme);
            assert!(scale.is_normal() && back.is_normal() && scale * back == 1.0, "{extreme}: {scale}");
        }
    }
}

//! Twin of `shaders/latent/normal.wgsl`: standard normal noise.

use crate::kernels::common::clock::{self, SEED, STEP};
use crate::kernels::common::philox::{Purpose, philox, split, unit};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use crate::math::pieces::{rows_mut, side_by_side};
use encase::ShaderType;

/// Fills a tensor of `count` elements with standard normal numbers drawn from (seed, step, index), from index `first` on.
#[derive(Clone, Debug)]
pub struct Normal {
    /// Index of the first element.
    pub first: usize,
    /// Elements.
    pub count: usize,
    /// Which stream.
    pub purpose: Purpose,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    first: u32,
    count: u32,
    purpose: u32,
}

impl Kernel for Normal {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![clock::binding(Access::Read), Binding::real("noise", Access::Write, self.count)]
    }

    fn params(&self) -> Params {
        Params { first: self.first as u32, count: self.count as u32, purpose: self.purpose as u32 }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader =
            shader!("latent/normal").with(common::clock::WGSL).with(common::philox::WGSL).with(common::math::WGSL);
        Launch::elementwise(shader, (self.first % 4 + self.count).div_ceil(4))
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let clock = args.uint(0);
        let noise = args.real_mut(1);
        let seed = [clock[SEED], clock[SEED + 1]];
        let four = |block: usize| {
            let words = philox(seed, [block as u32, clock[STEP], 0, self.purpose as u32]);
            let (a, b) = pair::<T>(words[0], words[1]);
            let (c, d) = pair::<T>(words[2], words[3]);
            [a, b, c, d]
        };
        // Whole blocks of four but for the first, which may have begun before.
        let begun = self.first % 4;
        let (begin, whole) = noise[..self.count].split_at_mut(((4 - begun) % 4).min(self.count));
        begin.copy_from_slice(&four(self.first / 4)[begun..][..begin.len()]);
        side_by_side(rows_mut(whole, 4), 256, |block, out| {
            out.copy_from_slice(&four(self.first.div_ceil(4) + block)[..out.len()]);
        });
    }

    fn examples() -> Vec<Self> {
        let example = |(first, count)| Self { first, count, purpose: Purpose::Noise };
        [(0, 3), (3, 1), (1, 131), (0, 1013), (1013, 1021)].map(example).into()
    }
}

/// Standard normal numbers on the host: the same draw for the same seed, wherever it runs.
pub fn normal(seed: u64, purpose: Purpose, count: usize) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(count.next_multiple_of(4));
    for block in 0..count.div_ceil(4) {
        let words = philox(split(seed), [block as u32, 0, 0, purpose as u32]);
        let (a, b) = pair::<f64>(words[0], words[1]);
        let (c, d) = pair::<f64>(words[2], words[3]);
        numbers.extend([a, b, c, d].map(|x| x as f32));
    }
    numbers.truncate(count);
    numbers
}

/// Two independent normal numbers (Box and Muller, 1958).
fn pair<T: Real>(word0: u32, word1: u32) -> (T, T) {
    let radius = (T::of(-2.0) * T::of(1.0 - unit(word0)).ln()).sqrt();
    let (sin, cos) = T::of(unit(word1)).sin_cos_turns();
    (radius * cos, radius * sin)
}

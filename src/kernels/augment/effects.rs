//! Twin of `shaders/augment/effects.wgsl`: draws what changes the colours and the sharpness of views.

use crate::kernels::common::clock::{self, SEED};
use crate::kernels::common::effects::{self, EFFECT_NUMBERS};
use crate::kernels::common::philox::{Purpose, philox, unit};
use crate::kernels::common::view::{self, VIEW_WORDS};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use crate::setting::settings_table;
use encase::ShaderType;

settings_table! {
    /// Colour jitter as torchvision's `ColorJitter`: four operations in a random order. Grey images know only the first two.
    pub struct JitterSettings("augment.jitter") {
        /// Probability of colour jitter: the four operations below in a random order.
        pub probability: f64 = 0.0 => Allowed::probability(),
        /// The brightness is multiplied by a factor within this of 1.
        pub brightness: f64 = 0.0 => Allowed::strength(),
        /// The distance from the mean grey is multiplied by a factor within this of 1.
        pub contrast: f64 = 0.0 => Allowed::strength(),
        /// The distance from grey is multiplied by a factor within this of 1; grey images have no saturation.
        pub saturation: f64 = 0.0 => Allowed::strength(),
        /// Greatest turn of the colour circle in either direction, of which half a turn is 0.5; grey images have no hue.
        pub hue: f64 = 0.0 => Allowed::Part(0.5),
    }
}

settings_table! {
    /// Gaussian blur as torchvision's `GaussianBlur`.
    pub struct BlurSettings("augment.blur") {
        /// Probability of a Gaussian blur.
        pub probability: f64 = 0.0 => Allowed::probability(),
        /// Width and height of the blur's kernel in pixels.
        pub kernel: usize = 3 => Allowed::every_second(1, 127),
        /// Range of the blur's standard deviation in pixels.
        pub sigma: [f64; 2] = [0.1, 2.0] => Allowed::Span { low: 0.01, high: 1e3 },
    }
}

settings_table! {
    /// Inversion of bright pixels as torchvision's `RandomSolarize`.
    pub struct SolariseSettings("augment.solarise") {
        /// Probability that bright pixels are inverted.
        pub probability: f64 = 0.0 => Allowed::probability(),
        /// Values in 0..=1 of at least this are inverted; one half lies between the bytes 127 and 128, so that it means
        /// torchvision's 128 of 255, and rounding decides nothing.
        pub threshold: f64 = 0.5 => Allowed::Part(1.0),
    }
}

/// Everything that changes the colours and the sharpness of views, in the order in which it is applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EffectSettings {
    /// Colour jitter.
    pub jitter: JitterSettings,
    /// Probability that a view loses its colours, as torchvision's `RandomGrayscale`.
    pub grey: f64,
    /// Gaussian blur.
    pub blur: BlurSettings,
    /// Inversion of bright pixels.
    pub solarise: SolariseSettings,
}

/// Draws the effects of the `rows` views of [`Sample`](super::sample::Sample) from (seed, epoch, image, view).
///
/// Tensors: clock, views `[rows, 8]`, effects `[rows, 8]` (see [`effects`]).
#[derive(Clone, Debug)]
pub struct Effects {
    /// Rows.
    pub rows: usize,
    /// The first so many views of an image stay as they are.
    pub plain: usize,
    /// Probabilities and ranges.
    pub settings: EffectSettings,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    rows: u32,
    plain: u32,
    jitter: f32,
    grey: f32,
    blur: f32,
    solarise: f32,
    brightness_low: f32,
    brightness_high: f32,
    contrast_low: f32,
    contrast_high: f32,
    saturation_low: f32,
    saturation_high: f32,
    hue: f32,
    sigma_low: f32,
    sigma_high: f32,
}

impl Kernel for Effects {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            clock::binding(Access::Read),
            view::binding(Access::Read, self.rows),
            effects::binding(Access::Write, self.rows),
        ]
    }

    fn params(&self) -> Params {
        let EffectSettings { jitter, grey, blur, solarise } = &self.settings;
        let low = |around: f64| (1.0 - around).max(0.0) as f32;
        let high = |around: f64| (1.0 + around) as f32;
        Params {
            rows: self.rows as u32,
            plain: self.plain as u32,
            jitter: jitter.probability as f32,
            grey: *grey as f32,
            blur: blur.probability as f32,
            solarise: solarise.probability as f32,
            brightness_low: low(jitter.brightness),
            brightness_high: high(jitter.brightness),
            contrast_low: low(jitter.contrast),
            contrast_high: high(jitter.contrast),
            saturation_low: low(jitter.saturation),
            saturation_high: high(jitter.saturation),
            hue: jitter.hue as f32,
            sigma_low: blur.sigma[0] as f32,
            sigma_high: blur.sigma[1] as f32,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("augment/effects")
            .with(common::clock::WGSL)
            .with(common::effects::WGSL)
            .with(common::philox::WGSL)
            .with(view::WGSL)
            .shared("PURPOSE_JITTER", Purpose::Jitter)
            .shared("PURPOSE_GREY", Purpose::Grey)
            .shared("PURPOSE_BLUR", Purpose::Blur)
            .shared("PURPOSE_SOLARISE", Purpose::Solarise);
        Launch::elementwise(shader, self.rows)
    }

    /// Computes in single precision whatever `T` is, as [`Sample`](super::sample::Sample) does.
    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (clock, views, effects) = (args.uint(0), args.uint(1), args.real_mut(2));
        let params = self.params();
        let seed = [clock[SEED], clock[SEED + 1]];
        let rows = effects.chunks_exact_mut(EFFECT_NUMBERS).zip(views.chunks_exact(VIEW_WORDS));
        for (out, words) in rows.take(self.rows) {
            let (image, epoch, view) = (words[view::IMAGE], words[view::EPOCH], words[view::NUMBER]);
            let draw = |place: u32, purpose: Purpose| philox(seed, [image, epoch, place, purpose as u32]);
            let factors = draw(view * 2, Purpose::Jitter);
            let jitter = draw(view * 2 + 1, Purpose::Jitter);
            let blur = draw(view, Purpose::Blur);
            let free = view >= params.plain;
            let happens = |word: u32, probability: f32| free && (unit(word) as f32) < probability;
            let factor = |low: f32, high: f32, word: u32| {
                if happens(jitter[0], params.jitter) { between(low, high, word) } else { 1.0 }
            };
            let flag = |purpose, probability| f32::from(u8::from(happens(draw(view, purpose)[0], probability)));
            let drawn = [
                factor(params.brightness_low, params.brightness_high, factors[0]),
                factor(params.contrast_low, params.contrast_high, factors[1]),
                factor(params.saturation_low, params.saturation_high, factors[2]),
                if happens(jitter[0], params.jitter) { between(-params.hue, params.hue, factors[3]) } else { 0.0 },
                order(((u64::from(jitter[1]) * 24) >> 32) as u32) as f32,
                flag(Purpose::Grey, params.grey),
                if happens(blur[0], params.blur) { between(params.sigma_low, params.sigma_high, blur[1]) } else { 0.0 },
                flag(Purpose::Solarise, params.solarise),
            ];
            out.copy_from_slice(&drawn.map(T::from));
        }
    }

    fn examples() -> Vec<Self> {
        let settings = EffectSettings {
            jitter: JitterSettings { probability: 0.8, brightness: 0.8, contrast: 1.5, saturation: 0.8, hue: 0.2 },
            grey: 0.2,
            blur: BlurSettings { probability: 0.5, kernel: 3, sigma: [0.1, 2.0] },
            solarise: SolariseSettings { probability: 0.3, threshold: 0.5 },
        };
        [(1, 0), (67, 1), (1009, 0)].map(|(rows, plain)| Self { rows, plain, settings: settings.clone() }).into()
    }
}

fn between(low: f32, high: f32, word: u32) -> f32 {
    low + (high - low) * unit(word) as f32
}

/// Order `code` of the 24 of four operations, two bits each: a digit says which of those left comes next.
fn order(code: u32) -> u32 {
    let (mut left, mut rest, mut packed) = (0xe4, code, 0);
    for place in 0..4 {
        let shift = 2 * (rest % (4 - place));
        rest /= 4 - place;
        packed |= ((left >> shift) & 3) << (2 * place);
        let below = (1 << shift) - 1;
        left = (left & below) | ((left >> 2) & !below);
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::order;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_24_orders_and_each_has_every_operation() {
        let orders: BTreeSet<u32> = (0..24).map(order).collect();
        assert_eq!(orders.len(), 24);
        for order in orders {
            let operations: BTreeSet<u32> = (0..4).map(|place| (order >> (2 * place)) & 3).collect();
            assert_eq!(operations.len(), 4, "{order:#b}");
        }
    }
}

//! Twin of `shaders/augment/sprites.wgsl`: renders the procedural data set.

use crate::kernels::common::philox::{Purpose, philox, split, unit};
use crate::kernels::{Access, Args, Binding, Kernel, Launch, Tuning, common};
use crate::math::Real;
use crate::math::pieces::{rows_mut, side_by_side};
use crate::math::scratch::with_scratch;
use crate::math::simd::vectorize;
use encase::ShaderType;

/// Style factors of a sprite, each uniform in 0..1: horizontal and vertical position, scale, rotation, stroke width,
/// brightness, hue (which grey pictures do not show).
pub const FACTORS: [&str; 7] = ["x", "y", "scale", "rotation", "stroke", "brightness", "hue"];

/// Renders `images` sprites; image `i` shows glyph `i % classes`.
///
/// Tensors: glyphs `[classes, segments, 4]` (line segments, from x, y to x, y in -1..1, y down), pixels (planar bytes,
/// four to a word), factors `[images, 7]`.
#[derive(Clone, Debug)]
pub struct Sprites {
    /// Images.
    pub images: usize,
    /// 1 (grey) or 3 (colour).
    pub channels: usize,
    /// Height and width in pixels, a multiple of 4.
    pub size: usize,
    /// Glyphs.
    pub classes: usize,
    /// Line segments of each glyph.
    pub segments: usize,
    /// 0 for training, 1 for test images.
    pub stream: u32,
    /// Seed.
    pub seed: u64,
}

/// The shader's uniform block.
#[derive(ShaderType)]
pub struct Params {
    images: u32,
    channels: u32,
    size: u32,
    classes: u32,
    segments: u32,
    stream: u32,
    seed_low: u32,
    seed_high: u32,
}

impl Sprites {
    fn words(&self) -> usize {
        self.channels * self.size * self.size / 4
    }

    fn draw<T: Real>(&self, image: usize, block: u32) -> [T; 4] {
        let counter = [image as u32, block, self.stream, Purpose::Sprites as u32];
        philox(split(self.seed), counter).map(|word| T::of(unit(word)))
    }
}

impl Kernel for Sprites {
    type Params = Params;

    fn bindings(&self) -> Vec<Binding> {
        vec![
            Binding::real("glyphs", Access::Read, self.classes * self.segments * 4),
            Binding::uint("pixels", Access::Write, self.images * self.words()).of_bytes(),
            Binding::real("factors", Access::Write, self.images * FACTORS.len()),
        ]
    }

    fn params(&self) -> Params {
        let [seed_low, seed_high] = split(self.seed);
        Params {
            images: self.images as u32,
            channels: self.channels as u32,
            size: self.size as u32,
            classes: self.classes as u32,
            segments: self.segments as u32,
            stream: self.stream,
            seed_low,
            seed_high,
        }
    }

    fn launch(&self, _tuning: &Tuning) -> Launch {
        let shader = shader!("augment/sprites")
            .with(common::philox::WGSL)
            .shared("PURPOSE_SPRITES", Purpose::Sprites)
            .with(common::math::WGSL);
        Launch::elementwise(shader, self.images * self.words())
    }

    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        let (glyphs, pixels, factors) = (args.real(0), args.uint_mut(1), args.real_mut(2));
        let size = self.size;
        let pixels = rows_mut(&mut pixels[..self.images * self.words()], self.words());
        side_by_side((pixels, rows_mut(factors, FACTORS.len())), 1, |image, (pixels, factors)| {
            let [x, y, scale, rotation] = self.draw::<T>(image, 0);
            let [stroke, brightness, hue, _] = self.draw::<T>(image, 1);
            factors.copy_from_slice(&[x, y, scale, rotation, stroke, brightness, hue]);
            let glyph = &glyphs[(image % self.classes) * self.segments * 4..][..self.segments * 4];

            let side = T::of(size as f64);
            let half = T::of(0.5);
            let radius = side * (T::of(0.22) + T::of(0.16) * scale);
            let centre = [x, y].map(|p| side * (half + T::of(0.24) * (p - half)));
            let turn = T::of(0.10) * (rotation - half);
            let (sin, cos) = if turn < T::ZERO { turn + T::ONE } else { turn }.sin_cos_turns();
            let stroke = T::of(0.10) + T::of(0.16) * stroke;
            let level = T::of(0.45) + T::of(0.55) * brightness;

            with_scratch(3 * size * size, |scratch| {
                let (points, coverage) = scratch.split_at_mut(2 * size * size);
                let (across, down) = points.split_at_mut(size * size);
                // Pixels side by side, a segment at a time: first the squared distance to the nearest one.
                vectorize(|| {
                    for (row, (across, down)) in
                        across.chunks_exact_mut(size).zip(down.chunks_exact_mut(size)).enumerate()
                    {
                        let dy = (T::of(row as f64) + half - centre[1]) / radius;
                        for (column, (x, y)) in across.iter_mut().zip(down).enumerate() {
                            let dx = (T::of(column as f64) + half - centre[0]) / radius;
                            (*x, *y) = (dx * cos + dy * sin, dy * cos - dx * sin);
                        }
                    }
                    coverage.fill(T::of(1e18));
                    for segment in glyph.chunks_exact(4) {
                        for ((nearest, &x), &y) in coverage.iter_mut().zip(&*across).zip(&*down) {
                            *nearest = nearest.min(squared_distance([x, y], segment));
                        }
                    }
                    for nearest in &mut *coverage {
                        *nearest = clamp(half + (stroke - nearest.sqrt()) * radius);
                    }
                    for (channel, plane) in pixels.chunks_exact_mut(size * size / 4).enumerate() {
                        let level = if self.channels > 1 { level * hue_weight(hue, channel) } else { level };
                        for (word, coverage) in plane.iter_mut().zip(coverage.chunks_exact(4)) {
                            let byte =
                                |lane: usize| (T::of(255.0) * level * coverage[lane]).f64().round_ties_even() as u8;
                            *word = u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]);
                        }
                    }
                });
            });
        });
    }

    fn examples() -> Vec<Self> {
        let example =
            |(channels, size)| Self { images: 13, channels, size, classes: 5, segments: 7, stream: 1, seed: 1 << 40 };
        [(1, 28), (3, 32), (1, 4)].map(example).into()
    }
}

#[inline(always)]
fn clamp<T: Real>(x: T) -> T {
    if x < T::ZERO {
        T::ZERO
    } else if x > T::ONE {
        T::ONE
    } else {
        x
    }
}

#[inline(always)]
fn squared_distance<T: Real>(p: [T; 2], segment: &[T]) -> T {
    let along = [segment[2] - segment[0], segment[3] - segment[1]];
    let from = [p[0] - segment[0], p[1] - segment[1]];
    let t = clamp((from[0] * along[0] + from[1] * along[1]) / (along[0] * along[0] + along[1] * along[1]));
    let [dx, dy] = [from[0] - t * along[0], from[1] - t * along[1]];
    dx * dx + dy * dy
}

/// Full saturation hue circle, lifted towards white so that every hue stays visible.
#[inline(always)]
fn hue_weight<T: Real>(hue: T, channel: usize) -> T {
    let k = hue + T::of(channel as f64 / 3.0);
    let k = if k < T::ONE { k } else { k - T::ONE };
    let ramp = k * T::of(6.0) - T::of(3.0);
    let ramp = if ramp < T::ZERO { -ramp } else { ramp };
    T::of(0.35) + T::of(0.65) * clamp(ramp - T::ONE)
}

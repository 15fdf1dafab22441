//! `sprites`: the embedded procedural data set. Content is the glyph, style is how it is drawn; both are known exactly.

use super::registry::{Entry, Origin, Request};
use super::{DataError, Dataset, ImageShape, Images};
use crate::device::Device;
use crate::device::Values;
use crate::kernels::augment::sprites::{FACTORS, Sprites};
use crate::kernels::{DType, Tuning};
use crate::plan::{Graph, Layout, PlanError};
use crate::recording::{File, Recorder, Recording, Stored, StoredAs};

pub(super) const GREY: Entry = Entry {
    name: "sprites",
    about: "embedded: 12 glyphs in 6 styles, 28x28 grey",
    origin: Origin::Drawn(|request| draw(request, 1, 28)),
};
pub(super) const COLOURED: Entry = Entry {
    name: "sprites-rgb",
    about: "embedded: 12 glyphs in 7 styles, 32x32 colour",
    origin: Origin::Drawn(|request| draw(request, 3, 32)),
};

/// Training and test images, and the seed: part of the data set's definition, whatever the seed of a run.
const TRAIN: usize = 12_000;
const TEST: usize = 2_400;
const SEED: u64 = 0x5eed_0f5b_717e_5000;
/// Line segments of the glyph with the most.
const SEGMENTS: usize = 12;

type Segment = [f32; 4];

/// A glyph: its name and its line segments, from (x, y) to (x, y) with y down, within -1..1.
struct Glyph {
    name: &'static str,
    segments: &'static [Segment],
}

/// No two glyphs are alike after a small rotation or a flip.
const GLYPHS: [Glyph; 12] = [
    Glyph {
        name: "ring",
        segments: &[
            [0.9, 0.0, 0.78, 0.45],
            [0.78, 0.45, 0.45, 0.78],
            [0.45, 0.78, 0.0, 0.9],
            [0.0, 0.9, -0.45, 0.78],
            [-0.45, 0.78, -0.78, 0.45],
            [-0.78, 0.45, -0.9, 0.0],
            [-0.9, 0.0, -0.78, -0.45],
            [-0.78, -0.45, -0.45, -0.78],
            [-0.45, -0.78, 0.0, -0.9],
            [0.0, -0.9, 0.45, -0.78],
            [0.45, -0.78, 0.78, -0.45],
            [0.78, -0.45, 0.9, 0.0],
        ],
    },
    Glyph {
        name: "square",
        segments: &[[-0.8, -0.8, 0.8, -0.8], [0.8, -0.8, 0.8, 0.8], [0.8, 0.8, -0.8, 0.8], [-0.8, 0.8, -0.8, -0.8]],
    },
    Glyph { name: "triangle", segments: &[[0.0, -0.9, 0.9, 0.75], [0.9, 0.75, -0.9, 0.75], [-0.9, 0.75, 0.0, -0.9]] },
    Glyph { name: "plus", segments: &[[-0.9, 0.0, 0.9, 0.0], [0.0, -0.9, 0.0, 0.9]] },
    Glyph { name: "cross", segments: &[[-0.75, -0.75, 0.75, 0.75], [-0.75, 0.75, 0.75, -0.75]] },
    Glyph {
        name: "ladder",
        segments: &[[-0.7, -0.9, -0.7, 0.9], [0.7, -0.9, 0.7, 0.9], [-0.7, -0.4, 0.7, -0.4], [-0.7, 0.4, 0.7, 0.4]],
    },
    Glyph { name: "tee", segments: &[[-0.85, -0.8, 0.85, -0.8], [0.0, -0.8, 0.0, 0.9]] },
    Glyph { name: "corner", segments: &[[-0.7, -0.9, -0.7, 0.8], [-0.7, 0.8, 0.8, 0.8]] },
    Glyph {
        name: "comb",
        segments: &[
            [-0.75, -0.85, -0.75, 0.85],
            [-0.75, -0.85, 0.8, -0.85],
            [-0.75, 0.0, 0.8, 0.0],
            [-0.75, 0.85, 0.8, 0.85],
        ],
    },
    Glyph { name: "zigzag", segments: &[[-0.8, -0.8, 0.8, -0.8], [0.8, -0.8, -0.8, 0.8], [-0.8, 0.8, 0.8, 0.8]] },
    Glyph { name: "bars", segments: &[[-0.6, -0.85, -0.6, 0.85], [0.6, -0.85, 0.6, 0.85]] },
    Glyph { name: "arrow", segments: &[[-0.9, 0.0, 0.9, 0.0], [0.9, 0.0, 0.25, -0.65], [0.9, 0.0, 0.25, 0.65]] },
];

/// The glyphs' names, in the order of the labels.
pub fn glyph_names() -> Vec<String> {
    GLYPHS.iter().map(|glyph| glyph.name.to_owned()).collect()
}

/// Draws the data set on a device, no more training images than are wanted: each depends on its number alone.
fn draw(request: &Request<'_>, channels: usize, size: usize) -> Result<Dataset, DataError> {
    let shape = ImageShape { channels, height: size, width: size };
    let train = split(shape, TRAIN.min(request.options.wanted()), 0, request.device)?;
    let test = split(shape, TEST, 1, request.device)?;
    Dataset::new(request.name, train, test)
}

fn split(shape: ImageShape, images: usize, stream: u32, device: &Device) -> Result<Images, DataError> {
    let kernel = kernel(shape, images, stream);
    let mut layout = Layout::default();
    let glyphs = layout.add("glyphs", DType::Real, [GLYPHS.len(), SEGMENTS, 4]);
    let pixels = layout.add("pixels", DType::Uint, [images * shape.bytes() / 4]);
    let factors = layout.add("factors", DType::Real, [images, FACTORS.len()]);
    let mut graph = Graph::new("sprites");
    graph.push("sprites", kernel, &[glyphs, pixels, factors]);
    let mut executor = device.tuned(Tuning::default()).open(&layout)?;
    let plan = executor.load(graph.finish().map_err(crate::device::DeviceError::from)?)?;
    executor.write(glyphs, &Values::F32(table()))?;
    executor.run(plan, 1)?;
    // Grey pictures do not show the hue, the last factor.
    let shown = if shape.channels == 1 { FACTORS.len() - 1 } else { FACTORS.len() };
    let bytes: Vec<u8> = executor.read(pixels)?.words().iter().flat_map(|word| word.to_le_bytes()).collect();
    let labels = (0..images).map(|image| (image % GLYPHS.len()) as u8).collect();
    let factors = executor.read(factors)?.into_f32();
    let factors = factors.chunks(FACTORS.len()).flat_map(|all| &all[..shown]).copied().collect();
    let names = FACTORS[..shown].iter().map(|&name| name.to_owned()).collect();
    Images::new(shape, bytes, labels, glyph_names())?.with_factors(names, factors, false)
}

fn kernel(shape: ImageShape, images: usize, stream: u32) -> Sprites {
    let ImageShape { channels, width: size, .. } = shape;
    Sprites { images, channels, size, classes: GLYPHS.len(), segments: SEGMENTS, stream, seed: SEED }
}

/// Training and test sprites as the plan `draw`, for hosts that have WebGPU and not this program; image i shows glyph i modulo the
/// classes. What its only file holds, the glyphs in region 0, comes along.
///
/// # Errors
/// When the plan cannot be made.
pub fn recorded(shape: ImageShape, images: [usize; 2]) -> Result<(Recording, Vec<f32>), PlanError> {
    let mut layout = Layout::default();
    let glyphs = layout.add("glyphs", DType::Real, [GLYPHS.len(), SEGMENTS, 4]);
    let mut graph = Graph::new("draw");
    let sets = [("training images", images[0], 0), ("test images", images[1], 1)].map(|(name, images, stream)| {
        let pixels = layout.add(name, DType::Uint, [images * shape.bytes() / 4]);
        let factors = layout.add("factors", DType::Real, [images, FACTORS.len()]);
        graph.push(name, kernel(shape, images, stream), &[glyphs, pixels, factors]);
        (name, pixels)
    });
    let plan = graph.finish()?;
    let mut recorder = Recorder::new(&layout);
    recorder.plan("draw", &plan, &[])?;
    for (name, pixels) in sets {
        recorder.name(name, pixels)?;
    }
    let (name, shape) = ("glyphs".to_owned(), vec![GLYPHS.len(), SEGMENTS, 4]);
    let tensors = vec![Stored { name, stored_as: StoredAs::F32, shape, region: 0, offset: 0 }];
    recorder.file(File { name: "glyphs.safetensors".to_owned(), optional: false, tensors });
    Ok((recorder.finish(), table()))
}

/// The glyphs with equally many segments: the last one is repeated, which draws nothing new.
fn table() -> Vec<f32> {
    let padded = |glyph: &Glyph| glyph.segments.iter().cycle().take(SEGMENTS).flatten().copied().collect::<Vec<f32>>();
    GLYPHS.iter().flat_map(padded).collect()
}

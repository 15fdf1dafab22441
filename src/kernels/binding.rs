//! What a kernel binds: direction, elements, and which values make sense.

use super::common::philox::{philox, unit};

/// What one element of a tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DType {
    /// A real number: `f32` on every device, `f64` in the reference executor.
    Real,
    /// An unsigned 32-bit word: counters, indices, labels, or four packed bytes.
    Uint,
}

/// Whether a kernel reads or (also) writes a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`, every element written.
    Write,
    /// `var<storage, read_write>`, updated in place or in part: its old content matters.
    Update,
}

/// The values that make sense in a binding.
#[derive(Clone, Copy, Debug)]
pub enum Domain {
    /// All.
    Any,
    /// Real numbers between these.
    Within(f32, f32),
    /// Words below this one.
    Below(u32),
    /// Words of four bytes. Devices may round a byte to either side.
    Bytes,
    /// What this function draws, as an example.
    Drawn(fn(&Draw) -> Content),
    /// What this function draws for images of this height and width.
    DrawnFor([usize; 2], fn(&Draw, [usize; 2]) -> Content),
}

/// One storage binding of a kernel: what it is called, what it holds and how many elements it must have at least.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The name in the WGSL file, for error messages.
    pub name: &'static str,
    /// Element type.
    pub dtype: DType,
    /// Direction.
    pub access: Access,
    /// Elements that the kernel touches.
    pub len: usize,
    /// The values that make sense.
    pub domain: Domain,
}

impl Binding {
    /// A binding of real numbers.
    pub fn real(name: &'static str, access: Access, len: usize) -> Self {
        Self { name, dtype: DType::Real, access, len, domain: Domain::Any }
    }

    /// A binding of unsigned words.
    pub fn uint(name: &'static str, access: Access, len: usize) -> Self {
        Self { name, dtype: DType::Uint, access, len, domain: Domain::Any }
    }

    /// Real numbers between these.
    pub fn within(self, low: f32, high: f32) -> Self {
        Self { domain: Domain::Within(low, high), ..self }
    }

    /// Words below this one.
    pub fn below(self, n: usize) -> Self {
        Self { domain: Domain::Below(n as u32), ..self }
    }

    /// Words of four bytes each.
    pub fn of_bytes(self) -> Self {
        Self { domain: Domain::Bytes, ..self }
    }

    /// What only a function can draw.
    pub fn drawn(self, example: fn(&Draw) -> Content) -> Self {
        Self { domain: Domain::Drawn(example), ..self }
    }

    /// What only a function can draw that knows the height and width of the images.
    pub fn drawn_for(self, sides: [usize; 2], example: fn(&Draw, [usize; 2]) -> Content) -> Self {
        Self { domain: Domain::DrawnFor(sides, example), ..self }
    }

    /// Random content that makes sense; the same for the same seed.
    pub fn example(&self, seed: [u32; 2]) -> Content {
        let draw = Draw { seed, len: self.len };
        match (self.domain, self.dtype) {
            (Domain::Drawn(example), _) => example(&draw),
            (Domain::DrawnFor(sides, example), _) => example(&draw, sides),
            (Domain::Within(low, high), _) => draw.reals(low, high),
            (_, DType::Real) => draw.reals(-2.0, 2.0),
            (Domain::Below(n), DType::Uint) => Content::Words(draw.words().map(|word| word % n).collect()),
            (_, DType::Uint) => Content::Words(draw.words().collect()),
        }
    }
}

/// The content of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Real numbers.
    Reals(Vec<f32>),
    /// Words.
    Words(Vec<u32>),
}

/// A source of random content for a tensor.
#[derive(Debug)]
pub struct Draw {
    seed: [u32; 2],
    /// Elements of the tensor.
    pub len: usize,
}

impl Draw {
    /// Four words for a row, others for every `block`.
    pub fn four(&self, row: usize, block: u32) -> [u32; 4] {
        philox(self.seed, [row as u32, block, 0, 0])
    }

    fn words(&self) -> impl Iterator<Item = u32> {
        (0..self.len).map(|i| self.four(i, 0)[0])
    }

    fn reals(&self, low: f32, high: f32) -> Content {
        Content::Reals(self.words().map(|word| low + (high - low) * unit(word) as f32).collect())
    }
}

//! How a GPU runs a kernel: WGSL source, constants and workgroup counts.

use std::borrow::Cow;
use std::fmt;

/// The text of the file of this name below `shaders/`.
macro_rules! wgsl {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $name, ".wgsl"))
    };
}

/// The shader whose body is the file of this name below `shaders/`.
macro_rules! shader {
    ($name:literal) => {
        $crate::kernels::Shader::own($name, wgsl!($name))
    };
}

/// A WGSL compute shader: a body from `shaders/`, the shared pieces it calls, and the constants that select a
/// permutation. The whole is plain WGSL: there is no preprocessor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shader {
    /// Path of the body below `shaders/`, without `.wgsl`; also the pipeline's label.
    pub name: &'static str,
    /// The body: it, or one of the parts, declares `@compute fn main`.
    pub body: &'static str,
    /// Shared WGSL, placed before the body.
    pub parts: Vec<&'static str>,
    /// The constants that select the permutation, placed first.
    pub constants: Vec<(&'static str, Constant)>,
    /// Constants that Rust and WGSL share, the same in every permutation, placed next.
    pub shared: Vec<(&'static str, Constant)>,
    /// Extensions of WGSL that it uses; their directives come before all else.
    pub extensions: Vec<&'static str>,
    trust: Trust,
}

/// Who answers for a shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Trust {
    /// Nobody: it runs with the checks that keep a shader inside its bindings and end its loops.
    Nobody,
    /// Its author, who promises that it needs no such checks.
    Author,
    /// The tests of this crate.
    Tests,
}

impl Shader {
    /// A shader with neither shared parts nor constants.
    pub fn new(name: &'static str, body: &'static str) -> Self {
        let (parts, constants, shared, extensions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { name, body, parts, constants, shared, extensions, trust: Trust::Nobody }
    }

    /// A shader of this crate, which the kernel tests run between guard zones on every shape of the registry.
    pub(crate) fn own(name: &'static str, body: &'static str) -> Self {
        Self { trust: Trust::Tests, ..Self::new(name, body) }
    }

    /// Lets the shader run without the checks that keep it inside its bindings and end its loops, which is faster.
    ///
    /// # Safety
    /// On every binding, uniform block and workgroup count that its kernel gives it, the shader must stay inside its bindings, and every loop
    /// must end.
    pub unsafe fn unchecked(self) -> Self {
        Self { trust: Trust::Author, ..self }
    }

    /// Whether it may run without checks.
    pub fn is_trusted(&self) -> bool {
        self.trust != Trust::Nobody
    }

    /// Whether the tests of this crate hold it against its bindings and its twin.
    pub(crate) fn is_own(&self) -> bool {
        self.trust == Trust::Tests
    }

    /// Adds a shared piece of WGSL.
    pub fn with(mut self, part: &'static str) -> Self {
        self.parts.push(part);
        self
    }

    /// Adds a constant that selects the permutation, and is part of its name.
    pub fn constant(mut self, name: &'static str, value: impl Into<Constant>) -> Self {
        self.constants.push((name, value.into()));
        self
    }

    /// Adds a constant that is the same in every permutation: a number that Rust knows as well.
    pub fn shared(mut self, name: &'static str, value: impl Into<Constant>) -> Self {
        self.shared.push((name, value.into()));
        self
    }

    /// Says what the shader stores at once, a number or `fours` of them: its `Stored`, of `STORED` numbers.
    pub(crate) fn stored(self, fours: bool) -> Self {
        let stored = if fours { wgsl!("common/fours") } else { wgsl!("common/singles") };
        self.constant("FOURS", fours).with(stored)
    }

    /// Adds an extension of WGSL.
    pub fn enable(mut self, extension: &'static str) -> Self {
        self.extensions.push(extension);
        self
    }

    /// The permutation's own name: the shader's, then its constants.
    pub fn label(&self) -> String {
        let constants: String =
            self.constants.iter().map(|(name, value)| format!(".{}{value}", name.to_lowercase())).collect();
        format!("{}{constants}", self.name)
    }

    /// The complete WGSL text.
    pub fn wgsl(&self) -> String {
        self.pieces().join("\n")
    }

    /// The pieces of the text, which line ends join: the extensions and constants, the shared parts, the body.
    pub fn pieces(&self) -> Vec<Cow<'static, str>> {
        let extensions = self.extensions.iter().map(|name| format!("enable {name};\n"));
        let constants = self.constants.iter().chain(&self.shared).map(|(name, value)| value.declared(name));
        let constants: String = extensions.chain(constants).collect();
        let parts = self.parts.iter().copied().chain([self.body]).map(Cow::Borrowed);
        std::iter::once(Cow::Owned(constants)).chain(parts).collect()
    }
}

/// The value of a constant in WGSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `u32`
    Word(u32),
    /// The bits of an `f32`, which is finite.
    Real(u32),
}

impl Constant {
    fn declared(self, name: &str) -> String {
        match self {
            Self::Word(_) => format!("const {name}: u32 = {self}u;\n"),
            Self::Real(_) => format!("const {name}: f32 = {self};\n"),
        }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(value) => value.fmt(f),
            Self::Real(bits) => write!(f, "{:?}", f32::from_bits(*bits)),
        }
    }
}

impl From<u32> for Constant {
    fn from(value: u32) -> Self {
        Self::Word(value)
    }
}

impl From<bool> for Constant {
    fn from(value: bool) -> Self {
        Self::Word(value.into())
    }
}

impl From<f32> for Constant {
    fn from(value: f32) -> Self {
        Self::Real(value.to_bits())
    }
}

/// A shader and how many workgroups of it to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The shader.
    pub shader: Shader,
    /// Workgroup counts along x, y, z; each at most 65,535 (WebGPU's default limit).
    pub workgroups: [u32; 3],
}

/// Invocations in a workgroup of the element-wise kernels (`@workgroup_size(64)`).
const ELEMENTWISE: usize = 64;
/// Workgroups of kernels that stride over the grid: more than these fill no device any better.
const MOST_ELEMENTWISE: usize = 16_384;
/// The same where a workgroup takes a whole row.
const MOST_ROWS: usize = 32_768;

impl Launch {
    /// Workgroups of 64 invocations for `n` elements, one each; where those are many, an invocation strides over the grid.
    pub fn elementwise(shader: Shader, n: usize) -> Self {
        Self::groups(shader, n.div_ceil(ELEMENTWISE).clamp(1, MOST_ELEMENTWISE))
    }

    /// A workgroup for each of `n` rows; where those are many, a workgroup strides over the grid.
    pub fn per_row(shader: Shader, n: usize) -> Self {
        Self::groups(shader, n.clamp(1, MOST_ROWS))
    }

    /// So many workgroups, side by side.
    pub fn groups(shader: Shader, count: usize) -> Self {
        Self { shader, workgroups: [count as u32, 1, 1] }
    }
}

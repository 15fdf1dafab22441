//! Kernels: one WGSL file in `shaders/` and one Rust twin of the same name, parameters and bindings.
//!
//! Nothing computes a tensor outside a kernel. A kernel value holds its parameters; [`Kernel::launch`] says how a GPU
//! runs it and [`Kernel::twin`] is the same computation in Rust, generic over `f32` (which trains on machines without a
//! GPU) and `f64` (which the gradient checks trust).

mod args;
mod binding;
#[macro_use]
mod shader;

pub mod activation;
pub mod augment;
pub mod ceiling;
pub mod common;
pub mod conv;
pub mod cost;
pub mod latent;
pub mod linear;
pub mod loss;
pub mod norm;
pub mod optim;
pub mod planes;
pub mod probe;
pub mod product;
pub mod registry;
pub mod winograd;

pub use args::{Arg, Args};
pub use binding::{Access, Binding, Content, DType, Domain, Draw};
use product::Product;
pub use shader::{Constant, Launch, Shader};

use crate::math::Real;
use cost::Work;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The choices that differ from adapter to adapter. The results may differ in the last bits, so a run keeps its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tuning {
    /// Which loop computes matrix products.
    pub matmul: product::Variant,
    /// The tile of every product, instead of the one that the cost of each suggests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<product::Tile>,
    /// The tile of each product by its name; of those that are not here, the one that the cost suggests.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tiles: BTreeMap<String, product::Tile>,
    /// Whether products in half precision are computed by cooperative matrices.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cooperative: bool,
}

impl Tuning {
    /// One for each loop.
    pub const ALL: [Self; 3] =
        [Self::of(product::Variant::Tile), Self::of(product::Variant::Light), Self::of(product::Variant::Strip)];

    /// Products by this loop.
    pub const fn of(matmul: product::Variant) -> Self {
        Self { matmul, tile: None, tiles: BTreeMap::new(), cooperative: false }
    }
}

/// One WGSL compute shader with its Rust twin.
///
/// Binding 0 of group 0 is the uniform block of [`Kernel::params`]; the storage bindings follow from 1 in the order of
/// [`Kernel::bindings`].
pub trait Kernel: Debug + Send + Sync + Sized + 'static {
    /// The uniform block as WGSL sees it: a struct with `#[derive(encase::ShaderType)]`.
    type Params: encase::ShaderType + encase::internal::WriteInto;
    /// The storage bindings, in order.
    fn bindings(&self) -> Vec<Binding>;
    /// The uniform block.
    fn params(&self) -> Self::Params;
    /// The shader and its workgroup counts.
    fn launch(&self, tuning: &Tuning) -> Launch;
    /// The same computation in Rust.
    fn twin<T: Real>(&self, args: Args<'_, T>);
    /// What it costs on a GPU. A kernel that neither multiplies matrices nor looks up tables costs what it moves.
    fn work(&self, _tuning: &Tuning) -> Work {
        Work::moving(self.bindings())
    }
    /// The matrix product that it is, if it is one.
    fn product(&self) -> Option<Product> {
        None
    }
    /// Every permutation, at sizes of one, primes, and beside the edges of tiles and workgroups: where the kernel is tested.
    fn examples() -> Vec<Self> {
        Vec::new()
    }
}

/// [`Kernel`] without its type parameter, so that a plan can hold any kernel; as [`Any`] it tells which.
pub trait AnyKernel: Any + Debug + Send + Sync {
    /// See [`Kernel::bindings`].
    fn bindings(&self) -> Vec<Binding>;
    /// The bytes of [`Kernel::params`].
    fn uniform(&self) -> Vec<u8>;
    /// See [`Kernel::launch`].
    fn launch(&self, tuning: &Tuning) -> Launch;
    /// See [`Kernel::work`].
    fn work(&self, tuning: &Tuning) -> Work;
    /// See [`Kernel::product`].
    fn product(&self) -> Option<Product>;
    /// [`Kernel::twin`] in single precision.
    fn twin_f32(&self, args: Args<'_, f32>);
    /// [`Kernel::twin`] in double precision.
    fn twin_f64(&self, args: Args<'_, f64>);
}

impl<K: Kernel> AnyKernel for K {
    fn bindings(&self) -> Vec<Binding> {
        Kernel::bindings(self)
    }
    fn uniform(&self) -> Vec<u8> {
        let mut buffer = encase::UniformBuffer::new(Vec::new());
        buffer.write(&self.params()).expect("a growing vector has room");
        buffer.into_inner()
    }
    fn launch(&self, tuning: &Tuning) -> Launch {
        Kernel::launch(self, tuning)
    }
    fn work(&self, tuning: &Tuning) -> Work {
        Kernel::work(self, tuning)
    }
    fn product(&self) -> Option<Product> {
        Kernel::product(self)
    }
    fn twin_f32(&self, args: Args<'_, f32>) {
        self.twin(args);
    }
    fn twin_f64(&self, args: Args<'_, f64>) {
        self.twin(args);
    }
}

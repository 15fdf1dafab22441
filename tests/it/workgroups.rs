//! Every kernel writes workgroup memory before it reads it, so pipelines need not clear it first.
//!
//! A prologue that is put into the shader fills all workgroup memory, once with NaN and once with numbers that are far too large; where
//! a kernel still agrees with its twin, no result depends on what it did not write.

use crate::common::adapter;
use crate::kernels::{assert_agree, left, products, twins, wide};
use encase::ShaderType;
use naga::{AddressSpace, ArraySize, Scalar, ScalarKind, TypeInner};
use std::fmt::Write;
use std::sync::Arc;
use wgpu_simvae::check::{KernelCases, Left, SHADER_TOLERANCE};
use wgpu_simvae::device::gpu::{AdapterEntry, GpuExecutor, GpuOptions};
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::cost::Work;
use wgpu_simvae::kernels::product::{Product, Tile, Variant};
use wgpu_simvae::kernels::registry::examples;
use wgpu_simvae::kernels::{Access, AnyKernel, Args, Binding, Kernel, Launch, Shader, Tuning};
use wgpu_simvae::math::Real;
use wgpu_simvae::plan::{Graph, Layout};

/// The words that fill the memory: NaN, which sums and products hand on, and 1e30, which a maximum or a comparison takes.
const FILLS: [u32; 2] = [f32::NAN.to_bits(), 1e30f32.to_bits()];

/// A kernel whose shader begins by filling its workgroup memory.
#[derive(Debug)]
struct Filled {
    kernel: Arc<dyn AnyKernel>,
    shader: Shader,
}

impl Filled {
    /// With a word, for devices of this tuning.
    fn new(kernel: Arc<dyn AnyKernel>, tuning: &Tuning, word: u32) -> Self {
        let shader = kernel.launch(tuning).shader;
        let [name, body] = [shader.label(), filled(&shader, word)].map(|text| &*text.leak());
        // SAFETY: the prologue stays inside the memory that it fills, and the rest is the kernel's own shader.
        let shader = unsafe { Shader::new(name, body).unchecked() };
        Self { kernel, shader }
    }
}

impl AnyKernel for Filled {
    fn bindings(&self) -> Vec<Binding> {
        self.kernel.bindings()
    }
    fn uniform(&self) -> Vec<u8> {
        self.kernel.uniform()
    }
    fn launch(&self, tuning: &Tuning) -> Launch {
        Launch { shader: self.shader.clone(), ..self.kernel.launch(tuning) }
    }
    fn work(&self, tuning: &Tuning) -> Work {
        self.kernel.work(tuning)
    }
    fn product(&self) -> Option<Product> {
        self.kernel.product()
    }
    fn twin_f32(&self, args: Args<'_, f32>) {
        self.kernel.twin_f32(args);
    }
    fn twin_f64(&self, args: Args<'_, f64>) {
        self.kernel.twin_f64(args);
    }
}

/// The shader's text with the prologue.
fn filled(shader: &Shader, word: u32) -> String {
    let mut source = shader.wgsl();
    let module = naga::front::wgsl::parse_str(&source).expect("valid WGSL");
    let lanes: u32 = module.entry_points[0].workgroup_size.iter().product();
    // An entry point names each of its inputs once.
    let input = "@builtin(local_invocation_index) ";
    let lane = match source.find(input) {
        Some(at) => source[at + input.len()..].split(':').next().expect("a name").to_owned(),
        None => {
            source = source.replace("fn main(", &format!("fn main({input}fill_lane: u32, "));
            "fill_lane".to_owned()
        }
    };
    let mut prologue = format!("\n    var fill_word = {word}u;\n    let fill = bitcast<f32>(fill_word);\n");
    for (_, variable) in module.global_variables.iter().filter(|(_, v)| v.space == AddressSpace::WorkGroup) {
        let name = variable.name.as_deref().expect("a name");
        let TypeInner::Array { base, size: ArraySize::Constant(count), .. } = module.types[variable.ty].inner else {
            panic!("{}: `{name}` is no array: fill it here", shader.label());
        };
        let value = match module.types[base].inner {
            TypeInner::Scalar(Scalar { kind: ScalarKind::Float, .. }) => "fill".to_owned(),
            TypeInner::Scalar(Scalar { kind: ScalarKind::Uint, .. }) => "fill_word".to_owned(),
            TypeInner::Vector { size, scalar: Scalar { kind: ScalarKind::Float, .. } } => {
                format!("vec{}<f32>(fill)", size as u8)
            }
            ref other => panic!("{}: `{name}` holds {other:?}: fill it here", shader.label()),
        };
        writeln!(prologue, "    for (var at = {lane}; at < {count}u; at += {lanes}u) {{ {name}[at] = {value}; }}")
            .expect("text");
    }
    prologue += "    workgroupBarrier();\n";
    let main = source.find("fn main(").expect("an entry point");
    let body = main + source[main..].find('{').expect("a body") + 1;
    [&source[..body], &prologue, &source[body..]].concat()
}

fn uses_workgroup_memory(shader: &Shader) -> bool {
    shader.wgsl().contains("var<workgroup>")
}

/// Runs kernels whose memory is filled with each of these words, against what their twins leave.
fn assert_indifferent(
    adapter: &AdapterEntry,
    kernels: &[Arc<dyn AnyKernel>],
    want: &[Left],
    tuning: &Tuning,
    words: &[u32],
) {
    for &word in words {
        let filled =
            kernels.iter().map(|kernel| Arc::new(Filled::new(kernel.clone(), tuning, word)) as Arc<dyn AnyKernel>);
        let cases = KernelCases::new(filled.collect(), 0);
        let options = GpuOptions { tuning: tuning.clone(), ..GpuOptions::default() };
        let mut gpu = GpuExecutor::new(adapter, &cases.layout, options).expect("the adapter opens");
        assert_agree(&cases, &left(&cases, &mut gpu), want, SHADER_TOLERANCE);
    }
}

#[test]
fn no_kernel_reads_workgroup_memory_that_it_did_not_write() {
    let Some(adapter) = adapter() else { return };
    let [tile, strip] = [Variant::Tile, Variant::Strip].map(Tuning::of);
    let in_slabs = |shader: &Shader| shader.wgsl().contains("var<workgroup> slabs");
    let uses = |kernel: &Arc<dyn AnyKernel>| uses_workgroup_memory(&kernel.launch(&tile).shader);
    let users: Vec<_> = examples().into_iter().filter(uses).collect();
    let (products, users): (Vec<_>, Vec<_>) =
        users.into_iter().partition(|kernel| in_slabs(&kernel.launch(&tile).shader));
    assert!(users.len() > 30 && products.len() > 30, "where have the kernels gone?");
    for kernel in examples() {
        let shader = kernel.launch(&strip).shader;
        let tried = !uses_workgroup_memory(&shader) || shader == kernel.launch(&tile).shader;
        assert!(tried, "{}: to be tried as well", shader.label());
    }
    let want = twins(&KernelCases::new(users.clone(), 0));
    assert_indifferent(&adapter, &users, &want, &tile, &FILLS);
}

/// Tiles compute every product, between guard zones, and read no workgroup memory that they did not write. Sums and products hand NaN
/// on, so one word is enough here.
fn assert_computed(tiles: impl Fn(&Tile) -> bool) {
    let Some(adapter) = adapter() else { return };
    // A grid is filled by two million columns, once: every tile finds its corner by the same function.
    let smallest =
        Tile::ALL.into_iter().min_by_key(|tile| (tile.invocations(), tile.sides()[1])).expect("there are tiles");
    let with_wide = [products(), vec![wide(smallest.sides()[1])]].concat();
    let [want, with_wide_want] = [products(), with_wide.clone()].map(|all| twins(&KernelCases::new(all, 0)));
    for tile in Tile::ALL.into_iter().filter(tiles) {
        let tuning = Tuning { tile: Some(tile), ..Tuning::of(Variant::Tile) };
        let (products, want) = match tile == smallest {
            true => (&with_wide, &with_wide_want),
            false => (&products(), &want),
        };
        assert_indifferent(&adapter, products, want, &tuning, &FILLS[..1]);
    }
}

fn is_large(tile: &Tile) -> bool {
    tile.sides().iter().product::<usize>() >= 64 * 64
}

#[test]
fn every_large_tile_computes_every_product() {
    assert_computed(is_large);
}

#[test]
fn every_small_tile_computes_every_product() {
    assert_computed(|tile| !is_large(tile));
}

/// A kernel that returns what it finds in workgroup memory.
#[derive(Debug)]
struct Careless;

#[derive(ShaderType)]
struct Params {
    unused: u32,
}

impl Kernel for Careless {
    type Params = Params;
    fn bindings(&self) -> Vec<Binding> {
        vec![Binding::real("found", Access::Write, 3)]
    }
    fn params(&self) -> Params {
        Params { unused: 0 }
    }
    fn launch(&self, _tuning: &Tuning) -> Launch {
        let body = "
struct Params { unused: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> found: array<f32>;
var<workgroup> shared_memory: array<f32, 3>;

@compute @workgroup_size(3)
fn main(@builtin(local_invocation_index) lane: u32) {
    found[lane] = shared_memory[lane];
}";
        Launch::groups(Shader::new("careless", body), 1)
    }
    fn twin<T: Real>(&self, mut args: Args<'_, T>) {
        args.real_mut(0).fill(T::ZERO);
    }
}

/// The prologue does fill the memory; and shaders of others find zeros in it, as WGSL promises them.
#[test]
fn a_kernel_that_reads_what_it_did_not_write_is_noticed() {
    let Some(adapter) = adapter() else { return };
    let layout = Layout::default();
    let mut gpu = GpuExecutor::new(&adapter, &layout, GpuOptions::default()).expect("the adapter opens");
    let mut found = |kernel: Arc<dyn AnyKernel>| {
        let mut graph = Graph::new("careless");
        let found = graph.tensor("found", [3]);
        graph.push_shared("careless", kernel, &[found]);
        graph.keep(found);
        let plan = gpu.load(graph.finish().expect("a plan")).expect("it loads");
        gpu.run(plan, 1).expect("it runs");
        let Values::F32(found) = gpu.read(found).expect("a result") else { panic!("reals") };
        found
    };
    let [nan, large] = FILLS.map(|word| Arc::new(Filled::new(Arc::new(Careless), &Tuning::default(), word)));
    assert!(found(nan).iter().all(|x| x.is_nan()));
    assert_eq!(found(large), [1e30; 3]);
    assert_eq!(found(Arc::new(Careless)), [0.0; 3]);
}

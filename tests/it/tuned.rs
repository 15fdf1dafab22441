//! Tiles that were timed for each product: they compute the same, are found again in the cache, and stay those of a run.

use crate::common::{adapter, gpu, sprites, stopping};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use wgpu_simvae::check::relative_error;
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions, tuning};
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::conv::correlate::Correlate;
use wgpu_simvae::kernels::conv::weight_gradient::WeightGradient;
use wgpu_simvae::kernels::conv::{ConvEpilogue, ConvShape};
use wgpu_simvae::kernels::cost::Machine;
use wgpu_simvae::kernels::linear::matmul::{Epilogue, Form, Matmul};
use wgpu_simvae::kernels::product::Variant;
use wgpu_simvae::kernels::{DType, Tuning};
use wgpu_simvae::plan::{Graph, Layout, Plan, Tensor};
use wgpu_simvae::run_folder::checkpoint::{self, Checkpoint};
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::Blueprint;

/// Products of several forms over one memory, and where it lies.
struct Products {
    layout: Layout,
    operands: Vec<Tensor>,
    results: Vec<Tensor>,
}

const SHAPE: ConvShape = ConvShape { images: 5, image: [7, 15, 15], map: [6, 8, 8], kernel: 3, stride: 2, padding: 1 };

impl Products {
    fn new() -> Self {
        let mut layout = Layout::default();
        let operands = ["a", "b"].map(|name| layout.add(name, DType::Real, [8000])).into();
        let gradient = WeightGradient::of(SHAPE, Machine::Gpu);
        let lengths = [45 * 70, 70 * 33, 5 * 6 * 64, gradient.parts() * 6 * 63];
        let results = lengths.map(|len| layout.add("result", DType::Real, [len])).into();
        Self { layout, operands, results }
    }

    fn plan(&self) -> Plan {
        let (a, b) = (self.operands[0], self.operands[1]);
        let mut graph = Graph::new("products");
        let matmul = |form, m, n, k| Matmul { form, m, n, k, epilogue: Epilogue::None };
        graph.push("nt", matmul(Form::Nt, 45, 70, 33), &[a, b, a, self.results[0]]);
        graph.push("tn", matmul(Form::Tn, 70, 33, 45), &[a, b, a, self.results[1]]);
        graph.push("correlate", Correlate { shape: SHAPE, epilogue: ConvEpilogue::None }, &[a, b, b, self.results[2]]);
        graph.push("gradient", WeightGradient::of(SHAPE, Machine::Gpu), &[a, b, self.results[3]]);
        graph.finish().expect("a plan")
    }

    fn run(&self, executor: &mut dyn Executor) -> Vec<Values> {
        let plan = executor.load(self.plan()).expect("it loads");
        for (seed, tensor) in [7, 13].into_iter().zip(&self.operands) {
            let numbers = (0..tensor.len()).map(|i| ((i * seed) % 101) as f32 / 50.0 - 1.0).collect();
            executor.write(*tensor, &Values::F32(numbers)).expect("it is written");
        }
        executor.run(plan, 1).expect("it runs");
        self.results.iter().map(|result| executor.read(*result).expect("it is read")).collect()
    }
}

/// Whatever the clock says, whichever tiles are chosen.
#[test]
fn timed_tiles_compute_the_same_and_are_timed_once() {
    let Some(adapter) = adapter() else { return };
    let products = Products::new();
    let want = products.run(&mut CpuExecutor::<f64>::new(&products.layout).expect("enough memory"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tuning.json");
    let mut notes = Vec::new();
    let tiled = Tuning::of(Variant::Tile);
    let mut timed = |file: &Path| {
        let mut note = |text: &str| notes.push(text.to_owned());
        let tiles = tuning::timed(&adapter, &tiled, &products.plan(), Duration::MAX, Some(file), &mut note);
        let tuning = tuning::complete(Tuning { tiles: tiles.clone(), ..tiled.clone() }, &products.plan());
        assert_eq!(tuning.tiles.len(), 4, "{tuning:?}");
        assert!(tiles.iter().all(|(name, tile)| tuning.tiles[name] == *tile));
        let options = GpuOptions { tuning, ..GpuOptions::default() };
        let mut gpu = GpuExecutor::new(&adapter, &products.layout, options).expect("the adapter opens");
        for (got, want) in products.run(&mut gpu).iter().zip(&want) {
            let error = relative_error(&got.to_f64(), &want.to_f64());
            assert!(error < 5e-6, "{error} with {tiles:?}");
        }
        tiles
    };
    let first = timed(&file);
    if first.is_empty() {
        assert!(!adapter.features.contains(wgpu::Features::TIMESTAMP_QUERY), "it has a clock");
        return;
    }
    assert_eq!(timed(&file), first, "from the cache");
    std::fs::write(&file, "{\"damaged").expect("it is damaged");
    timed(&file);
    assert!(std::fs::read_to_string(&file).is_ok_and(|text| text.contains("linear nt 45x70x33")), "it is whole again");
    let told = |word: &str| notes.iter().filter(|note| note.contains(word)).count();
    assert_eq!((told("timed 4 of 4"), told("damaged"), notes.len()), (2, 1, 3), "{notes:?}");
}

/// The tiles that a run began with are in its checkpoints, and it goes on with them where others would be chosen now.
#[test]
fn a_run_goes_on_with_the_tiles_that_it_began_with() {
    let Some(device) = gpu() else { return };
    let set = ["model.hidden=[24]", "data.limit=60", "batch=7", "views=2", "epochs=2", "log.every=3"];
    let config = Config::of(set).expect("valid settings");
    let data = sprites("sprites", 60, 40);
    let step = Blueprint::new(&Recipe::new(&config).expect("a recipe"), &data, u64::MAX).training_step();
    let mut tiles = BTreeMap::new();
    for product in step.expect("a step").dispatches.iter().filter_map(|dispatch| dispatch.kernel.product()) {
        // Teams that share the depth add in another order than one does, which shows in the last bits.
        let teams =
            product.tiles(&Tuning::of(Variant::Tile)).into_iter().find(|tile| tile.to_string().ends_with("by 4"));
        tiles.insert(product.name().to_owned(), teams.expect("such a tile"));
    }
    let odd = device.tuned(Tuning { tiles, ..Tuning::of(Variant::Tile) });
    let folder = tempfile::tempdir().expect("a folder");
    let [whole, parts, plain] = ["whole", "parts", "plain"].map(|name| folder.path().join(name));
    stopping::train(&config, &data, &odd, &whole, false, None);
    assert!(stopping::train(&config, &data, &odd, &parts, false, Some(6)).interrupted);
    stopping::train(&config, &data, &device, &parts, true, None);
    stopping::train(&config, &data, &device, &plain, false, None);
    let newest = |out: &Path| checkpoint::list(out).expect("a listing").pop().expect("a checkpoint").1;
    let weights = |out: &Path| std::fs::read(newest(out).join("model.safetensors")).expect("weights");
    assert!(weights(&whole) == weights(&parts), "resumed bit for bit");
    assert!(weights(&whole) != weights(&plain), "other kernels round otherwise, or this test shows nothing");
    let kept = Checkpoint::open(&newest(&parts)).expect("a whole checkpoint").state.tuning;
    assert_eq!(kept, odd.tuning().expect("given"));
}

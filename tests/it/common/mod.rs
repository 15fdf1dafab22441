//! What several test files share.

pub mod ends;
pub mod files;
pub mod folders;
pub mod older;
pub mod python;
pub mod random;
pub mod renderer;
pub mod served;
pub mod stopping;
pub mod words;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};
use wgpu_simvae::data::{Dataset, FileOptions, load_with};
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::gpu::{AdapterEntry, GpuExecutor, GpuOptions, adapters};
use wgpu_simvae::device::{Device, DeviceRequest, Executor, choose};
use wgpu_simvae::plan::Layout;
use wgpu_simvae::train::Session;

/// The first so many training and test images of the sprites, grey ones or coloured. They are drawn once.
pub fn sprites(name: &str, train: usize, test: usize) -> Dataset {
    static DRAWN: LazyLock<Mutex<HashMap<(String, usize), Dataset>>> = LazyLock::new(Mutex::default);
    let draw = || {
        let options = FileOptions { limit: train, ..FileOptions::default() };
        load_with(name, None, &Device::cpu(), &options).expect("sprites need nothing")
    };
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut data = drawn.entry((name.to_owned(), train)).or_insert_with(draw).clone();
    data.test.truncate(test);
    data
}

/// The weights of a model that its loss decides on. VICReg sees nothing of what moves all projections alike, such as the bias of a unit that
/// is active on every row: its gradient is rounding and nothing else, from which Adam makes steps all the same. Of VICReg these are
/// the weights without the biases.
pub fn decided(session: &mut Session) -> Vec<f64> {
    let blueprint = &session.blueprint;
    let all = session.executor.read(blueprint.memory.weights).expect("weights").to_f64();
    let blind = blueprint.objective.terms()[0] == "invariance";
    let specs = blueprint.params.specs().iter().filter(|spec| !(blind && spec.name.ends_with(".bias")));
    specs.flat_map(|spec| all[spec.param.offset..][..spec.param.shape.len()].to_vec()).collect()
}

/// The largest difference, beside the largest number.
#[track_caller]
pub fn apart(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let largest = wanted.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    assert!(largest > 0.0, "there is something to compare");
    found.iter().zip(wanted).fold(0.0, |most: f64, (x, y)| most.max((x - y).abs())) / largest
}

/// Looks again until there is something: for how long is only a bound on a failure.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(300), "{what} was waited for in vain");
        sleep(Duration::from_millis(2));
    }
}

/// The adapter to test on: a real GPU if there is one, else a software one. `None` only where
/// `WGPU_SIMVAE_SKIP_GPU_TESTS` is set; a machine without any adapter fails the test otherwise.
pub fn adapter() -> Option<AdapterEntry> {
    if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
        println!("WGPU_SIMVAE_SKIP_GPU_TESTS is set: not run on a GPU");
        return None;
    }
    let mut found = adapters();
    assert!(
        !found.is_empty(),
        "no graphics adapter: install a Vulkan driver (apt-get install mesa-vulkan-drivers), \
         or set WGPU_SIMVAE_SKIP_GPU_TESTS=1"
    );
    Some(found.swap_remove(0))
}

/// [`adapter`] as a device.
pub fn gpu() -> Option<Device> {
    adapter().map(|_| choose(&DeviceRequest::Gpu).expect("an adapter"))
}

/// Opens an executor over a layout.
pub type Open<'a> = &'a dyn Fn(&Layout) -> Box<dyn Executor>;

/// Runs a check on the reference in double precision, opened over the layout that the check asks for.
pub fn on_reference(check: impl Fn(Open<'_>)) {
    check(&|layout| Box::new(CpuExecutor::<f64>::new(layout).expect("enough memory")));
}

/// [`on_reference`], on the CPU in single precision.
pub fn on_cpu(check: impl Fn(Open<'_>)) {
    check(&|layout| Box::new(CpuExecutor::<f32>::new(layout).expect("enough memory")));
}

/// [`on_reference`], on the adapter.
pub fn on_adapter(check: impl Fn(Open<'_>)) {
    let Some(adapter) = adapter() else { return };
    check(&|layout| Box::new(GpuExecutor::new(&adapter, layout, GpuOptions::default()).expect("the adapter opens")));
}

/// The CPU, and the first adapter there is, opened over a layout.
pub fn devices(layout: &Layout) -> Vec<Box<dyn Executor>> {
    let mut all: Vec<Box<dyn Executor>> = vec![Box::new(CpuExecutor::<f32>::new(layout).expect("there is room"))];
    all.extend(gpu().map(|gpu| gpu.open(layout).expect("the adapter opens")));
    all
}

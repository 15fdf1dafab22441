//! The library refuses what would read or write where it should not: plans and tensors that do not belong together, shaders of others without
//! checks, dispatches that are not there.

use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::{Device, DeviceError, DeviceRequest, Executor, Values, choose};
use wgpu_simvae::kernels::activation::{Activation, Function};
use wgpu_simvae::kernels::augment::sample::{Sample, VIEW_WORDS};
use wgpu_simvae::kernels::common::clock;
use wgpu_simvae::kernels::registry;
use wgpu_simvae::kernels::{DType, Shader};
use wgpu_simvae::plan::{Graph, Layout, Plan, PlanError, Tensor};

const COUNT: usize = 5;

fn sigmoid() -> Activation {
    Activation { function: Function::Sigmoid, count: COUNT }
}

/// A plan that applies a sigmoid to an input, and its result.
fn plan() -> (Plan, Tensor, Tensor) {
    let mut graph = Graph::new("sigmoid");
    let (x, y) = (graph.input("x", [COUNT]), graph.tensor("y", [COUNT]));
    graph.push("sigmoid", sigmoid(), &[x, x, y]);
    graph.keep(y);
    (graph.finish().expect("a plan"), x, y)
}

/// The CPU, and the first adapter there is.
fn devices(layout: &Layout) -> Vec<Box<dyn Executor>> {
    let mut all: Vec<Box<dyn Executor>> = vec![Box::new(CpuExecutor::<f32>::new(layout).expect("there is room"))];
    if crate::common::adapter().is_some() {
        let device = choose(&DeviceRequest::Gpu).expect("an adapter");
        all.push(device.open(layout).expect("the adapter opens"));
    }
    all
}

#[test]
fn tensors_of_another_plan_are_refused() {
    let (other, x, y) = plan();
    let mut graph = Graph::new("foreign");
    let z = graph.tensor("z", [COUNT]);
    graph.push("sigmoid", sigmoid(), &[x, y, z]);
    assert!(matches!(graph.finish(), Err(PlanError::Foreign { .. })));
    let mut graph = Graph::new("keeps another's");
    graph.keep(y);
    assert!(matches!(graph.finish(), Err(PlanError::Foreign { .. })));

    // A plan that was put together by hand is refused by the executors.
    let (mut stolen, ..) = plan();
    stolen.dispatches = other.dispatches.clone();
    for mut device in devices(&Layout::default()) {
        assert!(matches!(device.load(stolen.clone()), Err(DeviceError::Plan(PlanError::Foreign { .. }))));
    }
}

#[test]
fn a_value_that_nobody_read_is_not_overwritten() {
    let mut graph = Graph::new("lost");
    let (x, y) = (graph.input("x", [COUNT]), graph.tensor("y", [COUNT]));
    graph.push("first", sigmoid(), &[x, x, y]);
    graph.push("second", sigmoid(), &[x, x, y]);
    match graph.finish() {
        Err(PlanError::Lost { label, tensor }) => assert_eq!((label.as_str(), tensor.as_str()), ("second", "y")),
        other => panic!("{other:?}"),
    }
    let mut graph = Graph::new("read in between");
    let (x, y, z) = (graph.input("x", [COUNT]), graph.tensor("y", [COUNT]), graph.tensor("z", [COUNT]));
    graph.push("first", sigmoid(), &[x, x, y]);
    graph.push("reads", sigmoid(), &[y, y, z]);
    graph.push("second", sigmoid(), &[x, x, y]);
    graph.finish().expect("nothing is lost");
}

#[test]
fn plans_that_are_gone_or_not_there_are_errors() {
    for mut device in devices(&Layout::default()) {
        let (first, x, y) = plan();
        let id = device.load(first.clone()).expect("it loads");
        assert!(device.load(first).is_err(), "it is loaded already");
        device.write(x, &Values::F32(vec![0.0; COUNT])).expect("an input");
        device.run_part(id, 0..1).expect("there is one dispatch");
        for part in [0..2, 1..2, 7..9] {
            let error = device.run_part(id, part.clone()).expect_err("out of range").to_string();
            assert!(error.contains("in a plan of 1"), "{error}");
        }
        assert_eq!(device.read(y).expect("a result").to_f32(), vec![0.5; COUNT]);
        device.unload(id);
        assert!(device.run(id, 1).is_err() && device.read(y).is_err() && device.run_part(id, 0..1).is_err());
        let (second, ..) = plan();
        device.load(second).expect("another one loads");
    }
}

#[test]
fn only_shaders_of_the_crate_run_without_checks() {
    assert!(registry::shaders().iter().all(|(_, shader)| shader.is_trusted()));
    let own = Shader::new("mine", "@compute @workgroup_size(1) fn main() {}");
    assert!(!own.is_trusted());
    // SAFETY: it touches nothing.
    assert!(unsafe { own.unchecked() }.is_trusted());
}

#[test]
fn a_relu_hides_no_nan() {
    for mut device in devices(&Layout::default()) {
        let mut graph = Graph::new("relu");
        let (x, y) = (graph.input("x", [COUNT]), graph.tensor("y", [COUNT]));
        graph.push("relu", Activation { function: Function::Relu, count: COUNT }, &[x, x, y]);
        graph.keep(y);
        let id = device.load(graph.finish().expect("a plan")).expect("it loads");
        let input = vec![-1.0, 2.0, f32::NAN, f32::NEG_INFINITY, f32::INFINITY];
        device.write(x, &Values::F32(input)).expect("an input");
        device.run(id, 1).expect("it runs");
        let found = device.read(y).expect("a result").to_f32();
        assert!(found[2].is_nan(), "{}: {found:?}", device.device());
        assert_eq!([found[0], found[1], found[3], found[4]], [0.0, 2.0, 0.0, f32::INFINITY]);
    }
}

/// More rows than the grid of an element-wise kernel has invocations: each is drawn all the same.
#[test]
fn every_row_of_a_large_batch_is_drawn() {
    const ROWS: u32 = 16_384 * 64 + 1;
    let kernel = Sample {
        images: 1 << 21,
        rows: ROWS,
        views: 1,
        plain: 0,
        height: 8,
        width: 8,
        shuffle: false,
        crop: false,
        area: [0.5, 1.0],
        aspect: [1.0, 1.0],
        horizontal_flip: 0.0,
        vertical_flip: 0.0,
    };
    let mut layout = Layout::default();
    let time = layout.add("clock", DType::Uint, [clock::CLOCK_WORDS]);
    let views = layout.add("views", DType::Uint, [ROWS as usize, VIEW_WORDS]);
    for mut device in devices(&layout) {
        let mut graph = Graph::new("sample");
        graph.push("sample", kernel.clone(), &[time, views]);
        let id = device.load(graph.finish().expect("a plan")).expect("it loads");
        device.write(time, &Values::U32(clock::fresh(3).to_vec())).expect("a clock");
        device.run(id, 1).expect("it runs");
        let drawn = device.read(views).expect("views");
        let images = drawn.words().chunks_exact(VIEW_WORDS).map(|view| view[0]);
        assert!(images.eq(0..ROWS), "{}: in order, each once", device.device());
    }
}

#[test]
fn models_are_checked_before_the_device_is_opened() {
    let mut layout = Layout::default();
    layout.add("too many numbers to count in words", DType::Real, [1 << 33]);
    let refused = Device::cpu().check_room(&layout, None, 0);
    assert!(matches!(refused, Err(DeviceError::TooLarge { .. })), "{refused:?}");
}

//! The library refuses what would read or write where it should not: plans and tensors that do not belong together, shaders of others without
//! checks, dispatches that are not there.

use crate::common::devices;
use wgpu_simvae::device::{Device, DeviceError, Values};
use wgpu_simvae::kernels::activation::{Activation, Function};
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
fn models_are_checked_before_the_device_is_opened() {
    let mut layout = Layout::default();
    layout.add("too many numbers to count in words", DType::Real, [1 << 33]);
    let refused = Device::cpu().check_room(&layout, None, 0);
    assert!(matches!(refused, Err(DeviceError::TooLarge { .. })), "{refused:?}");
}

//! Every dispatch of a training step in the browser against its f64 twin, from the twin's inputs, as `gradcheck` has it on a device.

use super::methods::authors;
use super::once::once;
use wgpu_simvae::check::{GRADIENT_TOLERANCE, packed, relative_error_on_scale};
use wgpu_simvae::device::{Device, Executor, Values, reference};
use wgpu_simvae::kernels::{Access, Binding};
use wgpu_simvae::plan::{Graph, Layout, Place, Tensor};
use wgpu_simvae::recording::Memory;
use wgpu_simvae::train::Session;

/// What a dispatch binds: the tensor in the browser, and what the twin found there before and left there.
struct Bound {
    binding: Binding,
    tensor: Tensor,
    before: Values,
    after: Values,
}

fn norm(values: &Values) -> f64 {
    values.to_f64().iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn read(executor: &mut dyn Executor, tensors: &[Tensor]) -> Vec<Values> {
    tensors.iter().map(|&tensor| executor.read(tensor).expect("it is read")).collect()
}

/// Steps that are followed.
const STEPS: usize = 3;

/// Each dispatch becomes one of a plan whose tensors share nothing.
#[test]
fn the_authors_networks_agree_with_the_twins_dispatch_by_dispatch_in_a_browser() {
    if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
        return;
    }
    let (recipe, data) = authors(&[]);
    let (mut session, step) = Session::open_to_train(&recipe, &data, &Device::cpu()).expect("the CPU takes it");
    let plan = session.executor.plan(step).expect("it is loaded").clone();
    let mut twins = reference(&session.blueprint.layout).expect("there is room");
    twins.load(plan.clone()).expect("it loads");
    for tensor in plan.dispatches.iter().flat_map(|dispatch| &dispatch.tensors) {
        if matches!(tensor.place, Place::Region { .. }) && !tensor.is_empty() {
            let values = session.executor.read(*tensor).expect("it begins with something");
            twins.write(*tensor, &values).expect("it is written");
        }
    }

    let (mut layout, mut graph, mut all) = (Layout::default(), Graph::new("dispatch by dispatch"), Vec::new());
    let size = |tensor: &Tensor| (tensor.dtype, tensor.len());
    let dispatches = (0..STEPS).flat_map(|_| &plan.dispatches);
    let sizes: Vec<Vec<_>> = dispatches.map(|dispatch| dispatch.tensors.iter().map(size).collect()).collect();
    let mut places = packed(&mut layout, &sizes).into_iter();
    for _ in 0..STEPS {
        for (index, dispatch) in plan.dispatches.iter().enumerate() {
            let before = read(twins.as_mut(), &dispatch.tensors);
            twins.run_part(plan.id, index..index + 1).expect("it runs");
            let after = read(twins.as_mut(), &dispatch.tensors);
            let tensors = places.next().expect("places for every dispatch");
            let bindings = dispatch.kernel.bindings().into_iter().zip(&tensors);
            let bound = bindings.zip(before.into_iter().zip(after));
            let bound: Vec<Bound> =
                bound.map(|((binding, &tensor), (before, after))| Bound { binding, tensor, before, after }).collect();
            graph.push_shared(&dispatch.label, dispatch.kernel.clone(), &tensors);
            all.push((dispatch.label.clone(), bound));
        }
    }

    let mut memory = Memory::new(&layout);
    for bound in all.iter().flat_map(|(_, bound)| bound) {
        if bound.binding.access != Access::Write {
            memory.write(bound.tensor, &bound.before).expect("it is written");
        }
    }
    let plan = graph.finish().expect("a plan");
    let Some(mut memory) = once(&layout, &plan, &memory, "strip") else { return };
    let mut worst = (0.0, String::new());
    for (label, bound) in &all {
        let inputs = bound.iter().filter(|bound| bound.binding.access != Access::Write);
        let scale = inputs.map(|bound| norm(&bound.before)).fold(0.0, f64::max);
        for Bound { binding, tensor, after, .. } in bound.iter().filter(|bound| bound.binding.access != Access::Read) {
            let got = memory.read(*tensor).expect("it comes back");
            let error = match (&got, after) {
                (Values::U32(got), Values::U32(want)) if got == want => 0.0,
                (Values::U32(_), _) => f64::INFINITY,
                _ => relative_error_on_scale(&got.to_f64(), &after.to_f64(), scale),
            };
            if error > worst.0 {
                worst = (error, format!("{} of `{label}`", binding.name));
            }
        }
    }
    let (error, place) = worst;
    println!("official-conv: {} dispatches, worst {error:.1e}, {place}", all.len());
    assert!(error <= GRADIENT_TOLERANCE, "{place}: {error:e}");
}

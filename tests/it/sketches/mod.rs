//! Random differentiable graphs of sums, products, sigmoids and layers: what a plan computes whose tensors share memory, and what a plain
//! evaluation says.

mod emit;
mod pointwise;
mod sketch;

use crate::common::random::cases;
use emit::Emitted;
use proptest::prelude::*;
use sketch::{Sketch, sketches};
use wgpu_simvae::check::relative_error;
use wgpu_simvae::device::reference;
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::plan::{Arena, Layout, Plan, Slot};

/// Step of the differences. In double precision their error is about 1e-10 of the loss.
const STEP: f64 = 1e-6;
const TOLERANCE: f64 = 1e-6;

/// The result, then the gradients of all inputs and of the weights.
fn results(layout: &Layout, plan: Plan, sketch: &Sketch, emitted: &Emitted, times: u32) -> Vec<Vec<f64>> {
    let mut executor = reference(layout).expect("there is room");
    let plan = executor.load(plan).expect("it loads");
    let write = |executor: &mut dyn Executor, tensor, numbers: &[f64]| {
        executor.write(tensor, &Values::F64(numbers.to_vec())).expect("it is written");
    };
    for (&input, numbers) in emitted.inputs.iter().zip(&sketch.inputs) {
        write(executor.as_mut(), input, &numbers.values);
    }
    write(executor.as_mut(), emitted.seed, &sketch.seed);
    if let Some(memory) = &emitted.memory {
        write(executor.as_mut(), memory.weights, &sketch.weights);
    }
    executor.run(plan, times).expect("it runs");
    let gradients = emitted.gradients.iter().flatten().copied();
    let tensors = std::iter::once(emitted.result).chain(gradients).chain(emitted.memory.map(|memory| memory.gradients));
    tensors.map(|tensor| executor.read(tensor).expect("it is read").to_f64()).collect()
}

/// The same plan with memory of its own for every tensor.
fn alone(plan: &Plan) -> Plan {
    let arena = &plan.arena;
    let slots: Vec<Slot> = arena.slot_of.iter().map(|&slot| arena.slots[slot].clone()).collect();
    Plan { arena: Arena { slot_of: (0..slots.len()).collect(), slots }, ..plan.clone() }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn sharing_memory_changes_no_bit(sketch in sketches()) {
        let (layout, plan, emitted) = emit::emit(&sketch);
        let own = results(&layout, alone(&plan), &sketch, &emitted, 1);
        // The second replay begins with what the first left in the slots.
        prop_assert_eq!(results(&layout, plan, &sketch, &emitted, 2), own);
    }

    #[test]
    fn results_and_gradients_are_those_of_a_plain_evaluation(sketch in sketches()) {
        let (layout, plan, emitted) = emit::emit(&sketch);
        let mut found = results(&layout, plan, &sketch, &emitted, 1).into_iter();
        let error = relative_error(&found.next().expect("a result"), &sketch.evaluate().values);
        prop_assert!(error < 1e-12, "the result is {error:e} off");
        let scale = 1.0 + sketch.loss().abs();
        for (input, gradient) in emitted.gradients.iter().enumerate() {
            let gradient = if gradient.is_some() { found.next().expect("a gradient") } else { vec![0.0; sketch.inputs[input].values.len()] };
            for (at, &gradient) in gradient.iter().enumerate() {
                let [below, above] = sketch.slopes(STEP, |sketch| &mut sketch.inputs[input].values[at]);
                prop_assert!(
                    (below - TOLERANCE * scale..=above + TOLERANCE * scale).contains(&gradient),
                    "input {input} at {at}: {gradient}, by differences {below}..{above}"
                );
            }
        }
        let weights = found.next().unwrap_or_default();
        for at in sketch.used_weights() {
            let [below, above] = sketch.slopes(STEP, |sketch| &mut sketch.weights[at]);
            prop_assert!(
                (below - TOLERANCE * scale..=above + TOLERANCE * scale).contains(&weights[at]),
                "weight {at}: {}, by differences {below}..{above}", weights[at]
            );
        }
    }
}

//! What kernels say that they cost, against what their twins do: with ones for all inputs, a product's sums count its multiply-adds.

use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::conv::ConvEpilogue;
use wgpu_simvae::kernels::conv::correlate::Correlate;
use wgpu_simvae::kernels::conv::transposed::Transposed;
use wgpu_simvae::kernels::conv::weight_gradient::WeightGradient;
use wgpu_simvae::kernels::linear::matmul::{Epilogue, Matmul};
use wgpu_simvae::kernels::{AnyKernel, Kernel, Tuning, registry};
use wgpu_simvae::plan::{Graph, Layout, Tensor};

/// The sum of what a kernel's last binding holds after the twin has run on ones.
fn counted(kernel: impl AnyKernel + 'static) -> f64 {
    let mut layout = Layout::default();
    let bindings = kernel.bindings();
    let tensors: Vec<Tensor> =
        bindings.iter().map(|binding| layout.add(binding.name, binding.dtype, [binding.len.max(1)])).collect();
    let mut graph = Graph::new("ones");
    graph.push("product", kernel, &tensors);
    let mut executor = CpuExecutor::<f64>::new(&layout).expect("there is room");
    let (result, inputs) = tensors.split_last().expect("a product has a result");
    for input in inputs {
        executor.write(*input, &Values::F64(vec![1.0; input.len()])).expect("ones");
    }
    let plan = executor.load(graph.finish().expect("a plan")).expect("it loads");
    executor.run(plan, 1).expect("it runs");
    executor.read(*result).expect("sums").to_f64().iter().sum()
}

fn assert_counted<K: Kernel>(kernel: K) {
    let work = Kernel::work(&kernel, &Tuning::default());
    let name = format!("{kernel:?}");
    // Winograd's transforms round.
    let (counted, said) = (counted(kernel), work.multiply_adds as f64);
    assert!((counted - said).abs() <= 1e-9 * said, "{name}: {counted} counted, {said} said");
}

#[test]
fn products_say_what_their_twins_do() {
    for kernel in Matmul::examples().into_iter().filter(|kernel| kernel.epilogue == Epilogue::None) {
        assert_counted(kernel);
    }
    let plain = |epilogue: &ConvEpilogue| *epilogue == ConvEpilogue::None;
    Correlate::examples().into_iter().filter(|kernel| plain(&kernel.epilogue)).for_each(assert_counted);
    Transposed::examples().into_iter().filter(|kernel| plain(&kernel.epilogue)).for_each(assert_counted);
    WeightGradient::examples().into_iter().for_each(assert_counted);
}

#[test]
fn no_kernel_does_less_than_it_must() {
    for kernel in registry::examples() {
        for tuning in Tuning::ALL {
            let work = kernel.work(&tuning);
            assert!(work.padded_multiply_adds >= work.multiply_adds, "{kernel:?}: {work:?}");
            assert!(work.bytes > 0 && (0.0..=1.0).contains(&work.inner.share), "{kernel:?}: {work:?}");
        }
    }
}

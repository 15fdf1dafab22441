//! What kernels say that they cost, against what their twins do: with ones for all inputs, a product's sums count its multiply-adds.

use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::conv::correlate::Correlate;
use wgpu_simvae::kernels::conv::transposed::Transposed;
use wgpu_simvae::kernels::conv::weight_gradient::WeightGradient;
use wgpu_simvae::kernels::conv::{ConvEpilogue, ConvShape};
use wgpu_simvae::kernels::cost::Work;
use wgpu_simvae::kernels::linear::matmul::{Epilogue, Matmul};
use wgpu_simvae::kernels::winograd::products::Products;
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

/// A kernel says as many multiply-adds as another's twin does.
fn assert_counted<K: Kernel>(kernel: &K, twin: K) {
    let work = Kernel::work(kernel, &Tuning::default());
    assert!(work.padded_multiply_adds > 0 && (0.0..=1.0).contains(&work.inner.share), "{kernel:?}: {work:?}");
    // Winograd's transforms round.
    let (said, counted) = (work.multiply_adds as f64, counted(twin));
    assert!((counted - said).abs() <= 1e-9 * said, "{kernel:?}: {counted} counted, {said} said");
}

/// The same convolution of images that hold the zeros around them: multiply-adds with them count.
fn enlarged(shape: ConvShape) -> ConvShape {
    let [channels, height, width] = shape.image;
    ConvShape { image: [channels, height + 2 * shape.padding, width + 2 * shape.padding], padding: 0, ..shape }
}

#[test]
fn products_say_what_their_twins_do() {
    for kernel in Matmul::examples().into_iter().filter(|kernel| kernel.epilogue == Epilogue::None) {
        assert_counted(&kernel, kernel.clone());
    }
    for kernel in Products::examples() {
        assert_counted(&kernel, kernel.clone());
    }
    let epilogue = ConvEpilogue::None;
    for WeightGradient { shape, slice } in WeightGradient::examples() {
        let large = enlarged(shape);
        assert_counted(&Correlate { shape, epilogue }, Correlate { shape: large, epilogue });
        assert_counted(&Transposed { shape, epilogue }, Transposed { shape: large, epilogue });
        assert_counted(&WeightGradient { shape, slice }, WeightGradient { shape: large, slice });
    }
}

#[test]
fn tiles_do_no_less_than_the_product() {
    for tuning in Tuning::ALL {
        let whole = |work: Work| work.padded_multiply_adds >= work.multiply_adds;
        assert!(Matmul::examples().iter().all(|kernel| whole(Kernel::work(kernel, &tuning))));
        assert!(Products::examples().iter().all(|kernel| whole(Kernel::work(kernel, &tuning))));
        // A transposed convolution computes nothing of the border, which counts.
        let epilogue = ConvEpilogue::None;
        assert!(WeightGradient::examples().iter().all(|kernel| whole(Kernel::work(kernel, &tuning))));
        assert!(WeightGradient::examples().iter().all(|WeightGradient { shape, .. }| {
            let shape = enlarged(*shape);
            whole(Kernel::work(&Correlate { shape, epilogue }, &tuning))
                && whole(Kernel::work(&Transposed { shape, epilogue }, &tuning))
        }));
        assert!(registry::examples().iter().all(|kernel| kernel.work(&tuning).bytes > 0));
    }
}

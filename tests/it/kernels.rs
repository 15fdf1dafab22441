//! Every kernel against its f64 twin, in f32 on the CPU and as WGSL on an adapter, at awkward sizes, between guard zones.

use crate::common::adapter;
use std::sync::{Arc, LazyLock};
use wgpu_simvae::check::{KernelCases, Left, SHADER_TOLERANCE, Table};
use wgpu_simvae::device::Executor;
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions};
use wgpu_simvae::kernels::conv::ConvEpilogue;
use wgpu_simvae::kernels::conv::correlate::Correlate;
use wgpu_simvae::kernels::conv::transposed::Transposed;
use wgpu_simvae::kernels::conv::weight_gradient::WeightGradient;
use wgpu_simvae::kernels::linear::gradients::Gradients;
use wgpu_simvae::kernels::linear::matmul::{Epilogue, Form, Matmul};
use wgpu_simvae::kernels::product::{Tile, Variant};
use wgpu_simvae::kernels::registry::examples;
use wgpu_simvae::kernels::winograd::Side;
use wgpu_simvae::kernels::winograd::products::Products;
use wgpu_simvae::kernels::{AnyKernel, Kernel, Tuning};

/// The registry's examples, and what their twins leave.
static REGISTRY: LazyLock<(KernelCases, Vec<Left>)> = LazyLock::new(|| {
    let cases = KernelCases::new(examples(), 0);
    let want = twins(&cases);
    (cases, want)
});

/// What the twins leave, in double precision.
pub fn twins(cases: &KernelCases) -> Vec<Left> {
    left(cases, &mut CpuExecutor::<f64>::new(&cases.layout).expect("enough memory"))
}

/// What the kernels leave on an executor.
pub fn left(cases: &KernelCases, executor: &mut dyn Executor) -> Vec<Left> {
    cases.run(executor).expect("the kernels run")
}

/// No tensor differs by more than this, no word, and no guard.
#[track_caller]
pub fn assert_agree(cases: &KernelCases, got: &[Left], want: &[Left], tolerance: f64) {
    let table = Table { rows: cases.compare("here", tolerance, got, want) };
    assert_eq!(table.failures(), 0, "\n{table}");
}

#[test]
fn single_precision_twins_agree_with_double_precision() {
    let (cases, want) = &*REGISTRY;
    let got = left(cases, &mut CpuExecutor::<f32>::new(&cases.layout).expect("enough memory"));
    assert_agree(cases, &got, want, 2e-6);
}

/// What is bound may be larger than the kernel needs: the rest is left alone.
#[test]
fn twins_touch_no_more_than_their_bindings_say() {
    let [want, got] = [0, 150].map(|spare| {
        let cases = KernelCases::new(examples(), spare);
        left(&cases, &mut CpuExecutor::<f32>::new(&cases.layout).expect("enough memory"))
    });
    assert!(want.iter().all(|left| left.strayed.is_none()), "guards are overwritten");
    assert!(got == want, "results depend on elements that the binding does not name");
}

#[test]
fn shaders_agree_with_double_precision_twins() {
    let Some(adapter) = adapter() else { return };
    let (cases, want) = &*REGISTRY;
    for tuning in [Variant::Tile, Variant::Strip].map(Tuning::of) {
        for bounds_checks in [false, true] {
            let options = GpuOptions { tuning: tuning.clone(), bounds_checks, ..GpuOptions::default() };
            let mut gpu = GpuExecutor::new(&adapter, &cases.layout, options).expect("the adapter opens");
            assert_agree(cases, &left(cases, &mut gpu), want, SHADER_TOLERANCE);
        }
    }
}

/// On an adapter that has them. How often a square's sums are rounded, and how, is the device's own.
#[test]
fn products_by_cooperative_matrices_agree_with_twins() {
    let Some(adapter) = adapter() else { return };
    if !adapter.cooperative {
        println!("{}: no cooperative matrices", adapter.describe());
        return;
    }
    let is_half = |kernel: &Arc<dyn AnyKernel>| kernel.product().is_some_and(|product| product.is_half());
    let cases = KernelCases::new(examples().into_iter().filter(is_half).collect(), 0);
    let want = twins(&cases);
    for tile in Tile::COOPERATIVE {
        let tuning = Tuning { tile: Some(tile), cooperative: true, ..Tuning::default() };
        let options = GpuOptions { tuning, ..GpuOptions::default() };
        let mut gpu = GpuExecutor::new(&adapter, &cases.layout, options).expect("the adapter opens");
        let table = Table { rows: cases.compare(&tile.to_string(), SHADER_TOLERANCE, &left(&cases, &mut gpu), &want) };
        println!("{table}");
        assert_eq!(table.failures(), 0);
    }
}

/// Products in every form, each with one end: a tile does not touch the others.
pub fn products() -> Vec<Arc<dyn AnyKernel>> {
    fn shared<K: Kernel>(kernels: Vec<K>, keep: fn(&K) -> bool) -> impl Iterator<Item = Arc<dyn AnyKernel>> {
        kernels.into_iter().filter(keep).map(|kernel| Arc::new(kernel) as _)
    }
    let matmuls = shared(Matmul::examples(), |product| product.epilogue == Epilogue::Accumulate);
    let linear = shared(Gradients::examples(), |_| true);
    let correlations = shared(Correlate::examples(), |c| c.shape.kernel == 3 && c.epilogue == ConvEpilogue::Bias);
    let transposed = shared(Transposed::examples(), |c| c.shape.kernel == 3 && c.epilogue == ConvEpilogue::Bias);
    let gradients = shared(WeightGradient::examples(), |c| c.shape.kernel == 3);
    let places = shared(Products::examples(), |product| product.side == Side::Two);
    matmuls.chain(linear).chain(correlations).chain(transposed).chain(gradients).chain(places).collect()
}

/// A product with more tiles across than a grid is wide, where a tile has so few columns.
pub fn wide(columns: usize) -> Arc<dyn AnyKernel> {
    Arc::new(Matmul { form: Form::Nn, m: 1, n: 65_535 * columns + 5, k: 2, epilogue: Epilogue::Accumulate })
}

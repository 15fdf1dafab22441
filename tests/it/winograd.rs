//! Convolutions recorded for a GPU: where their form is Winograd's, and that it computes what the plain one does.

use crate::common::{adapter, apart};
use wgpu_simvae::check::GRADIENT_TOLERANCE;
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions};
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::conv::correlate::Correlate;
use wgpu_simvae::kernels::conv::transposed::Transposed;
use wgpu_simvae::kernels::conv::weight_gradient::WeightGradient;
use wgpu_simvae::kernels::conv::{ConvEpilogue, ConvShape};
use wgpu_simvae::kernels::cost::Machine;
use wgpu_simvae::kernels::product::Variant;
use wgpu_simvae::kernels::winograd::Side;
use wgpu_simvae::kernels::winograd::convolution::{Gradient, Pass};
use wgpu_simvae::kernels::{DType, Tuning};
use wgpu_simvae::nn::{Conv2d, ConvSettings, ConvTranspose2d, Params};
use wgpu_simvae::plan::{Graph, Layout, Plan, Tensor};

/// Two convolutions of an image, forward and backward, so that the second adds to the gradient of what both read.
struct Layers {
    layout: Layout,
    plan: Plan,
    /// What the host writes.
    inputs: Vec<Tensor>,
    /// Results and gradients.
    results: Vec<Tensor>,
}

impl Layers {
    fn new(machine: Machine) -> Self {
        let [images, inputs, outputs, height, width] = [19, 33, 34, 13, 10];
        let (mut layout, mut params) = (Layout::default(), Params::default());
        let settings = ConvSettings { inputs, outputs, kernel: 3, stride: 1, padding: 0, bias: true };
        let conv = Conv2d::new(&mut params, "conv", settings, None);
        let transposed = ConvTranspose2d::new(&mut params, "back", ConvSettings { padding: 1, ..settings }, 0);
        let memory = params.allocate(&mut layout);
        let mut region = |name: &str, shape: [usize; 4]| layout.add(name, DType::Real, shape);
        let x = region("x", [images, inputs, height, width]);
        let gradients = [
            region("first gradient", [images, outputs, height - 2, width - 2]),
            region("second gradient", [images, outputs, height, width]),
        ];
        let mut g = Graph::new("layers").on(machine);
        let y = [conv.forward(&mut g, &memory, x, true), transposed.forward(&mut g, &memory, x)];
        for (y, gradient) in y.into_iter().zip(gradients) {
            g.set_grad(y, gradient);
        }
        g.backward();
        let dx = g.grad(x).expect("a gradient");
        for tensor in [y[0], y[1], dx] {
            g.keep(tensor);
        }
        let inputs = [vec![x, memory.weights], gradients.to_vec()].concat();
        let results = vec![y[0], y[1], dx, memory.gradients];
        Self { layout, plan: g.finish().expect("a plan"), inputs, results }
    }

    fn dispatches(&self, kernel: &str) -> usize {
        let shader = |tuning| self.plan.dispatches.iter().map(move |d| d.kernel.launch(tuning).shader.name);
        shader(&Tuning::default()).filter(|name| *name == kernel).count()
    }

    /// What it computes of numbers between -1 and 1.
    fn run(&self, executor: &mut dyn Executor) -> Vec<Vec<f64>> {
        for (seed, tensor) in self.inputs.iter().enumerate() {
            let numbers = (0..tensor.len()).map(|i| (((i + seed) * 7919) % 1009) as f32 / 504.5 - 1.0).collect();
            executor.write(*tensor, &Values::F32(numbers)).expect("numbers");
        }
        let plan = executor.load(self.plan.clone()).expect("it loads");
        executor.run(plan, 1).expect("it runs");
        self.results.iter().map(|tensor| executor.read(*tensor).expect("numbers").to_f64()).collect()
    }
}

fn twins(layers: &Layers) -> Vec<Vec<f64>> {
    layers.run(&mut CpuExecutor::<f64>::new(&layers.layout).expect("there is room"))
}

#[test]
fn layers_compute_the_same_in_either_form() {
    let (plain, tiled) = (Layers::new(Machine::Twins), Layers::new(Machine::Software));
    assert_eq!((plain.dispatches("winograd/products"), tiled.dispatches("winograd/products")), (0, 6));
    assert_eq!((tiled.dispatches("winograd/split"), tiled.dispatches("winograd/join")), (8, 4));
    let want = twins(&plain);
    for (got, want) in twins(&tiled).iter().zip(&want) {
        assert!(apart(got, want) < 1e-12, "{}", apart(got, want));
    }
    let Some(adapter) = adapter() else { return };
    for variant in [Variant::Tile, Variant::Strip] {
        let options = GpuOptions { tuning: Tuning::of(variant), ..GpuOptions::default() };
        let mut gpu = GpuExecutor::new(&adapter, &tiled.layout, options).expect("the adapter opens");
        for (got, want) in tiled.run(&mut gpu).iter().zip(&want) {
            assert!(apart(got, want) < GRADIENT_TOLERANCE / 10.0, "{variant:?}: {}", apart(got, want));
        }
    }
}

/// A convolution with as many filters as channels, between planes of this side.
fn shape(images: usize, channels: usize, side: usize) -> ConvShape {
    let plane = [channels, side, side];
    ConvShape { images, image: plane, map: plane, kernel: 3, stride: 1, padding: 1 }
}

/// The tiles of all three operations on a machine.
fn sides(shape: ConvShape, machine: Machine) -> [Option<Side>; 3] {
    let epilogue = ConvEpilogue::None;
    let pass = |pass: Option<Pass>| pass.map(|pass| pass.products.side);
    [
        pass(Pass::of_correlate(&Correlate { shape, epilogue }, machine)),
        pass(Pass::of_transposed(&Transposed { shape, epilogue }, machine)),
        Gradient::of(&WeightGradient::of(shape, machine), machine).map(|gradient| gradient.products.side),
    ]
}

#[test]
fn the_cost_model_chooses_the_form() {
    use Machine::{Gpu, Software, Twins};
    let large = shape(128, 128, 8);
    assert_eq!(sides(large, Twins), [None; 3], "twins choose for themselves");
    assert_eq!(sides(large, Gpu), [Some(Side::Four); 3]);
    assert_eq!(sides(large, Software), [Some(Side::Four); 3]);
    assert_eq!(sides(shape(128, 512, 2), Gpu)[..2], [Some(Side::Two); 2], "planes no larger than a small tile");
    assert_eq!(sides(shape(2, 3, 8), Gpu), [None; 3], "three more dispatches cost more than few multiply-adds");
    assert_eq!(sides(ConvShape { stride: 2, map: [128, 4, 4], ..large }, Gpu), [None; 3]);
    assert_eq!(sides(ConvShape { kernel: 1, padding: 0, ..large }, Gpu), [None; 3]);
    // The places of so many tiles are more than a binding holds.
    assert_eq!(sides(shape(1024, 256, 32), Gpu), [None; 3]);
}

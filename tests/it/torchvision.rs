//! Views against torchvision: the same crops, flips, colours, blur and inversion with the same parameters.
//!
//! `tests/torchvision/make_table.py` made the table.

use crate::common::{Open, on_adapter, on_cpu, on_reference};
use safetensors::SafeTensors;
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::DType;
use wgpu_simvae::kernels::augment::{blur::Blur, colour::Colour, solarise::Solarise, views::Views};
use wgpu_simvae::kernels::common::clock::CLOCK_WORDS;
use wgpu_simvae::plan::{Graph, Layout, PlanId, Tensor};

/// `BLUR_KERNEL` and `SOLARISE_THRESHOLD` of the script.
const KERNEL: usize = 5;
const THRESHOLD: f64 = 0.5;
/// The script stores sixteen bits.
const FULL: f64 = 65535.0;

/// The cases for images of one number of channels.
struct Table {
    channels: usize,
    side: usize,
    rows: usize,
    /// Bytes, in words.
    pixels: Vec<u32>,
    images: usize,
    views: Vec<u32>,
    effects: Vec<f32>,
    expected: Vec<f64>,
}

impl Table {
    fn read(channels: usize) -> Self {
        let file = SafeTensors::deserialize(include_bytes!("../torchvision/table.safetensors")).expect("a table");
        let tensor = |name: &str| file.tensor(&format!("{name}{channels}")).expect("a tensor of the table");
        let words = |name: &str| {
            let four = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
            tensor(name).data().chunks_exact(4).map(four).collect::<Vec<u32>>()
        };
        let expected = tensor("expected");
        let two = |bytes: &[u8]| f64::from(u16::from_le_bytes(bytes.try_into().expect("two bytes"))) / FULL;
        Self {
            channels,
            side: expected.shape()[3],
            rows: expected.shape()[0],
            pixels: words("pixels"),
            images: tensor("pixels").shape()[0],
            views: words("views"),
            effects: words("effects").into_iter().map(f32::from_bits).collect(),
            expected: expected.data().chunks_exact(2).map(two).collect(),
        }
    }

    /// Renders every case with parameters that are given rather than drawn.
    fn render(&self, open: impl FnOnce(&Layout) -> Box<dyn Executor>) -> Vec<f64> {
        let &Self { channels, side, rows, images, .. } = self;
        let shape = [rows, channels, side, side];
        let mut layout = Layout::default();
        let pixels = layout.add("pixels", DType::Uint, [self.pixels.len()]);
        let mut g = Graph::new("torchvision's views");
        let clock = g.input_uints("clock", [CLOCK_WORDS]);
        let views = g.input_uints("views", [rows, 8]);
        let effects = g.input("effects", [rows, 8]);
        let [x, across] = ["x", "across"].map(|name| g.tensor(name, shape));
        g.keep(x);
        let (height, width) = (side, side);
        let render = Views { images, rows, channels, height, width, threshold: false, views: 1, ring: None };
        g.push("render", render, &[clock, views, pixels, x]);
        g.push("colour", Colour { rows, channels, plane: side * side }, &[effects, x]);
        for (vertical, tensors) in [(false, [effects, x, across]), (true, [effects, across, x])] {
            g.push("blur", Blur { rows, channels, height: side, width: side, kernel: KERNEL, vertical }, &tensors);
        }
        let solarise = Solarise { rows, width: channels * side * side, threshold: THRESHOLD, black_and_white: false };
        g.push("solarise", solarise, &[effects, x]);

        let mut executor = open(&layout);
        let plan: PlanId = executor.load(g.finish().expect("a valid plan")).expect("it loads");
        let mut write = |tensor: Tensor, values| executor.write(tensor, &values).expect("it is written");
        write(pixels, Values::U32(self.pixels.clone()));
        write(views, Values::U32(self.views.clone()));
        write(effects, Values::F32(self.effects.clone()));
        executor.run(plan, 1).expect("it runs");
        executor.read(x).expect("it is read").to_f64()
    }
}

fn agrees(open: Open<'_>) {
    for channels in [1, 3] {
        let table = Table::read(channels);
        let got = table.render(open);
        let width = table.channels * table.side * table.side;
        for (row, (got, want)) in got.chunks(width).zip(table.expected.chunks(width)).enumerate() {
            let worst = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            let (views, effects) = (&table.views[8 * row..][..8], &table.effects[8 * row..][..8]);
            assert!(worst <= 1e-4, "{channels} channels, views {views:?}, effects {effects:?}: off by {worst:e}");
        }
    }
}

#[test]
fn the_reference_agrees() {
    on_reference(agrees);
}

#[test]
fn the_cpu_agrees() {
    on_cpu(agrees);
}

#[test]
fn the_adapter_agrees() {
    on_adapter(agrees);
}

//! Views of pictures that are kept larger than the views, against torchvision's `resized_crop` with antialiasing.
//!
//! `tests/torchvision/make_table.py` made the table.

use safetensors::SafeTensors;
use wgpu_simvae::augment::{Augmentation, ViewCount};
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::DType;
use wgpu_simvae::kernels::augment::cut::Cut;
use wgpu_simvae::kernels::common::clock::CLOCK_WORDS;
use wgpu_simvae::plan::{Graph, Layout};

use crate::common::renderer::{Images, Renderer};
use crate::common::{Open, on_adapter, on_cpu, on_reference};

/// Largest distance from torchvision, in 0..=1.
const NEAR: f64 = 1e-4;
/// The script stores sixteen bits.
const FULL: f64 = 65535.0;

/// Renders the views of a picture of the table with given parameters, and says how far the worst pixel is from what is expected.
fn worst(file: &SafeTensors, number: usize, open: impl Fn(&Layout) -> Box<dyn Executor>) -> f64 {
    let tensor = |name: &str| file.tensor(&format!("{name}{number}")).expect("a tensor of the table");
    let (bytes, views, expected) = (tensor("pixels"), tensor("views"), tensor("expected"));
    let (&[images, channels, stored_height, stored_width], &[rows, _, height, width]) =
        (bytes.shape(), expected.shape())
    else {
        panic!("the table has another shape")
    };
    let mut words = vec![0u32; bytes.data().len().div_ceil(4)];
    bytemuck::cast_slice_mut(&mut words)[..bytes.data().len()].copy_from_slice(bytes.data());

    let mut layout = Layout::default();
    let pixels = layout.add("pixels", DType::Uint, [words.len()]);
    let mut g = Graph::new("torchvision's cuts");
    let clock = g.input_uints("clock", [CLOCK_WORDS]);
    let boxes = g.input_uints("views", [rows, 8]);
    let x = g.tensor("x", [rows, channels, height, width]);
    g.keep(x);
    let (stored, size) = ([stored_height, stored_width], [height, width]);
    let cut = Cut { images, rows, channels, stored, size, threshold: false, views: 1, ring: None };
    g.push("cut", cut, &[clock, boxes, pixels, x]);
    let mut executor = open(&layout);
    let plan = executor.load(g.finish().expect("a valid plan")).expect("it loads");
    executor.write(pixels, &Values::U32(words)).expect("it is written");
    let views = Values::U32(bytemuck::pod_collect_to_vec(views.data()));
    executor.write(boxes, &views).expect("it is written");
    executor.run(plan, 1).expect("it runs");
    let two = |bytes: &[u8]| f64::from(u16::from_le_bytes(bytes.try_into().expect("two bytes"))) / FULL;
    let expected = expected.data().chunks_exact(2).map(two);
    let got = executor.read(x).expect("it is read").to_f64();
    got.iter().zip(expected).map(|(got, want)| (got - want).abs()).fold(0.0, f64::max)
}

fn agrees(open: Open<'_>) {
    let file = SafeTensors::deserialize(include_bytes!("../torchvision/cuts.safetensors")).expect("a table");
    for number in 0..file.len() / 3 {
        let worst = worst(&file, number, open);
        assert!(worst <= NEAR, "picture {number}: off by {worst:e}");
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

/// Checkers become exactly one half, which is white, on every device: but at the corners, where the filter has no even share of both.
#[test]
fn black_and_white_is_exact_at_one_half() {
    const SIDE: usize = 62;
    const SIZE: usize = SIDE / 2;
    let how = Augmentation {
        area: [1.0; 2],
        aspect: [1.0; 2],
        horizontal_flip: 0.0,
        vertical_flip: 0.0,
        ..Augmentation::default()
    };
    for (gpu, threshold, want) in [(false, false, 0.5), (false, true, 1.0), (true, false, 0.5), (true, true, 1.0)] {
        let bytes = (0..SIDE * SIDE).map(|i| 255 * ((i % SIDE + i / SIDE) % 2) as u8).collect();
        let images = Images { bytes, shape: [1, SIDE, SIDE], size: [SIZE; 2], threshold };
        let count = (1, ViewCount { views: 1, plain: 0 });
        let Some(mut renderer) = Renderer::new(gpu, &images, count, &how, 1) else { continue };
        let (view, _) = renderer.step();
        for line in view.chunks(SIZE).take(SIZE - 1).skip(1) {
            assert!(line[1..SIZE - 1].iter().all(|value| (value - want).abs() < 1e-6), "{line:?}");
        }
    }
}

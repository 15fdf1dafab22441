//! Laws of the views: what crops, flips and the order of the images must be, on the CPU and on an adapter.

use crate::common::renderer::{Images, Renderer};
use wgpu_simvae::augment::{Augmentation, ViewCount};
use wgpu_simvae::kernels::common::clock::{CLOCK_WORDS, NEXT_CURSOR, NEXT_EPOCH};

const IMAGES: usize = 10;
const SHAPE: [usize; 3] = [1, 6, 5];
const PIXELS: usize = 30;

/// Image i has the value 10 i + 2 x + y / 2 at (x, y): a view tells where it comes from.
fn bytes() -> Vec<u8> {
    (0..IMAGES * PIXELS).map(|i| (20 * (i / PIXELS) + 2 * (i % PIXELS % 5) + (i % PIXELS / 5)) as u8).collect()
}

/// The views of each step, as bytes with fractions.
struct Bench(Renderer);

impl Bench {
    fn new(gpu: bool, batch: usize, views: usize, how: &Augmentation, seed: u64) -> Option<Self> {
        Self::counted(gpu, (batch, ViewCount { views, plain: 0 }), how, seed)
    }

    fn counted(gpu: bool, count: (usize, ViewCount), how: &Augmentation, seed: u64) -> Option<Self> {
        let images = Images { bytes: bytes(), shape: SHAPE, size: [SHAPE[1], SHAPE[2]], threshold: false };
        Some(Self(Renderer::new(gpu, &images, count, how, seed)?))
    }

    fn step(&mut self) -> Vec<Vec<f32>> {
        self.step_and_clock().0
    }

    fn step_and_clock(&mut self) -> (Vec<Vec<f32>>, Vec<u32>) {
        let (views, clock) = self.0.step();
        (views.chunks(PIXELS).map(|view| view.iter().map(|v| v * 255.0).collect()).collect(), clock)
    }
}

fn plain() -> Augmentation {
    Augmentation {
        area: [1.0, 1.0],
        aspect: [5.0 / 6.0, 5.0 / 6.0],
        horizontal_flip: 0.0,
        vertical_flip: 0.0,
        ..Augmentation::default()
    }
}

fn wild() -> Augmentation {
    Augmentation {
        area: [0.2, 0.9],
        aspect: [0.75, 4.0 / 3.0],
        horizontal_flip: 0.5,
        vertical_flip: 0.5,
        ..Augmentation::default()
    }
}

/// Runs a law on the CPU, and on the adapter where there is one.
fn on_each(law: impl Fn(bool)) {
    law(false);
    law(true);
}

fn image_of(view: &[f32]) -> usize {
    (view[0] / 20.0 + 0.01) as usize
}

#[test]
fn views_that_change_nothing_are_the_images() {
    on_each(|gpu| {
        let Some(mut bench) = Bench::new(gpu, 4, 2, &plain(), 1) else { return };
        for view in bench.step() {
            let image = image_of(&view);
            let want: Vec<f32> = bytes()[image * PIXELS..][..PIXELS].iter().map(|&b| f32::from(b)).collect();
            assert!(view.iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-3), "{view:?}\n{want:?}");
        }
    });
}

#[test]
fn plain_views_are_the_image_beside_wild_ones() {
    on_each(|gpu| {
        let how = Augmentation { horizontal_flip: 1.0, vertical_flip: 1.0, ..wild() };
        let count = ViewCount { views: 2, plain: 1 };
        let Some(mut bench) = Bench::counted(gpu, (4, count), &how, 1) else { return };
        for pair in bench.step().chunks(2) {
            let image = image_of(&pair[0]);
            let want: Vec<f32> = bytes()[image * PIXELS..][..PIXELS].iter().map(|&b| f32::from(b)).collect();
            assert!(pair[0].iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-3), "{:?}", pair[0]);
            assert!(pair[1].iter().zip(&want).any(|(got, want)| (got - want).abs() > 0.5), "{:?}", pair[1]);
        }
    });
}

#[test]
fn flips_mirror_the_image() {
    on_each(|gpu| {
        let (mut both, mut none) = match (
            Bench::new(gpu, 3, 1, &Augmentation { horizontal_flip: 1.0, vertical_flip: 1.0, ..plain() }, 5),
            Bench::new(gpu, 3, 1, &plain(), 5),
        ) {
            (Some(both), Some(none)) => (both, none),
            _ => return,
        };
        for (flipped, straight) in both.step().iter().zip(none.step()) {
            let turned: Vec<f32> = straight.iter().rev().copied().collect();
            assert!(flipped.iter().zip(&turned).all(|(a, b)| (a - b).abs() < 1e-3));
        }
    });
}

#[test]
fn an_epoch_visits_every_image_once_across_batches() {
    on_each(|gpu| {
        // Batches of 4 out of 10: the third straddles two epochs.
        let Some(mut bench) = Bench::new(gpu, 4, 1, &plain(), 9) else { return };
        let mut order: Vec<usize> = (0..4).flat_map(|_| bench.step()).map(|view| image_of(&view)).collect();
        let (last, clock) = bench.step_and_clock();
        order.extend(last.iter().map(|view| image_of(view)));
        let sorted = |part: &[usize]| {
            let mut part = part.to_vec();
            part.sort_unstable();
            part
        };
        assert_eq!(sorted(&order[..10]), (0..10).collect::<Vec<_>>());
        assert_eq!(sorted(&order[10..]), (0..10).collect::<Vec<_>>());
        assert_ne!(order[..10], order[10..], "epochs have orders of their own");
        assert_eq!(clock.len(), CLOCK_WORDS);
        assert_eq!((clock[NEXT_EPOCH], clock[NEXT_CURSOR]), (2, 0));
    });
}

#[test]
fn crops_stay_inside_and_interpolate() {
    on_each(|gpu| {
        let Some(mut bench) = Bench::new(gpu, 10, 3, &wild(), 2) else { return };
        let views: Vec<Vec<f32>> = (0..5).flat_map(|_| bench.step()).collect();
        for view in &views {
            let (low, high) = (view.iter().cloned().fold(f32::MAX, f32::min), view.iter().cloned().fold(0.0, f32::max));
            let image = (low / 20.0 + 0.01) as usize;
            assert!(high <= (20 * image + 13) as f32 + 1e-3, "one image's values only: {low} to {high}");
            // The picture is a plane, and bilinear interpolation keeps planes, but for the repeated border.
            let slope = view[7] - view[6];
            assert!(slope.abs() <= 2.0 + 1e-3, "enlarging never steepens: {slope}");
        }
        assert!(views.iter().any(|view| view != &views[0]));
    });
}

#[test]
fn seeds_and_views_differ_and_steps_repeat() {
    let views = |seed: u64| Bench::new(false, 5, 2, &wild(), seed).expect("the CPU").step();
    assert_eq!(views(3), views(3));
    assert_ne!(views(3), views(4));
    let same = views(3);
    assert!(same.chunks(2).any(|pair| pair[0] != pair[1]), "two views of an image differ");
}

#[test]
fn the_adapter_renders_the_same_pixels_but_for_the_rounding_of_one_division() {
    let Some(mut gpu) = Bench::new(true, 7, 3, &wild(), 11) else { return };
    let mut cpu = Bench::new(false, 7, 3, &wild(), 11).expect("the CPU");
    for _ in 0..4 {
        for (got, want) in gpu.step().iter().zip(cpu.step()) {
            assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() <= 2e-5), "{got:?}\n{want:?}");
        }
    }
}

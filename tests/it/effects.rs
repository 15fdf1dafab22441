//! Laws of what changes the colours and the sharpness of views: how it is drawn, and what it must leave alone.

use crate::common::renderer::{Images, Renderer};
use wgpu_simvae::augment::{
    Augmentation, BlurSettings, EffectSettings, ImageSource, JitterSettings, SolariseSettings, ViewCount,
};
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::DType;
use wgpu_simvae::kernels::augment::effects::Effects;
use wgpu_simvae::kernels::common::clock::fresh;
use wgpu_simvae::kernels::common::effects::{
    BRIGHTNESS, CONTRAST, EFFECT_NUMBERS, GREY, HUE, ORDER, SATURATION, SIGMA, SOLARISE,
};
use wgpu_simvae::kernels::common::philox::philox;
use wgpu_simvae::optim::StepState;
use wgpu_simvae::plan::{Graph, Layout};

const IMAGES: usize = 12;
const SHAPE: [usize; 3] = [3, 6, 7];
const PIXELS: usize = 126;

/// Every effect, each sometimes.
fn all() -> EffectSettings {
    EffectSettings {
        jitter: JitterSettings { probability: 0.8, brightness: 0.4, contrast: 1.6, saturation: 0.2, hue: 0.1 },
        grey: 0.2,
        blur: BlurSettings { probability: 0.5, kernel: 3, sigma: [0.1, 2.0] },
        solarise: SolariseSettings { probability: 0.3, threshold: 0.5 },
    }
}

fn with(effects: EffectSettings) -> Augmentation {
    Augmentation {
        plain: false,
        area: [1.0, 1.0],
        aspect: [7.0 / 6.0, 7.0 / 6.0],
        horizontal_flip: 0.0,
        vertical_flip: 0.0,
        jitter: effects.jitter,
        grey: effects.grey,
        blur: effects.blur,
        solarise: effects.solarise,
        threshold: false,
    }
}

/// Two views of each image.
const TWO: ViewCount = ViewCount { views: 2, plain: 0 };

/// Two views of each of `batch` images a step.
fn renderer(gpu: bool, batch: usize, threshold: bool, how: &Augmentation) -> Option<Renderer> {
    counted(gpu, (batch, TWO), threshold, how)
}

fn counted(gpu: bool, count: (usize, ViewCount), threshold: bool, how: &Augmentation) -> Option<Renderer> {
    let bytes = (0..IMAGES * PIXELS / 4).flat_map(|i| philox([8, 0], [i as u32, 0, 0, 0])[0].to_le_bytes()).collect();
    Renderer::new(gpu, &Images { bytes, shape: SHAPE, size: [SHAPE[1], SHAPE[2]], threshold }, count, how, 3)
}

/// The views of an epoch on the CPU, in steps of `batch` images.
fn epoch(batch: usize, threshold: bool, how: &Augmentation) -> Vec<f32> {
    epoch_of(renderer(false, batch, threshold, how), batch)
}

fn epoch_of(renderer: Option<Renderer>, batch: usize) -> Vec<f32> {
    let mut views = renderer.expect("the CPU");
    (0..IMAGES / batch).flat_map(|_| views.step().0).collect()
}

/// What is drawn for the views of so many images, one row each.
fn drawn(images: usize, view: u32, settings: EffectSettings) -> Vec<[f32; EFFECT_NUMBERS]> {
    let mut layout = Layout::default();
    let clock = layout.add("clock", DType::Uint, [8]);
    let mut g = Graph::new("draw");
    let (views, effects) = (g.input_uints("views", [images, 8]), g.tensor("effects", [images, 8]));
    g.keep(effects);
    g.push("effects", Effects { rows: images, plain: 1, settings }, &[clock, views, effects]);
    let mut executor = CpuExecutor::<f32>::new(&layout).expect("enough memory");
    let plan = executor.load(g.finish().expect("a valid plan")).expect("it loads");
    let words = (0..images as u32).flat_map(|image| [image, 0, 0, 7, 6, 0, 5, view]).collect();
    executor.write(views, &Values::U32(words)).expect("it is written");
    executor.write(clock, &Values::U32(fresh(1).to_vec())).expect("it is written");
    executor.run(plan, 1).expect("it runs");
    let numbers = executor.read(effects).expect("it is read").to_f32();
    numbers.as_chunks::<EFFECT_NUMBERS>().0.to_vec()
}

/// Fails if something of probability `p` happened to a share of the rows that five standard deviations do not explain.
fn happens(rows: &[[f32; EFFECT_NUMBERS]], p: f64, what: &str, when: impl Fn(&[f32; EFFECT_NUMBERS]) -> bool) {
    let share = rows.iter().filter(|row| when(row)).count() as f64 / rows.len() as f64;
    let deviation = (p * (1.0 - p) / rows.len() as f64).sqrt();
    assert!((share - p).abs() <= 5.0 * deviation, "{what}: {share} instead of {p}");
}

#[test]
fn probabilities_are_met() {
    let rows = drawn(20_000, 1, all());
    happens(&rows, 0.8, "jitter", |row| row[BRIGHTNESS] != 1.0 && row[HUE] != 0.0);
    happens(&rows, 0.2, "grey", |row| row[GREY] == 1.0);
    happens(&rows, 0.5, "blur", |row| row[SIGMA] > 0.0);
    happens(&rows, 0.3, "solarise", |row| row[SOLARISE] == 1.0);
    // Drawn apart from each other.
    happens(&rows, 0.8 * 0.2, "jitter and grey", |row| row[BRIGHTNESS] != 1.0 && row[GREY] == 1.0);
    happens(&rows, 0.5 * 0.3, "blur and solarise", |row| row[SIGMA] > 0.0 && row[SOLARISE] == 1.0);
}

#[test]
fn factors_fill_their_ranges_and_every_order_comes() {
    let rows = drawn(20_000, 1, all());
    let jittered: Vec<_> = rows.iter().filter(|row| row[HUE] != 0.0).copied().collect();
    let blurred: Vec<_> = rows.iter().filter(|row| row[SIGMA] > 0.0).copied().collect();
    // The contrast cannot become negative: 1 - 1.6 is cut off at 0.
    for (rows, at, low, high) in [
        (&jittered, BRIGHTNESS, 0.6, 1.4),
        (&jittered, CONTRAST, 0.0, 2.6),
        (&jittered, SATURATION, 0.8, 1.2),
        (&jittered, HUE, -0.1, 0.1),
        (&blurred, SIGMA, 0.1, 2.0),
    ] {
        let middle = (low + high) / 2.0;
        assert!(rows.iter().all(|row| row[at] >= low && row[at] <= high), "number {at} leaves its range");
        happens(rows, 0.5, "the lower half", |row| row[at] < middle);
        happens(rows, 0.01, "the highest hundredth", |row| row[at] > high - 0.01 * (high - low));
    }
    let orders: std::collections::BTreeSet<u32> = rows.iter().map(|row| row[ORDER] as u32).collect();
    assert_eq!(orders.len(), 24);
    for order in orders {
        happens(&rows, 1.0 / 24.0, "an order", |row| row[ORDER] as u32 == order);
    }
}

#[test]
fn plain_views_and_views_without_effects_keep_everything() {
    let nothing = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    let still = |row: &[f32; EFFECT_NUMBERS]| [row[0], row[1], row[2], row[3], row[GREY], row[SIGMA], row[SOLARISE]];
    assert!(drawn(500, 0, all()).iter().all(|row| still(row) == nothing), "view 0 is plain");
    assert!(drawn(500, 1, EffectSettings::default()).iter().all(|row| still(row) == nothing));
}

#[test]
fn without_effects_nothing_is_dispatched() {
    let dispatches = |effects: EffectSettings| {
        let mut g = Graph::new("views");
        let mut layout = Layout::default();
        let state = StepState::new(&mut layout);
        let pixels = layout.add("pixels", DType::Uint, [IMAGES * PIXELS / 4]);
        let stored = [SHAPE[1], SHAPE[2]];
        let source = ImageSource { pixels, images: IMAGES, shape: SHAPE, stored, threshold: true };
        source.augmented(&mut g, state.clock, 4, TWO, &with(effects));
        g.finish().expect("a valid plan").dispatches.len()
    };
    let none = EffectSettings::default();
    let jitter = JitterSettings { probability: 0.0, ..all().jitter };
    assert_eq!(dispatches(EffectSettings { jitter, ..none.clone() }), 2);
    assert_eq!(dispatches(EffectSettings { grey: 0.1, ..none }), 5);
    assert_eq!(dispatches(all()), 7);
}

#[test]
fn effects_that_change_nothing_keep_every_bit() {
    let EffectSettings { jitter, blur, .. } = EffectSettings::default();
    let still = EffectSettings {
        jitter: JitterSettings { probability: 1.0, ..jitter },
        blur: BlurSettings { probability: 1.0, kernel: 1, ..blur },
        ..EffectSettings::default()
    };
    for gpu in [false, true] {
        let plain = renderer(gpu, 4, false, &with(EffectSettings::default()));
        let (Some(mut plain), Some(mut still)) = (plain, renderer(gpu, 4, false, &with(still.clone()))) else {
            return;
        };
        assert_eq!(plain.step().0, still.step().0);
    }
}

#[test]
fn a_view_does_not_depend_on_the_batch_it_falls_into() {
    assert_eq!(epoch(4, false, &with(all())), epoch(3, false, &with(all())));
    let views = epoch(4, false, &with(all()));
    assert!(views.chunks(2 * PIXELS).any(|pair| pair[..PIXELS] != pair[PIXELS..]), "two views of an image differ");
    assert!(views.iter().all(|x| (0.0..=1.0).contains(x)));
}

#[test]
fn the_first_view_of_two_stays_plain() {
    let first_plain = ViewCount { views: 2, plain: 1 };
    let plain = epoch(4, false, &with(EffectSettings::default()));
    let changed = epoch_of(counted(false, (4, first_plain), false, &with(all())), 4);
    for (changed, plain) in changed.chunks(2 * PIXELS).zip(plain.chunks(2 * PIXELS)) {
        assert_eq!(changed[..PIXELS], plain[..PIXELS]);
    }
    assert_ne!(changed, plain);
}

#[test]
fn black_and_white_comes_last() {
    assert!(epoch(4, true, &with(all())).iter().all(|&x| x == 0.0 || x == 1.0));
}

#[test]
fn the_adapter_makes_the_same_views() {
    let Some(mut gpu) = renderer(true, 5, false, &with(all())) else { return };
    let mut cpu = renderer(false, 5, false, &with(all())).expect("the CPU");
    for _ in 0..4 {
        for (got, want) in gpu.step().0.iter().zip(cpu.step().0) {
            assert!((got - want).abs() <= 2e-5, "{got} {want}");
        }
    }
}

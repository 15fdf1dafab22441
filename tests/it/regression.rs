//! One test for each bug that was reported or found once: its line says what went wrong.

use crate::common::ends::{assert_ends, text};
use crate::common::files::files_of;
use crate::common::folders::{assert_words, folder_of, read, temporary};
use crate::common::{devices, sprites, stopping};
use std::path::Path;
use std::process::{Command, Output};
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::{Device, DeviceError, Values, reference};
use wgpu_simvae::kernels::DType;
use wgpu_simvae::kernels::activation::{Activation, Function};
use wgpu_simvae::kernels::augment::sample::{Sample, VIEW_WORDS};
use wgpu_simvae::kernels::common::clock;
use wgpu_simvae::kernels::linear::column_sum::ColumnSum;
use wgpu_simvae::nn::{Mlp, Params};
use wgpu_simvae::plan::{Graph, Layout, Plan, PlanError, Tensor};
use wgpu_simvae::run_folder::checkpoint;
use wgpu_simvae::run_folder::metrics::{MetricsLog, Row};
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::Session;

fn config(set: &[&str]) -> Config {
    Config::of(set).expect("valid settings")
}

fn simvae(folder: &Path, command: &[&str], set: &[&str]) -> Output {
    let set = set.iter().flat_map(|set| ["--set", set]);
    let mut program = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    program.args(command).args(["--device", "cpu"]).args(set).current_dir(folder).output().expect("the command starts")
}

/// A resumed run lost the rows of before, and their part of the curves.
#[test]
fn a_run_that_lost_its_last_checkpoint_ends_with_all_rows_and_pictures() {
    let (folder, device, data) = (temporary(), Device::cpu(), sprites("sprites", 40, 40));
    let config = config(&["model.hidden=[8]", "batch=7", "epochs=3", "log.every=4", "log.pictures_every=1"]);
    let run = folder.path().join("run");
    let rows = || {
        let rows = MetricsLog::read(&run.join("metrics.jsonl")).expect("metrics");
        rows.into_iter().map(|row| Row { seconds: 0.0, ..row }).collect::<Vec<_>>()
    };
    stopping::train(&config, &data, &device, &run, false, None);
    let (all, pictures) = (rows(), files_of(&run.join("reconstructions")));
    assert!(all.len() > 4 && pictures.len() == 3);
    let (_, last) = checkpoint::list(&run).expect("a listing").pop().expect("a checkpoint");
    std::fs::remove_dir_all(last).expect("it goes");
    stopping::train(&config, &data, &device, &run, true, None);
    assert_eq!(rows(), all);
    assert!(files_of(&run.join("reconstructions")) == pictures);
}

/// Pictures of one test image ended in a panic.
#[test]
fn one_test_image_is_no_way_between_two() {
    let names: Vec<String> = (0..10).map(|number| format!("{number}.png")).collect();
    let folder = folder_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let run = temporary();
    let out = run.path().join("run").display().to_string();
    let data = format!("folder:{}", folder.path().display());
    let set = ["data.size=16", "data.cache=off", "model.kind=official-conv", "model.width=2", "batch=4", "epochs=1"];
    assert_ends(&simvae(run.path(), &["train", "--data", &data, "--out", &out], &set), 0, &[]);
    assert_ends(&simvae(run.path(), &["interpolate", &out], &[]), 2, &["one test image", "a way needs two"]);
}

/// Without a terminal, only the first row of a comparison told its steps.
#[test]
fn every_row_of_a_comparison_tells_its_steps() {
    let folder = temporary();
    let set = ["model.hidden=[8]", "data.limit=32", "batch=8", "views=2", "epochs=1", "log.every=4"];
    let row = ["compare", "--data", "sprites", "--methods", "vae,vicreg", "--out", "all"];
    let judges = ["--probe-epochs", "1", "--mixture-starts", "1"];
    let told = text(&simvae(folder.path(), &[&row[..], &judges].concat(), &set));
    let rows: Vec<&str> = told.split("seed 0\n").skip(1).collect();
    assert!(rows.len() >= 2 && rows[..2].iter().all(|row| row.contains("\nstep 4 ")), "{told}");
}

/// All latents were decoded in one batch, for which an adapter may have no buffer.
#[test]
fn many_latents_are_decoded_piece_by_piece() {
    let config = config(&["model.hidden=[4]", "model.latent=2", "batch=2", "method=vae"]);
    let recipe = Recipe::new(&config).expect("a recipe");
    let mut session = Session::open(&recipe, &sprites("sprites", 4, 4), &Device::cpu()).expect("it opens");
    let latents: Vec<f32> = (0..2 * 600).map(|i| (i as f32 * 0.37).sin()).collect();
    let pictures = session.decode(&latents).expect("it draws");
    let pixels = pictures.len() / 600;
    for latent in [0, 255, 256, 599] {
        let alone = session.decode(&latents[2 * latent..][..2]).expect("it draws");
        assert_eq!(pictures[latent * pixels..][..pixels], alone, "latent {latent}");
    }
}

/// A label without a class read outside of memory, and panicked on the CPU.
#[test]
fn a_session_opens_no_data_that_do_not_fit_together() {
    let config = config(&["model.hidden=[4]", "batch=2"]);
    let data = read(folder_of(&["a/1.png", "a/2.png", "b/3.png"]).path()).expect("a good folder");
    let open = |data: &Dataset| {
        Session::open(&Recipe::new(&config).expect("a recipe"), data, &Device::cpu())
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    open(&data).expect("it fits together");
    let mut bad = data.clone();
    bad.train.labels[1] = 2;
    assert_words(&open(&bad).expect_err("no such class"), &["label 2 of image 1"]);
    let mut bad = data.clone();
    bad.train.pixels.truncate(3);
    assert_words(&open(&bad).expect_err("too few bytes"), &["3 bytes of pixels"]);
}

/// On a GPU `max(NaN, 0)` may be 0, and a number that was none went on as one.
#[test]
fn a_relu_hides_no_nan() {
    for mut device in devices(&Layout::default()) {
        let mut graph = Graph::new("relu");
        let (x, y) = (graph.input("x", [5]), graph.tensor("y", [5]));
        graph.push("relu", Activation { function: Function::Relu, count: 5 }, &[x, x, y]);
        graph.keep(y);
        let id = device.load(graph.finish().expect("a plan")).expect("it loads");
        let input = vec![-1.0, 2.0, f32::NAN, f32::NEG_INFINITY, f32::INFINITY];
        device.write(x, &Values::F32(input)).expect("an input");
        device.run(id, 1).expect("it runs");
        let found = device.read(y).expect("a result").to_f32();
        assert!(found[2].is_nan(), "{}: {found:?}", device.device());
        assert_eq!([found[0], found[1], found[3], found[4]], [0.0, 2.0, 0.0, f32::INFINITY]);
    }
}

/// The rows beyond what a grid has invocations for were never drawn.
#[test]
fn every_row_of_a_large_batch_is_drawn() {
    const ROWS: u32 = 16_384 * 64 + 1;
    let kernel = Sample {
        images: 1 << 21,
        first: 0,
        rows: ROWS,
        views: 1,
        plain: 0,
        height: 8,
        width: 8,
        shuffle: false,
        crop: false,
        area: [0.5, 1.0],
        aspect: [1.0, 1.0],
        horizontal_flip: 0.0,
        vertical_flip: 0.0,
    };
    let mut layout = Layout::default();
    let time = layout.add("clock", DType::Uint, [clock::CLOCK_WORDS]);
    let views = layout.add("views", DType::Uint, [ROWS as usize, VIEW_WORDS]);
    for mut device in devices(&layout) {
        let mut graph = Graph::new("sample");
        graph.push("sample", kernel.clone(), &[time, views]);
        let id = device.load(graph.finish().expect("a plan")).expect("it loads");
        device.write(time, &Values::U32(clock::fresh(3).to_vec())).expect("a clock");
        device.run(id, 1).expect("it runs");
        let drawn = device.read(views).expect("views");
        let images = drawn.words().chunks_exact(VIEW_WORDS).map(|view| view[0]);
        assert!(images.eq(0..ROWS), "{}: in order, each once", device.device());
    }
}

/// A layer that was passed twice had the gradient of its second pass only, and trained on it.
#[test]
fn a_layer_is_passed_once() {
    let (mut layout, mut params, mut g) = (Layout::default(), Params::default(), Graph::new("twice"));
    let layer = Mlp::new(&mut params, "layer", &[3, 3]);
    let memory = params.allocate(&mut layout);
    let x = g.input("x", [2, 3]);
    let y = layer.forward(&mut g, &memory, x, false);
    let z = layer.forward(&mut g, &memory, y, true);
    let seed = g.input("seed", z.shape);
    g.set_grad(z, seed);
    g.backward();
    let error = g.finish().expect_err("its first gradient is lost");
    assert!(matches!(error, PlanError::Lost { .. }), "{error}");
}

fn sums(g: &mut Graph, rows: usize, x: Tensor, y: Tensor) {
    g.push("sums", ColumnSum { rows, columns: 1 }, &[x, y]);
}

/// A tensor of which only a part had been written was read whole: what is behind belonged to others.
#[test]
fn what_is_read_has_been_written_to_its_end() {
    let mut g = Graph::new("part");
    let (x, long, y) = (g.input("x", [5]), g.tensor("long", [9]), g.tensor("y", [1]));
    g.push("five of nine", Activation { function: Function::Relu, count: 5 }, &[x, x, long]);
    sums(&mut g, 9, long, y);
    assert!(matches!(g.finish(), Err(PlanError::Unwritten { .. })));
}

/// A tensor that is kept for the host counted as written by it.
#[test]
fn a_tensor_that_is_kept_is_not_written_by_that() {
    let mut g = Graph::new("kept");
    let (x, y) = (g.tensor("x", [5]), g.tensor("y", [1]));
    g.keep(x);
    sums(&mut g, 5, x, y);
    assert!(matches!(g.finish(), Err(PlanError::Unwritten { .. })));
}

/// A handle that claims more than its tensor reached into memory that others share, wherever that was large enough.
#[test]
fn a_handle_claims_no_more_than_its_tensor() {
    let mut g = Graph::new("view");
    let (x, y) = (g.input("x", [5]), g.tensor("y", [1]));
    sums(&mut g, 9, Tensor { shape: [9].into(), ..x }, y);
    assert!(matches!(g.finish(), Err(PlanError::View { .. })));
}

/// A plan over another layout found words where its kernel takes reals, and panicked.
#[test]
fn plans_over_another_layout_are_refused() {
    let (mut layout, mut other) = (Layout::default(), Layout::default());
    layout.add("words", DType::Uint, [5]);
    let reals = other.add("reals", DType::Real, [5]);
    let plan = || -> Plan {
        let mut g = Graph::new("sum");
        let y = g.tensor("y", [1]);
        sums(&mut g, 5, reals, y);
        g.finish().expect("a plan")
    };
    for mut device in devices(&layout) {
        assert!(matches!(device.load(plan()), Err(DeviceError::Plan(PlanError::Foreign { .. }))));
    }
    let mut executor = reference(&other).expect("there is room");
    let id = executor.load(plan()).expect("its own layout");
    executor.write(reals, &Values::F32(vec![1.0; 5])).and_then(|()| executor.run(id, 1)).expect("it runs");
}

//! Choosing a device, and what executors promise.

use std::time::Duration;
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions, adapters, tuning};
use wgpu_simvae::device::{DeviceRequest, Executor, Values, choose};
use wgpu_simvae::kernels::DType;
use wgpu_simvae::kernels::activation::{Activation, Function};
use wgpu_simvae::kernels::linear::matmul::{Epilogue, Form, Matmul};
use wgpu_simvae::plan::{Graph, Layout, PlanError, Tensor};

#[test]
fn requests_are_words_numbers_or_names() {
    let parse = |text: &str| text.parse::<DeviceRequest>();
    assert_eq!(parse("auto"), Ok(DeviceRequest::Auto));
    assert_eq!(parse("gpu"), Ok(DeviceRequest::Gpu));
    assert_eq!(parse("cpu"), Ok(DeviceRequest::Cpu));
    assert_eq!(parse("3"), Ok(DeviceRequest::Index(3)));
    assert_eq!(parse("RTX 3090"), Ok(DeviceRequest::Name("rtx 3090".to_owned())));
    assert!(parse("").is_err());
}

#[test]
fn a_software_adapter_is_used_only_when_asked_for() {
    let auto = choose(&DeviceRequest::Auto).expect("there is always a CPU");
    let only_software = adapters().iter().all(|adapter| adapter.is_software());
    assert_eq!(auto.name() == "CPU", only_software, "{}", auto.reason);
    if let Some(adapter) = crate::common::adapter() {
        let name = adapter.info.name.to_lowercase();
        assert_eq!(choose(&DeviceRequest::Name(name)).expect("it is there").name(), adapter.describe());
        assert_eq!(choose(&DeviceRequest::Gpu).expect("it is there").name(), adapter.describe());
    }
}

#[test]
fn the_timed_trial_runs_every_variant() {
    if let Some(adapter) = crate::common::adapter() {
        let tuning = tuning::trial(&adapter).expect("the adapter runs both kernels");
        assert!(tuning::cached(&adapter).is_ok(), "{tuning:?}");
    }
}

/// Steps whose dispatches change what the next ones read, as whole submissions, one dispatch at a time, and as they come.
#[test]
fn results_do_not_depend_on_the_size_of_submissions() {
    let Some(adapter) = crate::common::adapter() else { return };
    const SIDE: usize = 37;
    let mut layout = Layout::default();
    let [a, b, c] = ["a", "b", "c"].map(|name| layout.add(name, DType::Real, [SIDE, SIDE]));
    let numbers = |seed: usize| Values::F32((0..SIDE * SIDE).map(|i| ((i * seed) % 101) as f32 / 1000.0).collect());
    let product = |form, epilogue| Matmul { form, m: SIDE, n: SIDE, k: SIDE, epilogue };
    let results = [Some(Duration::ZERO), Some(Duration::from_millis(1)), None, Some(Duration::MAX)].map(|submission| {
        let options = GpuOptions { submission, ..GpuOptions::default() };
        let mut gpu = GpuExecutor::new(&adapter, &layout, options).expect("the adapter opens");
        let mut g = Graph::new("products");
        g.push("sum", product(Form::Nt, Epilogue::Accumulate), &[a, b, b, c]);
        g.push("product", product(Form::Nn, Epilogue::None), &[c, b, b, a]);
        g.push("again", product(Form::Tn, Epilogue::Accumulate), &[a, b, b, c]);
        let plan = gpu.load(g.finish().expect("valid")).expect("it loads");
        gpu.write(a, &numbers(7)).expect("it is written");
        gpu.write(b, &numbers(13)).expect("it is written");
        gpu.run(plan, 9).expect("it runs");
        gpu.run_part(plan, 0..2).expect("it runs");
        assert!(gpu.run_part(plan, 2..4).is_err(), "there are three dispatches");
        assert_eq!(gpu.timeline(plan).expect("it runs").spans.len(), 3);
        [a, c].map(|tensor| gpu.read(tensor).expect("it is read"))
    });
    let finite = |values: &Values| values.to_f32().iter().all(|x| x.is_finite() && *x != 0.0);
    assert!(results[0].iter().all(finite));
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

/// What an executor leaves behind is not seen by the next, and is free for it; two at a time have nothing in common.
#[test]
fn an_adapter_stays_open_for_the_next_executor() {
    let Some(adapter) = crate::common::adapter() else { return };
    let mut layout = Layout::default();
    let [x, y] = ["x", "y"].map(|name| layout.add(name, DType::Real, [5]));
    let open = || GpuExecutor::new(&adapter, &layout, GpuOptions::default()).expect("the adapter opens");
    let run = |gpu: &mut GpuExecutor, value: f32| {
        assert_eq!([x, y].map(|tensor| gpu.read(tensor).expect("it is read").to_f32()), [[0.0; 5]; 2]);
        let mut g = Graph::new("relu");
        relu(&mut g, x, y);
        let plan = gpu.load(g.finish().expect("valid")).expect("it loads");
        gpu.write(x, &Values::F32(vec![value; 5])).expect("it is written");
        gpu.run(plan, 1).expect("it runs");
    };
    for value in [1.0, 2.0] {
        let (mut one, mut other) = (open(), open());
        run(&mut one, value);
        run(&mut other, -value);
        assert_eq!(one.read(y).expect("it is read").to_f32(), [value; 5]);
        assert_eq!(other.read(y).expect("it is read").to_f32(), [0.0; 5]);
        assert!(format!("{adapter:?}").contains("2 open"), "{adapter:?}");
    }
    let bytes = open().allocated_bytes();
    for _ in 0..20 {
        let mut gpu = open();
        run(&mut gpu, 1.0);
    }
    assert_eq!(open().allocated_bytes(), bytes, "they leave no memory behind");
    assert!(format!("{adapter:?}").contains("2 open"), "{adapter:?}");
}

/// Where the environment says where a user's cache folder is.
#[cfg(target_os = "linux")]
#[test]
fn compiled_pipelines_are_kept_and_a_damaged_file_is_begun_anew() {
    let Some(adapter) = crate::common::adapter() else { return };
    if !adapter.features.contains(wgpu::Features::PIPELINE_CACHE) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let pipelines = folder.path().join("wgpu-simvae/pipelines");
    let run = || {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"))
            .args(["bench", "--device", "gpu", "--seconds", "0.001", "--rounds", "1", "--rows", "4"])
            .args(["--set", "model.hidden=[16]", "--set", "data.limit=16"])
            .env("XDG_CACHE_HOME", folder.path())
            .output();
        crate::common::ends::assert_ends(&output.expect("the command starts"), 0, &["loading "]);
        let files: Vec<_> =
            std::fs::read_dir(&pipelines).expect("a folder").flatten().map(|file| file.path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        (files[0].clone(), std::fs::read(&files[0]).expect("a file"))
    };
    let (file, kept) = run();
    std::fs::write(&file, &kept[..kept.len() / 2]).expect("it is damaged");
    let (_, again) = run();
    assert_ne!(again.len(), kept.len() / 2, "a damaged file is replaced");
}

/// Both executors over one region of five numbers.
fn executors(layout: &Layout) -> Vec<Box<dyn Executor>> {
    let mut all: Vec<Box<dyn Executor>> = vec![Box::new(CpuExecutor::<f32>::new(layout).expect("enough memory"))];
    if let Some(adapter) = crate::common::adapter() {
        all.push(Box::new(GpuExecutor::new(&adapter, layout, GpuOptions::default()).expect("the adapter opens")));
    }
    all
}

fn relu(g: &mut Graph, x: Tensor, y: Tensor) {
    g.push("relu", Activation { function: Function::Relu, count: 5 }, &[x, x, y]);
}

#[test]
fn copies_arrive_for_who_asked_as_they_were_then() {
    let mut layout = Layout::default();
    let [x, y] = ["x", "y"].map(|name| layout.add(name, DType::Real, [5]));
    for mut executor in executors(&layout) {
        let mut g = Graph::new("relu");
        relu(&mut g, x, y);
        let plan = executor.load(g.finish().expect("valid")).expect("it loads");
        let mut tickets = Vec::new();
        for step in 1..=3 {
            executor.write(x, &Values::F32(vec![step as f32; 5])).expect("it is written");
            executor.run(plan, 1).expect("it runs");
            tickets.push((step, executor.request(y).expect("it is asked for")));
        }
        // A read in between takes none of the copies away.
        assert_eq!(executor.read(y).expect("it is read").to_f32(), [3.0; 5]);
        // Whoever asks first need not be served first.
        for (step, ticket) in tickets.iter().copied().rev() {
            let copy = executor.arrived(ticket, true).expect("it arrives").expect("it was asked for");
            assert_eq!(copy.to_f32(), [step as f32; 5], "{}", executor.device());
        }
        for (_, ticket) in tickets {
            let error = executor.arrived(ticket, true).expect_err("it was taken").to_string();
            assert!(error.contains("has been taken"), "{error}");
        }
        let ticket = CpuExecutor::<f32>::new(&layout).and_then(|mut other| other.request(y)).expect("another's");
        assert!(executor.arrived(ticket, false).is_err(), "a ticket of another executor");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut layout = Layout::default();
    let x = layout.add("x", DType::Real, [5]);
    let stranger = Layout::default().add("other", DType::Real, [9]);
    for mut executor in executors(&layout) {
        assert!(executor.write(x, &Values::F32(vec![0.0; 4])).is_err(), "too few numbers");
        assert!(executor.write(x, &Values::U32(vec![0; 5])).is_err(), "words for numbers");
        assert!(executor.read(stranger).is_err(), "a tensor beyond the region");
        let mut g = Graph::new("never loaded");
        let temporary = g.tensor("t", [5]);
        assert!(executor.read(temporary).is_err(), "a tensor of a plan that was not loaded");
    }
}

#[test]
fn graphs_refuse_mistakes_of_their_layers() {
    let mut layout = Layout::default();
    let x = layout.add("x", DType::Real, [5]);
    let mut g = Graph::new("short");
    let short = g.tensor("short", [4]);
    relu(&mut g, x, short);
    assert!(matches!(g.finish(), Err(PlanError::Binding { .. })));

    let mut g = Graph::new("unwritten");
    let [a, b] = ["a", "b"].map(|name| g.tensor(name, [5]));
    relu(&mut g, a, b);
    assert!(matches!(g.finish(), Err(PlanError::Unwritten { .. })));

    let mut g = Graph::new("in place");
    relu(&mut g, x, x);
    assert!(matches!(g.finish(), Err(PlanError::Overlap { .. })));

    let mut g = Graph::new("too few");
    g.push("relu", Activation { function: Function::Relu, count: 5 }, &[x]);
    assert!(matches!(g.finish(), Err(PlanError::Count { .. })));
}

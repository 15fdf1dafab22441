//! Plans as files: what is read back is what was written, runs bit for bit as the plan that was recorded, and is refused in words
//! where it is not whole.

use crate::common::ends::simvae;
use crate::common::folders::assert_words;
use crate::common::{adapter, gpu, sprites};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::gpu::{GpuExecutor, GpuOptions};
use wgpu_simvae::device::{Executor, Values};
use wgpu_simvae::kernels::cost::Work;
use wgpu_simvae::kernels::product::{Product, Variant};
use wgpu_simvae::kernels::{self, AnyKernel, Args, Binding, DType, Launch, Tuning};
use wgpu_simvae::plan::{Graph, Layout, Plan, Tensor};
use wgpu_simvae::recording::{
    Access, Dispatch, Element, Needs, Place, Recording, RecordingError, Shader, WEBGPU_LARGEST_BUFFER,
};
use wgpu_simvae::run_folder::Checkpoint;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Planned, Session, largest_batch};

fn recipe(set: &[&str]) -> Recipe {
    let common = ["model.hidden=[16]", "model.latent=4", "batch=8", "views=2"];
    Recipe::new(&Config::of(common.iter().chain(set)).expect("valid settings")).expect("a recipe")
}

fn data() -> Dataset {
    sprites("sprites", 40, 12)
}

fn written(set: &[&str], folder: &Path) -> Recording {
    let planned = Planned::new(&recipe(set), &data(), 4, 0).expect("a plan");
    planned.write(&data(), None, folder).expect("it is written");
    planned.recording
}

#[test]
fn what_is_read_is_what_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    for method in wgpu_simvae::methods::registry::names() {
        let recording = written(&[&format!("method={method}")], folder.path());
        assert_eq!(Recording::read(folder.path()).expect("it is whole"), recording, "{method}");
        recording.contents(folder.path()).expect("its files fit");
        let names: Vec<&str> = recording.plans.iter().map(|plan| plan.name.as_str()).collect();
        let [trains, draws] = ["train", "decode"].map(|name| names.contains(&name));
        assert!(trains == (method != "random") && draws == names.contains(&"reconstruct"), "{method}: {names:?}");
        let losses = &recording.tensors["losses"];
        let columns = recording.model.as_ref().expect("a model").losses.len();
        assert_eq!(losses.shape, [256, columns], "{method}");
    }
}

/// What a file knows of a kernel: enough to run it, though not on a CPU.
#[derive(Debug)]
struct Recorded {
    bindings: Vec<Binding>,
    uniform: Vec<u8>,
    launch: Launch,
}

impl Recorded {
    fn new(recording: &Recording, dispatch: &Dispatch, variant: usize) -> Self {
        let start = &dispatch.launches[variant.min(dispatch.launches.len() - 1)];
        let shader: &Shader = &recording.shaders[start.shader];
        let bindings = shader.bindings.iter().zip(&dispatch.bindings).map(|(binding, place)| {
            let name: &'static str = binding.name.clone().leak();
            let access = if binding.access == Access::Read { kernels::Access::Read } else { kernels::Access::Update };
            match binding.element {
                Element::F32 => Binding::real(name, access, place.len()),
                Element::U32 => Binding::uint(name, access, place.len()),
            }
        });
        let text: &'static str = recording.wgsl(shader).leak();
        let shader = kernels::Shader::new(shader.name.clone().leak(), text);
        Self {
            bindings: bindings.collect(),
            uniform: dispatch.uniform.iter().flat_map(|word| word.to_le_bytes()).collect(),
            launch: Launch { shader, workgroups: start.workgroups },
        }
    }
}

impl AnyKernel for Recorded {
    fn bindings(&self) -> Vec<Binding> {
        self.bindings.clone()
    }
    fn uniform(&self) -> Vec<u8> {
        self.uniform.clone()
    }
    fn launch(&self, _: &Tuning) -> Launch {
        self.launch.clone()
    }
    fn work(&self, _: &Tuning) -> Work {
        Work::moving(self.bindings.clone())
    }
    fn product(&self) -> Option<Product> {
        None
    }
    fn twin_f32(&self, _: Args<'_, f32>) {
        unreachable!("a file has no twin")
    }
    fn twin_f64(&self, _: Args<'_, f64>) {
        unreachable!("a file has no twin")
    }
}

/// A plan of a file over a layout of its regions, with its slots as further regions behind them.
fn replayable(recording: &Recording, name: &str, variant: usize) -> (Layout, Plan, Vec<Tensor>) {
    let plan = recording.plan(name).expect("such a plan");
    let mut layout = Layout::default();
    let dtype = |element| if element == Element::F32 { DType::Real } else { DType::Uint };
    let regions: Vec<Tensor> =
        recording.regions.iter().map(|region| layout.add(&region.name, dtype(region.element), [region.len])).collect();
    let slots: Vec<Tensor> =
        plan.slots.iter().map(|slot| layout.add("slot", dtype(slot.element), [slot.len])).collect();
    let mut graph = Graph::new(name);
    for dispatch in &plan.dispatches {
        let place = |place: &Place| match *place {
            Place::Region { region, offset, len } => regions[region].slice(offset, [len]),
            Place::Slot { slot, len } => slots[slot].slice(0, [len]),
        };
        let tensors: Vec<Tensor> = dispatch.bindings.iter().map(place).collect();
        let kernel: Arc<dyn AnyKernel> = Arc::new(Recorded::new(recording, dispatch, variant));
        graph.push_shared(&dispatch.label, kernel, &tensors);
    }
    (layout, graph.finish().expect("a plan"), regions)
}

/// The same shaders with the same memory, uniforms and workgroups: also held against what they declare, as of any kernel from outside.
#[test]
fn a_plan_from_a_file_trains_bit_for_bit_as_the_recorded_one() {
    let (Some(adapter), Some(gpu)) = (adapter(), gpu()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let recording = Recording::read({
        written(&[], folder.path());
        folder.path()
    });
    let recording = recording.expect("it is whole");
    for (variant, name) in [(Variant::Tile, "tile"), (Variant::Strip, "strip")] {
        let device = gpu.tuned(Tuning::of(variant));
        let (mut session, step) = Session::open_to_train(&recipe(&[]), &data(), &device).expect("it opens");
        session.train(step, 0, 5).expect("it trains");
        let want = session.executor.read(session.blueprint.memory.weights).expect("weights");

        let number = recording.loops.iter().position(|known| known == name).expect("such a loop");
        let (layout, plan, regions) = replayable(&recording, "train", number);
        let mut executor = GpuExecutor::new(&adapter, &layout, GpuOptions::default()).expect("the adapter opens");
        for (place, values) in recording.contents(folder.path()).expect("its files fit") {
            if let Place::Region { region, offset, len } = place {
                executor.write(regions[region].slice(offset, [len]), &values).expect("it is written");
            }
        }
        let id = executor.load(plan).expect("it loads");
        executor.run(id, 5).expect("it runs");
        let Place::Region { region, .. } = recording.tensors["weights"].place else {
            panic!("weights lie in a region")
        };
        let got = executor.read(regions[region]).expect("weights");
        let bits = |values: &Values| values.to_f32().iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
        assert!(bits(&got) == bits(&want), "{name}");
    }
}

#[test]
fn the_command_writes_a_run_and_reads_it_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let [run, plan] = ["run", "plan"].map(|name| folder.path().join(name).display().to_string());
    let set = ["data.limit=40", "model.hidden=[16]", "model.latent=4", "batch=8", "views=2"];
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    let train = ["train", "--device", "cpu", "--data", "sprites", "--steps", "7", "--out", &run];
    assert!(simvae(&[&train[..], &set].concat()).status.success());
    let output = simvae(&["plan", &run, "--out", &plan]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 4, "{output:?}");

    let (checkpoint, _) = Checkpoint::newest(Path::new(&run)).expect("a checkpoint");
    let file = |name: &str| std::fs::read(PathBuf::from(&plan).join(name)).expect("a file");
    assert!(file("model.safetensors") == checkpoint.model() && file("optimizer.safetensors") == checkpoint.optimiser());
    let recording = Recording::read(Path::new(&plan)).expect("it is whole");
    assert_eq!(recording.model.as_ref().map(|model| model.step), Some(7));
    let clock = recording.contents(Path::new(&plan)).expect("its files fit").swap_remove(0).1;
    assert_eq!(clock.words(), checkpoint.state.clock);

    for arguments in [vec!["plan", &plan], [&["plan", "--data", "sprites"][..], &set].concat()] {
        let output = simvae(&arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        assert_words(
            &text,
            &["simvae with mlp on sprites", "training images", "plan `train`", "linear/matmul", "in all"],
        );
        let settings = arguments.len() > 2;
        assert_eq!(text.contains("WebGPU's default limits: it fits; batch 8, and all 40 images"), settings, "{text}");
    }
    // Into the same folder without a run: its moments are zero, and those of the run are gone.
    let output = simvae(&[&["plan", "--data", "sprites", "--out", &plan][..], &set].concat());
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3, "{output:?}");
    assert!(!Path::new(&plan).join("optimizer.safetensors").exists());

    let output = simvae(&["plan", &run, "--preset", "quick"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn what_is_not_whole_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.json");
    written(&[], folder.path());
    let whole = std::fs::read_to_string(&path).expect("a plan");
    let refused = |text: &str| {
        std::fs::write(&path, text).expect("a file");
        Recording::read(folder.path()).expect_err("it is not whole").to_string()
    };
    assert_words(
        &refused(&whole.replace("\"version\":1", "\"version\":2")),
        &["plan.json", "version 2", "reads version 1"],
    );
    assert_words(&refused(&whole[..whole.len() / 2]), &["plan.json", "not a whole plan", "EOF"]);
    assert_words(&refused("[]"), &["plan.json", "not a whole plan"]);
    let change = |pointer: &str, value: Value| {
        let mut json: Value = serde_json::from_str(&whole).expect("JSON");
        *json.pointer_mut(pointer).expect("a field") = value;
        refused(&json.to_string())
    };
    assert_words(&change("/plans/0/dispatches/0/bindings/0/region", 99.into()), &["begin step", "not there"]);
    assert_words(&change("/plans/0/dispatches/0/bindings/0/len", 9.into()), &["begin step", "beyond its 8 elements"]);
    assert_words(&change("/plans/0/dispatches/0/launches/0/shader", 999.into()), &["begin step", "not there"]);
    assert_words(&change("/plans/0/dispatches/0/launches/0/workgroups/1", 0.into()), &["begin step", "workgroups"]);
    assert_words(&change("/shaders/0/texts/0", 999.into()), &["a text that is not there"]);
    assert_words(&change("/files/0/name", "../data".into()), &["no name of a file"]);
    std::fs::write(&path, &whole).expect("a file");

    let recording = Recording::read(folder.path()).expect("it is whole again");
    let other = tempfile::tempdir().expect("a folder");
    written(&["model.latent=5"], other.path());
    let model = "model.safetensors";
    std::fs::copy(other.path().join(model), folder.path().join(model)).expect("a file");
    let error = recording.contents(folder.path()).expect_err("other weights");
    assert!(matches!(error, RecordingError::Contents { .. }));
    assert_words(&error.to_string(), &[model, "does not fit the plan", "is F32 [10, 16] there and F32 [8, 16] here"]);
    std::fs::remove_file(folder.path().join(model)).expect("it goes");
    assert_words(&recording.contents(folder.path()).expect_err("it is gone").to_string(), &[model, "cannot be read"]);
}

#[test]
fn the_largest_batch_is_the_last_that_fits() {
    let (recipe, data) = (recipe(&[]), data());
    let slots = |plan: &Plan| plan.arena.device_bytes();
    let of = |batch: usize| {
        let mut recipe = recipe.clone();
        recipe.config.batch = batch;
        Planned::new(&recipe, &data, 4, 0).expect("a plan").asked().expect("a step").1.map(|plan| slots(&plan))
    };
    let most = of(13).expect("it trains");
    let found = largest_batch(&recipe, &data, &|_, plan| slots(plan) <= most).expect("plans");
    assert!(found >= Some(13) && of(found.expect("one") + 1) > Some(most), "{found:?}");
    assert_eq!(largest_batch(&recipe, &data, &|_, _| true).expect("plans"), Some(40), "no more than there are images");
    assert_eq!(largest_batch(&recipe, &data, &|_, _| false).expect("plans"), None);

    let needs = Needs::of(&Planned::new(&recipe, &data, 4, 0).expect("a plan").recording);
    let (name, bytes) = needs.largest();
    assert!(
        name == "Adam's second moment" && bytes < WEBGPU_LARGEST_BUFFER && bytes < needs.total(),
        "{name}: {bytes}"
    );
}

//! Networks as PyTorch: what the exported Python makes of them is what this program makes of them.

use crate::common::ends::{assert_ends, simvae, trains};
use crate::common::folders::temporary;
use crate::common::python::answer_of;
use image::{DynamicImage, Rgb, RgbImage};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use wgpu_simvae::console::tell;
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::Which;
use wgpu_simvae::train::{Silent, Trained};

/// Names a Python that has torch and safetensors.
const PYTHON: &str = "WGPU_SIMVAE_TORCH";
/// Largest difference of two numbers of the same network, of the largest number.
const TOLERANCE: f64 = 1e-5;

/// Runs and the numbers of their first seven images: pixels, and what comes out of the networks by its name.
struct Case {
    folder: String,
    wanted: Vec<(&'static str, Vec<f32>, Vec<usize>)>,
}

impl Case {
    /// Trains, exports, and computes what is wanted.
    fn new(place: &Path, name: &str, sets: &[&str]) -> Self {
        let (run, out) = (place.join(format!("{name}-run")), place.join(name));
        let networks = ["model.hidden=[33, 17]", "model.latent=5", "model.width=4"];
        let training = ["data.limit=64", "batch=8", "epochs=2", "optim.lr=0.01", "data.cache=off"];
        trains(&run, &[&networks[..], &training, sets].concat());
        let (from, to) = (run.to_string_lossy(), out.to_string_lossy());
        assert_ends(&simvae(&["export", &from, "--format", "torch", "--out", &to]), 0, &["model.py"]);

        let mut trained = Trained::open(&run, None, Which::Newest, &Device::cpu(), &mut Silent).expect("a run");
        let source = trained.session.blueprint.train;
        let embedding = trained.session.embed(&source, 7).expect("an embedding");
        let images = &trained.data.train;
        let shape = [images.shape.channels, images.shape.height, images.shape.width];
        let bytes = &images.pixels[..7 * images.shape.bytes()];
        let units: Vec<u8> = bytes.iter().flat_map(|&byte| (f32::from(byte) / 255.0).to_le_bytes()).collect();
        std::fs::write(out.join("pixels"), units).expect("pixels");
        let mut wanted = vec![("mu", embedding.mu.clone(), vec![5])];
        if trained.session.blueprint.model.networks.generative {
            wanted.push(("logvar", embedding.logvar, vec![5]));
            wanted.push(("pictures", trained.session.decode(&embedding.mu).expect("pictures"), shape.to_vec()));
        }
        Self { folder: to.into_owned(), wanted }
    }

    /// Holds the outputs for one and for seven rows against what is wanted. Returns the furthest.
    fn furthest(&self, found: &Value) -> f64 {
        let mut furthest = 0.0f64;
        for (index, rows) in [1, 7].into_iter().enumerate() {
            for (name, wanted, shape) in &self.wanted {
                let output = &found[index][name];
                let shape: Vec<usize> = std::iter::once(rows).chain(shape.iter().copied()).collect();
                assert_eq!(output["shape"], serde_json::json!(shape), "{}: {name}", self.folder);
                let numbers = output["numbers"].as_array().expect("numbers").iter();
                let numbers: Vec<f64> = numbers.map(|number| number.as_f64().expect("a number")).collect();
                let wanted = &wanted[..numbers.len()];
                let largest = wanted.iter().fold(0.0f64, |largest, &x| largest.max(f64::from(x).abs()));
                let differences = numbers.iter().zip(wanted).map(|(a, &b)| (a - f64::from(b)).abs() / largest);
                let worst = differences.fold(0.0, f64::max);
                println!("{}: {name} of {rows} rows differs by {worst:.1e}", self.folder);
                furthest = furthest.max(worst);
            }
        }
        furthest
    }
}

/// Pictures, in colour or grey, that are large enough for the first layers of large images.
fn pictures(folder: &Path, grey: bool) -> String {
    std::fs::create_dir(folder).expect("a folder");
    for number in 0..20u32 {
        let colour = |x: u32, y: u32| Rgb([(x * (number + 1)) as u8, (x * y + number) as u8, (3 * y) as u8]);
        let picture = DynamicImage::from(RgbImage::from_fn(64, 64, colour));
        let picture = if grey { picture.into_luma8().into() } else { picture };
        picture.save(folder.join(format!("{number}.png"))).expect("it is written");
    }
    format!("data.name=folder:{}", folder.display())
}

#[test]
fn pytorch_embeds_and_decodes_as_this_program_does() {
    let Some(python) = std::env::var_os(PYTHON) else {
        // Straight to the error stream: what is printed by a test that passes is not shown.
        return tell(format_args!(
            "SKIPPED: {PYTHON} names no Python with torch and safetensors, so model.py was not run"
        ));
    };
    let place = temporary();
    let [colour, grey] = [false, true].map(|grey| pictures(&place.path().join(format!("grey-{grey}")), grey));
    let cases = [
        ("mlp", &["data.name=sprites", "method=simvae"][..]),
        ("mlp-white", &["data.name=sprites", "method=vae", "augment.threshold=true", "likelihood.kind=bernoulli"]),
        ("mlp-alone", &["data.name=sprites-rgb", "method=simclr"]),
        ("official", &["data.name=sprites-rgb", "method=simvae", "model.kind=official-conv"]),
        ("official-large", &[&grey, "method=vae", "model.kind=official-conv"]),
        ("resnet", &["data.name=sprites-rgb", "method=vae", "model.kind=resnet18"]),
        ("resnet-large", &[&colour, "method=vae", "model.kind=resnet18"]),
        ("resnet-grey", &[&grey, "method=simvae", "model.kind=resnet18", "data.size=32"]),
        ("resnet-alone", &["data.name=sprites-rgb", "method=vicreg", "model.kind=resnet18"]),
    ];
    let cases = cases.map(|(name, sets)| Case::new(place.path(), name, sets));
    let folders: Vec<&OsStr> = cases.iter().map(|case| OsStr::new(&case.folder)).collect();
    let found = answer_of(&python, "run_model.py", &folders, PYTHON);
    for (case, found) in cases.iter().zip(found.as_array().expect("a list")) {
        let furthest = case.furthest(found);
        assert!(furthest <= TOLERANCE, "{}: differs by {furthest:e}", case.folder);
    }
}

#[test]
fn a_model_is_two_files_in_a_folder() {
    let place = temporary();
    let (run, out) = (place.path().join("run"), place.path().join("model"));
    trains(&run, &["model.hidden=[8]", "data.limit=32", "batch=8", "epochs=1", "method=simclr"]);
    let [from, to] = [&run, &out].map(|path| path.to_string_lossy().into_owned());
    let export = |more: &[&str]| simvae(&[&["export", &from, "--format", "torch"], more].concat());
    assert_ends(&export(&["--out", &to]), 0, &["weights.safetensors", "model.py"]);
    let text = std::fs::read_to_string(out.join("model.py")).expect("a text");
    let [head, rest] = ["\"\"\"", "\"\"\"\n\nfrom"].map(|mark| text.split(mark).nth(1).unwrap_or_default().to_owned());
    assert!(head.contains("simclr on sprites, after 4 steps") && head.contains("[rows, 1, 28, 28]"), "{head}");
    assert!(rest.contains("HIDDEN = [8]") && !rest.contains("decoder") && !text.contains('$'), "{text}");
    assert!(text.lines().all(|line| line.len() <= 120), "{text}");
    let plain = place.path().join("plain.safetensors");
    assert_ends(&simvae(&["export", &from, "--out", &plain.to_string_lossy()]), 0, &[]);
    let read = |path: &Path| std::fs::read(path).expect("weights");
    assert!(read(&plain) == read(&out.join("weights.safetensors")));
    assert_ends(&export(&["--out", &to, "--bytes"]), 2, &["--format onnx"]);
    assert_ends(&export(&["--out", &plain.to_string_lossy()]), 1, &["another folder with --out"]);
}

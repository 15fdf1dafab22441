//! The convolutional networks: their sizes and names, and that they train, resume and are looked at.

use crate::common::sprites;
use image::{GrayImage, Luma};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::data::{Dataset, FileOptions, load_with};
use wgpu_simvae::device::Device;
use wgpu_simvae::nn::{Backbone, Networks, OfficialConv, Params, ResNetBackbone, Sizes};
use wgpu_simvae::run_folder::metrics::MetricsLog;
use wgpu_simvae::run_folder::{Which, checkpoint};
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{ExchangeError, Report, RunError, RunOptions, Silent, Trained, export, import, run};

/// Parameters of the encoder and of the decoder.
fn counts(image: [usize; 3], backbone: &dyn Backbone) -> [usize; 2] {
    let mut params = Params::default();
    Networks::autoencoder(&mut params, &Sizes { image, backbone, latent: 64, classes: 10, projector: &[] });
    ["enc.", "dec."].map(|network| {
        let specs = params.specs().iter().filter(|spec| spec.name.starts_with(network));
        specs.map(|spec| spec.param.shape.len()).sum()
    })
}

#[test]
fn the_official_networks_have_the_sizes_of_the_authors_code() {
    assert_eq!(counts([3, 32, 32], &OfficialConv { width: 64 }), [969_920, 8_984_393]);
    assert_eq!(counts([3, 64, 64], &OfficialConv { width: 64 }), [1_757_632, 9_383_753]);
}

#[test]
fn resnet18_has_torchvisions_size() {
    // torchvision's resnet18 has 11,689,512 parameters, of which 513,000 in the layer to 1,000 classes.
    assert_eq!(counts([3, 64, 64], &ResNetBackbone { width: 64 })[0], 11_689_512 - 513_000 + 513 * 128);
}

#[test]
fn parameters_have_pytorchs_names() {
    let mut params = Params::default();
    let backbone = OfficialConv { width: 8 };
    let sizes = Sizes { image: [3, 32, 32], backbone: &backbone, latent: 4, classes: 10, projector: &[] };
    Networks::autoencoder(&mut params, &sizes);
    let names: Vec<&str> = params.specs().iter().chain(params.buffers()).map(|spec| spec.name.as_str()).collect();
    for name in [
        "enc.0.weight",
        "enc.0.bias",
        "enc.1.running_var",
        "enc.4.0.conv1.weight",
        "enc.4.0.downsample.0.weight",
        "enc.6.1.bn2.bias",
        "enc.head_c.1.weight",
        "dec.linear.bias",
        "dec.layer4.0.conv3.weight",
        "dec.layer2.1.upsample.0.weight",
        "dec.conv1.bias",
    ] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
}

fn recipe(config: &Config) -> Recipe {
    Recipe::new(config).expect("valid settings")
}

fn config(set: &[&str]) -> Config {
    let tiny = [
        "model.kind=official-conv",
        "model.width=4",
        "model.latent=6",
        "data.limit=48",
        "batch=8",
        "views=2",
        "epochs=3",
        "log.every=1",
        "likelihood.variance=1.0",
        "optim.warmup_epochs=0",
    ];
    Config::of(["data.name=sprites-rgb"].iter().chain(&tiny).chain(set)).expect("valid settings")
}

fn data(config: &Config) -> Dataset {
    sprites(&config.data.name, config.data.limit, 24)
}

fn train(config: &Config, choice: &Device, out: &Path, resume: bool, stop_at: Option<u64>) -> Report {
    crate::common::stopping::train(config, &data(config), choice, out, resume, stop_at)
}

fn content(out: &Path) -> Vec<Vec<u8>> {
    let (_, folder) = checkpoint::list(out).expect("a listing").pop().expect("a checkpoint");
    let files = ["model.safetensors", "optimizer.safetensors"];
    files.map(|name| std::fs::read(folder.join(name)).expect("a checkpoint's file")).into()
}

fn trains_and_resumes_on(choice: &Device, set: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let config = config(set);
    let mut report = train(&config, choice, &whole, false, None);
    assert!(train(&config, choice, &parts, false, Some(5)).interrupted);
    train(&config, choice, &parts, true, None);
    assert!(content(&whole) == content(&parts), "weights, running statistics and moments are the same");

    let rows = MetricsLog::read(&whole.join("metrics.jsonl")).expect("metrics");
    let total =
        |row: Option<&wgpu_simvae::run_folder::metrics::Row>| row.and_then(|row| row.losses.get("total").copied());
    assert!(total(rows.last()) < total(rows.first()), "the loss falls in {rows:?}");

    // In evaluation an image's representation does not depend on its neighbours.
    let source = report.session.blueprint.test;
    let all = report.session.embed(&source, 24).expect("it embeds");
    assert!(all.mu.iter().all(|x| x.is_finite()));
    let before = report.session.embed(&source, 24).expect("it embeds");
    assert_eq!(all.mu, before.mu, "looking changes nothing");
    assert!(report.session.held_out_loss(1).expect("a loss").iter().all(|(_, value)| value.is_finite()));
}

#[test]
fn convolutional_networks_train_and_resume_on_the_cpu() {
    trains_and_resumes_on(&Device::cpu(), &["optim.lr=2e-3"]);
    trains_and_resumes_on(&Device::cpu(), &["optim.lr=2e-3", "model.kind=resnet18", "method=simclr", "epochs=8"]);
}

#[test]
fn convolutional_networks_train_and_resume_on_the_gpu() {
    if let Some(gpu) = crate::common::gpu() {
        trains_and_resumes_on(&gpu, &["optim.lr=2e-3"]);
    }
}

#[test]
fn grey_pictures_of_a_folder_train_convolutional_networks() {
    let pictures = tempfile::tempdir().expect("a folder");
    for number in 0..30u8 {
        let class = pictures.path().join(if number % 2 == 0 { "columns" } else { "rows" });
        std::fs::create_dir_all(&class).expect("a folder");
        let stripe = |x: u32, y: u32| if number % 2 == 0 { x } else { y } / 4 % 2 == 0;
        let picture = GrayImage::from_fn(20, 20, |x, y| Luma([if stripe(x, y) { 5 * number } else { 255 }]));
        picture.save(class.join(format!("{number}.png"))).expect("a picture");
    }
    let options = FileOptions { size: 16, ..FileOptions::default() };
    let data = load_with("folder", Some(pictures.path()), &Device::cpu(), &options).expect("a data set");
    assert_eq!((data.train.shape.channels, data.train.shape.height), (1, 16));
    let config = config(&["data.name=folder", "data.size=16", "optim.lr=2e-3", "epochs=10"]);
    let out = pictures.path().join("run");
    crate::common::stopping::train(&config, &data, &Device::cpu(), &out, false, None);
    let rows = MetricsLog::read(&out.join("metrics.jsonl")).expect("metrics");
    let totals: Vec<f64> = rows.iter().filter_map(|row| row.losses.get("total").copied()).collect();
    assert!(totals.last() < totals.first(), "the loss falls in {totals:?}");
}

#[test]
fn images_that_the_decoder_cannot_return_to_are_refused() {
    let config = Config::of(["model.kind=official-conv", "data.limit=40"]);
    let config = config.expect("valid settings");
    let options = RunOptions::new(tempfile::tempdir().expect("a folder").path().join("run"));
    let error = run(&recipe(&config), &data(&config), &Device::cpu(), &options, &mut Silent, &AtomicBool::new(false));
    let message = match error {
        Err(error @ RunError::Config(_)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    for part in ["official-conv", "28 x 28", "16", "model.kind = mlp"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
}

#[test]
fn exported_weights_come_back_and_others_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let [run, copy, file] = ["run", "copy", "weights.safetensors"].map(|name| folder.path().join(name));
    let (config, choice) = (config(&["epochs=1"]), Device::cpu());
    let data = data(&config);
    let steps = train(&config, &choice, &run, false, None).steps;
    export(&run, Which::Newest, &file).expect("it is exported");
    let bytes = std::fs::read(&file).expect("a file");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("a whole file");
    let counter = tensors.tensor("enc.1.num_batches_tracked").expect("PyTorch's counter");
    assert_eq!((counter.dtype(), counter.data()), (safetensors::Dtype::I64, &steps.to_le_bytes()[..]));

    import(&file, &recipe(&config), &data, &choice, &copy).expect("it is imported");
    assert!(content(&run)[0] == content(&copy)[0], "weights and running statistics are the same");
    let embed = |folder: &Path| {
        let mut trained =
            Trained::with_data(folder, Which::Newest, &recipe(&config), data.clone(), &choice).expect("it opens");
        let source = trained.session.blueprint.test;
        trained.session.embed(&source, 8).expect("it embeds").mu
    };
    assert_eq!(embed(&run), embed(&copy));
    assert!(matches!(import(&file, &recipe(&config), &data, &choice, &copy), Err(ExchangeError::Occupied { .. })));

    let mut other = config.clone();
    other.model.latent = 5;
    other.model.kind = "resnet18".to_owned();
    let error =
        import(&file, &recipe(&other), &data, &choice, &folder.path().join("other")).expect_err("other networks");
    let message = error.to_string();
    for part in
        ["missing: `enc.layer4.1.conv2.weight`", "`dec.linear.weight` is F32 [128, 6]", "unknown: `enc.0.weight`"]
    {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
}

//! Settings: how presets, files and overrides merge, and what is refused.

use wgpu_simvae::kernels::loss::likelihood::LikelihoodKind;
use wgpu_simvae::kernels::loss::simvae::ContentPrior;
use wgpu_simvae::methods::registry;
use wgpu_simvae::methods::simvae::SimVae;
use wgpu_simvae::methods::vae::{Divergence, Vae};
use wgpu_simvae::settings::Config;
use wgpu_simvae::settings::Sources;
use wgpu_simvae::settings::presets;

fn merged(preset: &str, data: &str, set: &[&str]) -> Result<Config, String> {
    let sources = Sources { preset: Some(preset.to_owned()), data: Some(data.to_owned()), ..Sources::default() };
    Config::merge(&sources.with(set)).map_err(|error| error.to_string())
}

fn simvae(config: &Config) -> SimVae {
    config.own().expect("a whole table")
}

fn refusal(set: &str) -> String {
    merged("paper", "mnist", &[set]).expect_err("the setting is refused")
}

#[test]
fn the_paper_preset_has_the_papers_settings() {
    let config = merged("paper", "mnist", &[]).expect("a preset");
    assert_eq!((config.batch, config.views, config.epochs), (128, 10, 400));
    assert_eq!(config.model.hidden, [2000, 500, 500]);
    assert_eq!((config.likelihood.variance, simvae(&config).variance_z, config.optim.lr), (0.02, 0.15, 8e-5));
    assert_eq!((config.likelihood.kind, simvae(&config).prior), (LikelihoodKind::Gaussian, ContentPrior::Uniform));
    assert!(!config.augment.threshold);
}

#[test]
fn the_official_code_preset_has_the_published_codes_settings() {
    let mnist = merged("official-code", "mnist", &[]).expect("a preset");
    assert_eq!(mnist.batch * mnist.views, 128, "its batch counts rows");
    assert!((mnist.likelihood.variance - (-4.6f64).exp()).abs() < 1e-12);
    assert!((simvae(&mnist).entropy_scale - std::f64::consts::TAU).abs() < 1e-12);
    assert_eq!((mnist.likelihood.kind, simvae(&mnist).prior), (LikelihoodKind::Bernoulli, ContentPrior::Gaussian));
    assert_eq!(mnist.optim.eps, 1e-4);
    let fashion = merged("official-code", "fashion-mnist", &[]).expect("a preset");
    assert!(mnist.augment.threshold && !fashion.augment.threshold, "only MNIST is thresholded");
}

#[test]
fn every_preset_gives_every_method_equal_steps_of_equal_rows() {
    for preset in presets::names() {
        for method in registry::names() {
            let of = |method: &str| merged(preset, "mnist", &[&format!("method={method}")]).expect("a preset");
            let (config, simvae) = (of(method), of("simvae"));
            let budget = |config: &Config, images| {
                (config.total_steps(images), config.warmup_steps(images), config.batch * config.views)
            };
            for images in [60_000, 10_000, 8_765] {
                assert_eq!(budget(&config, images), budget(&simvae, images), "{preset}, {method}, {images} images");
            }
        }
    }
    let rows = merged("paper-rows", "cifar10", &[]).expect("a preset");
    assert_eq!((rows.batch, rows.views, rows.epochs, rows.model.kind.as_str()), (12, 10, 400, "resnet18"));
}

#[test]
fn the_vae_of_the_published_code_samples_its_divergence() {
    let vae = |preset| {
        let config = merged(preset, "mnist", &["method=vae"]).expect("a preset");
        (config.batch, config.views, config.own::<Vae>().expect("a whole table"))
    };
    let official = Vae { divergence: Divergence::Sampled, entropy_scale: std::f64::consts::TAU };
    assert_eq!(vae("official-code"), (64, 2, official));
    assert_eq!(vae("paper"), (128, 10, Vae::default()));
}

#[test]
fn steps_are_counted_or_follow_from_epochs() {
    let config = |set: &[&str]| merged("quick", "sprites", set).expect("valid settings");
    let epochs = config(&["epochs=3"]);
    assert_eq!((epochs.total_steps(100), epochs.warmup_steps(100)), (10, 4), "batches of 32, rounded up");
    let steps = config(&["epochs=3", "steps=7", "optim.warmup_steps=2"]);
    assert_eq!((steps.total_steps(100), steps.warmup_steps(100)), (7, 2));
    let mut endless = config(&["steps=7"]);
    endless.epochs = u32::MAX;
    assert!(endless.check_steps(60_000).is_ok(), "its epochs are not counted");
}

#[test]
fn plain_images_are_refused_where_views_are_compared() {
    for method in registry::names() {
        let set = [&format!("method={method}"), "augment.plain=true"];
        let refused = merged("quick", "sprites", &set).is_err_and(|error| error.contains("augment.plain"));
        assert_eq!(refused, ["simclr", "vicreg", "cr-vae", "simvae"].contains(&method), "{method}");
    }
}

#[test]
fn only_colour_sets_are_jittered() {
    for preset in ["paper", "official-code"] {
        for (data, probability) in [("mnist", 0.0), ("sprites-rgb", 1.0), ("cifar10", 1.0), ("celeba", 1.0)] {
            let augment = merged(preset, data, &[]).expect("a preset").augment;
            assert_eq!(augment.jitter.probability, probability, "{preset}, {data}");
            assert_eq!((augment.grey, augment.blur.probability, augment.solarise.probability), (0.0, 0.0, 0.0));
        }
    }
}

#[test]
fn photographs_have_larger_latents_in_every_preset() {
    for preset in ["paper", "official-code"] {
        for data in ["cifar10", "celeba", "folder:some/where"] {
            let config = merged(preset, data, &[]).expect("a preset");
            assert_eq!((config.model.latent, config.augment.area), (64, [0.6, 1.0]), "{preset} {data}");
            let kind = if preset == "paper" { "resnet18" } else { "official-conv" };
            assert_eq!(config.model.kind, kind, "{preset} {data}");
            assert_eq!(config.likelihood.kind, LikelihoodKind::Gaussian, "{preset} {data}");
        }
    }
    let cifar = merged("official-code", "cifar10", &[]).expect("a preset");
    assert!((cifar.likelihood.variance - (-4.6f64).exp()).abs() < 1e-12);
}

#[test]
fn later_sources_win() {
    let file = Some(("run.toml".to_owned(), "views = 5\n[optim]\nlr = 1".to_owned()));
    let sources =
        Sources { preset: Some("paper".into()), file, set: vec!["optim.lr=0.5".into()], ..Sources::default() };
    let config = Config::merge(&sources).expect("valid sources");
    assert_eq!((config.views, config.optim.lr, config.optim.eps), (5, 0.5, 1e-8));
}

#[test]
fn the_preset_follows_the_data_set_of_the_file() {
    let file = Some(("run.toml".to_owned(), "[data]\nname = \"mnist\"".to_owned()));
    let config = Config::merge(&Sources { file, ..Sources::default() }).expect("valid sources");
    assert!(config.augment.threshold, "official-code on MNIST is the default there");
    assert_eq!(Config::merge(&Sources::default()).expect("the default").data.name, "sprites");
}

#[test]
fn words_need_no_quotes() {
    assert_eq!(
        simvae(&merged("paper", "mnist", &["simvae.prior=gaussian"]).expect("a word")).prior,
        ContentPrior::Gaussian
    );
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    let message = refusal("optim.learning_rte=1");
    assert!(message.contains("--set optim.learning_rte=1") && message.contains("unknown key"), "{message}");
    assert!(refusal("simvae.variance_y=1").contains("simvae.variance_"));
    assert!(refusal("view=3").contains("did you mean `views`"), "{}", refusal("view=3"));
    let file = Some(("run.toml".to_owned(), "[model]\nlatnet = 3".to_owned()));
    let message = Config::merge(&Sources { file, ..Sources::default() }).expect_err("refused").to_string();
    assert!(message.contains("run.toml") && message.contains("model.latent"), "{message}");
}

#[test]
fn wrong_types_and_words_are_refused() {
    for set in [
        "batch=many",
        "batch=-3",
        "simvae.prior=flat",
        "model.hidden=7",
        "data.corrupt=fix",
        "augment.area=[0.1]",
        "method=vea",
    ] {
        assert!(refusal(set).contains(set), "{}", refusal(set));
    }
    assert!(refusal("nonsense").contains("key=value"));
    assert!(merged("papper", "mnist", &[]).expect_err("refused").contains("official-code"));
}

#[test]
fn values_outside_their_range_are_refused_by_key() {
    let bad = [
        "epochs=0",
        "batch=0",
        "views=1",
        "data.size=0",
        "data.size=1025",
        "model.latent=0",
        "model.hidden=[9000000000]",
        "model.hidden=[]",
        "model.hidden=[5, 0]",
        "likelihood.variance=0",
        "beta_vae.beta=-1",
        "simvae.variance_z=-1",
        "simvae.entropy_scale=nan",
        "augment.area=[0.5, 1.5]",
        "augment.area=[0.9, 0.5]",
        "augment.aspect=[0, 1]",
        "augment.vertical_flip=1.5",
        "augment.horizontal_flip=-0.1",
        "augment.jitter.probability=2",
        "augment.jitter.contrast=-0.1",
        "augment.jitter.hue=0.6",
        "augment.grey=nan",
        "augment.blur.probability=-1",
        "augment.blur.kernel=4",
        "augment.blur.sigma=[0, 1]",
        "augment.solarise.threshold=128",
        "optim.lr=inf",
        "optim.eps=0",
        "optim.beta1=1",
        "optim.beta2=0",
        "optim.weight_decay=-1",
        "log.every=0",
        "log.every=1000",
        "log.keep_checkpoints=0",
    ];
    for set in bad {
        let key = set.split('=').next().unwrap_or_default();
        assert!(refusal(set).contains(key), "{set}: {}", refusal(set));
    }
}

#[test]
fn saved_settings_read_back_the_same() {
    for preset in presets::names() {
        for data in ["sprites", "sprites-rgb", "mnist", "fashion-mnist", "cifar10", "celeba", "folder:a/b"] {
            let config = merged(preset, data, &["seed=7"]).expect("a preset");
            let again = Config::from_toml("config.toml", &config.to_toml().expect("TOML")).expect("its own output");
            assert_eq!(config, again);
        }
    }
}

#[test]
fn runs_of_older_versions_still_open() {
    let config = merged("quick", "sprites", &["seed=7"]).expect("a preset");
    let whole = config.to_toml().expect("TOML");
    let lacking: String = whole.lines().filter(|line| !line.starts_with("grey")).map(|l| format!("{l}\n")).collect();
    assert_ne!(lacking, whole);
    assert_eq!(Config::from_toml("config.toml", &lacking).expect("a default for the missing key"), config);
    assert!(Config::from_whole_toml("config.toml", &lacking).is_err_and(|error| error.to_string().contains("grey")));
    assert_eq!(Config::from_whole_toml("config.toml", &whole).expect("nothing is missing"), config);

    // Settings as a run without a record of them was made with: what came later is not missing there.
    let first = include_str!("../../src/settings/first.toml");
    assert_eq!(Config::from_whole_toml("config.toml", first).expect("they are whole").batch, 3);

    // Runs without a record of their settings were made before these.
    let later = ["steps =", "warmup_steps =", "plain =", "divergence =", "[vae]"];
    let (mut older, mut vae) = (String::new(), false);
    for line in whole.lines() {
        vae = if line.starts_with('[') { line == "[vae]" } else { vae };
        let came = later.iter().any(|word| line.starts_with(word)) || (vae && line.starts_with("entropy_scale"));
        if !came {
            older += &format!("{line}\n");
        }
    }
    assert_eq!(whole.lines().count() - older.lines().count(), 6, "{older}");
    assert_eq!(Config::from_whole_toml("config.toml", &older).expect("they were not there yet"), config);
}

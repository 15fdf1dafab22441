//! Every method trains: its loss falls, it is saved, and its representation is as wide as the settings say.

use crate::common::{devices, sprites};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use wgpu_simvae::data::Dataset;
use wgpu_simvae::device::{Device, Values};
use wgpu_simvae::kernels::DType;
use wgpu_simvae::kernels::common::clock::CLOCK_WORDS;
use wgpu_simvae::methods::LossLog;
use wgpu_simvae::methods::registry::names;
use wgpu_simvae::plan::{Graph, Layout, Tensor};
use wgpu_simvae::run_folder::checkpoint;
use wgpu_simvae::run_folder::metrics::MetricsLog;
use wgpu_simvae::settings::Sources;
use wgpu_simvae::settings::{Config, Recipe};
use wgpu_simvae::train::{Report, RunOptions, Silent, run};

const LATENT: usize = 6;

fn data() -> Dataset {
    sprites("sprites", 512, 40)
}

fn train(method: &str, data: &Dataset, out: &Path, more: &[&str]) -> Report {
    let set = [
        format!("method={method}"),
        format!("model.latent={LATENT}"),
        "model.hidden=[64]".to_owned(),
        "epochs=6".to_owned(),
        "log.every=4".to_owned(),
    ];
    let set = set.into_iter().chain(more.iter().map(|&set| set.to_owned()));
    let config = Config::of(set).expect("valid settings");
    let options = RunOptions::new(out);
    run(&Recipe::new(&config).expect("a recipe"), data, &Device::cpu(), &options, &mut Silent, &AtomicBool::new(false))
        .expect("it trains")
}

#[test]
fn every_method_trains_and_embeds() {
    let data = data();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for method in names() {
        let name = method;
        let out = folder.path().join(name);
        let mut report = train(method, &data, &out, &[]);
        assert!(
            checkpoint::list(&out).expect("a listing").iter().any(|(step, _)| *step == report.steps),
            "{name} saved its end"
        );

        let rows = MetricsLog::read(&out.join("metrics.jsonl")).expect("metrics");
        let total =
            |row: Option<&wgpu_simvae::run_folder::metrics::Row>| row.and_then(|row| row.losses.get("total").copied());
        match method {
            "random" => assert!(rows.is_empty() && report.steps == 0, "{name} has nothing to train"),
            _ => assert!(total(rows.last()) < total(rows.first()), "{name}: the loss falls in {rows:?}"),
        }

        let source = report.session.blueprint.test;
        let embedding = report.session.embed(&source, 33).expect("it embeds");
        assert_eq!((embedding.len(), embedding.latent), (33, LATENT), "{name}");
        assert!(embedding.mu.iter().all(|x| x.is_finite()), "{name}");
        let first = &embedding.mu[..LATENT];
        assert!(embedding.mu.chunks(LATENT).any(|row| row != first), "{name} tells images apart");
    }
}

#[test]
fn plain_images_are_what_a_method_sees_where_the_settings_say_so() {
    let data = data();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for method in ["vae", "beta-vae", "supervised"] {
        let losses = |plain: bool, flip: f64| {
            let set = [format!("augment.plain={plain}"), format!("augment.vertical_flip={flip}"), "steps=4".to_owned()];
            let out = folder.path().join(format!("{method}-{plain}-{flip}"));
            let report = train(method, &data, &out, &set.each_ref().map(String::as_str));
            assert_eq!(report.steps, 4);
            report.losses
        };
        assert_eq!(losses(true, 0.0), losses(true, 1.0), "{method}");
        assert_ne!(losses(false, 0.0), losses(false, 1.0), "{method}");
    }
}

#[test]
fn the_paper_compares_eight_methods_each_in_every_preset() {
    for preset in wgpu_simvae::settings::presets::names() {
        for method in names() {
            let sources = Sources {
                preset: Some(preset.to_owned()),
                set: vec![format!("method={method}")],
                ..Sources::default()
            };
            let config = Config::merge(&sources).expect("every preset suits every method");
            assert_eq!(config.method, method);
        }
    }
}

/// Those of an objective of one's own may be more than a dispatch sums.
#[test]
fn any_number_of_terms_is_recorded() {
    for count in [1, 3, 4, 7] {
        let mut layout = Layout::default();
        let clock = layout.add("clock", DType::Uint, [CLOCK_WORDS]);
        let log = LossLog::new(&mut layout, &["a", "b", "c", "d", "e", "f", "g"][..count]);
        let lens: Vec<usize> = (1..=count).collect();
        let terms: Vec<Tensor> = lens.iter().map(|&len| layout.add("terms", DType::Real, [len])).collect();
        for mut executor in devices(&layout) {
            let mut graph = Graph::new("record");
            log.record(&mut graph, clock, &terms, 0.5);
            let plan = executor.load(graph.finish().expect("a plan")).expect("it loads");
            executor.write(clock, &Values::U32(vec![3, 0, 0, 0, 0, 0, 0, 0])).expect("it is written");
            for (&tensor, &len) in terms.iter().zip(&lens) {
                executor.write(tensor, &Values::F32(vec![len as f32; len])).expect("it is written");
            }
            executor.run(plan, 2).expect("it runs");
            let copy = executor.read(log.losses).expect("it is read").to_f64();
            // Numbers that single precision holds.
            let want: Vec<f64> = lens.iter().map(|&len| 0.5 * (len * len) as f64).collect();
            assert_eq!(log.row(&copy, 3), [&[want.iter().sum()][..], &want].concat(), "{}", executor.device());
        }
    }
}

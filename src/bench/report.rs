//! What a measurement or a model says: the fields of the JSON file.

use super::ceilings::Ceilings;
use crate::device::{Device, Stopwatch};
use crate::kernels::cost::{CARDS, Work};
use crate::kernels::{Tuning, product};
use crate::plan::Plan;
use crate::settings::Config;
use serde::Serialize;

/// Everything that is known of a step.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The program's version.
    pub version: &'static str,
    /// What was trained.
    pub setting: Setting,
    /// What was measured; nothing where the step was only modelled.
    pub measured: Option<Measured>,
    /// The cards that the model knows, in the order of [`Dispatched::modelled_seconds`].
    pub cards: [&'static str; CARDS.len()],
    /// The step's dispatches, in order.
    pub dispatches: Vec<Dispatched>,
}

/// What was trained.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// The method.
    pub method: String,
    /// The data set.
    pub data: String,
    /// The networks.
    pub networks: String,
    /// Images of a step.
    pub images: usize,
    /// Views of an image.
    pub views: usize,
    /// Rows of a step: views of all its images.
    pub rows: usize,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The device.
    pub device: Tested,
    /// Seconds that loading the step took: allocating its memory, and on a GPU compiling its shaders.
    pub loading_seconds: f64,
    /// How fast whole steps are.
    pub speed: Speed,
    /// Whose clock timed the dispatches.
    pub stopwatch: Stopwatch,
    /// Steps whose dispatches were timed; a dispatch's time is the median over them.
    pub timed_steps: usize,
    /// Begin and end of each dispatch in the last of those, in seconds.
    pub timeline: Vec<[f64; 2]>,
    /// What the device can do at most.
    pub ceilings: Ceilings,
}

/// The device that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Tested {
    /// What was chosen, and why.
    pub reason: String,
    /// The adapter's name, or `CPU`.
    pub name: String,
    /// Vulkan, Metal or DirectX 12; none on the CPU.
    pub backend: Option<String>,
    /// The driver and its version.
    pub driver: Option<String>,
    /// Discrete, integrated, virtual or software.
    pub kind: Option<String>,
    /// The loop of matrix products on a GPU.
    pub product: product::Variant,
    /// Threads of the CPU.
    pub threads: usize,
    /// The processor and its clock at the time, where the system tells.
    pub processor: Option<String>,
}

/// How fast whole steps are, replayed as in training.
#[derive(Clone, Debug, Serialize)]
pub struct Speed {
    /// Steps of a round, queued together and then waited for.
    pub steps_of_a_round: u64,
    /// Steps a second in each round.
    pub rounds: Vec<f64>,
    /// The best round.
    pub best_steps_per_second: f64,
    /// The median round.
    pub median_steps_per_second: f64,
    /// Images a second in the best round.
    pub best_images_per_second: f64,
    /// Images a second in the median round.
    pub median_images_per_second: f64,
}

/// One dispatch of the step.
#[derive(Clone, Debug, Serialize)]
pub struct Dispatched {
    /// What it is for, such as `enc.0 forward`.
    pub label: String,
    /// The kernel's shader.
    pub kernel: &'static str,
    /// The permutation of it that a GPU runs.
    pub shader: String,
    /// Workgroups on a GPU.
    pub workgroups: [u32; 3],
    /// Its multiply-adds and bytes.
    #[serde(flatten)]
    pub work: Work,
    /// Seconds on each of the cards, by the model.
    pub modelled_seconds: [f64; CARDS.len()],
    /// Seconds as measured.
    pub seconds: Option<f64>,
}

impl Setting {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            method: config.method.clone(),
            data: config.data.name.clone(),
            networks: config.model.kind.clone(),
            images: config.batch,
            views: config.views,
            rows: config.batch * config.views,
        }
    }
}

impl Tested {
    pub(super) fn new(device: &Device, tuning: &Tuning) -> Self {
        let adapter = device.adapter();
        Self {
            reason: device.reason.clone(),
            name: adapter.map_or("CPU".to_owned(), |adapter| adapter.name.clone()),
            backend: adapter.map(|adapter| adapter.backend.to_string()),
            driver: adapter.map(|adapter| [adapter.driver.as_str(), &adapter.driver_info].join(" ").trim().to_owned()),
            kind: adapter.map(|adapter| format!("{:?}", adapter.device_type)),
            product: tuning.matmul,
            threads: rayon::current_num_threads(),
            processor: processor(),
        }
    }
}

/// The name of the processor and its clock in MHz, on Linux.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let entry = |key: &str| Some(text.lines().find(|line| line.starts_with(key))?.split_once(':')?.1.trim().to_owned());
    let name = entry("model name")?;
    Some(entry("cpu MHz").map_or(name.clone(), |clock| format!("{name}, {clock} MHz")))
}

impl Speed {
    pub(super) fn new(steps_of_a_round: u64, mut rounds: Vec<f64>, images: usize) -> Self {
        let in_order = rounds.clone();
        let [best, median] = [rounds.iter().copied().fold(0.0, f64::max), median(&mut rounds)];
        Self {
            steps_of_a_round,
            rounds: in_order,
            best_steps_per_second: best,
            median_steps_per_second: median,
            best_images_per_second: best * images as f64,
            median_images_per_second: median * images as f64,
        }
    }
}

impl Report {
    pub(super) fn new(config: &Config, plan: &Plan, tuning: &Tuning) -> Self {
        let dispatches = plan.dispatches.iter().map(|dispatch| {
            let (launch, work) = (dispatch.kernel.launch(tuning), dispatch.kernel.work(tuning));
            Dispatched {
                label: dispatch.label.clone(),
                kernel: launch.shader.name,
                shader: launch.shader.label(),
                workgroups: launch.workgroups,
                work,
                modelled_seconds: CARDS.map(|card| card.seconds(&work, launch.workgroups)),
                seconds: None,
            }
        });
        Self {
            version: env!("CARGO_PKG_VERSION"),
            setting: Setting::new(config),
            measured: None,
            cards: CARDS.map(|card| card.name),
            dispatches: dispatches.collect(),
        }
    }
}

/// The middle one; of an even number the upper of the two. Sorts them.
pub(super) fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

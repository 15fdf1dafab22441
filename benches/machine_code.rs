//! What the first Vulkan driver makes of the products of a training step, without running them: each by the tiles that would be timed.
//! It prints the driver's own numbers and writes the machine code of each, as text or, from NVIDIA's driver, as a pipeline cache that holds
//! it (`dev/nvidia-code` reads that). Nothing is timed.
//!
//! `cargo bench --features translate --bench machine_code -- FOLDER [SETTING=VALUE ...]`: settings over those of `official-code`.

#[path = "../tests/it/radv/driver.rs"]
mod driver;

use driver::{Code, Driver};
use std::collections::BTreeSet;
use std::path::PathBuf;
use wgpu_simvae::data::{FileOptions, load_with};
use wgpu_simvae::device::Device;
use wgpu_simvae::device::gpu::tuning::CANDIDATES;
use wgpu_simvae::kernels::Tuning;
use wgpu_simvae::kernels::cost::Machine;
use wgpu_simvae::settings::{Config, Recipe, Sources};
use wgpu_simvae::train::Blueprint;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder = PathBuf::from(arguments.next().ok_or("name a folder for the machine code")?);
    std::fs::create_dir_all(&folder)?;
    let (preset, data) = (Some("official-code".to_owned()), Some("sprites-rgb".to_owned()));
    let sources = Sources { preset, data, ..Sources::default() }.with(arguments);
    let recipe = Recipe::new(&Config::merge(&sources)?)?;
    let options = FileOptions { limit: 64, ..FileOptions::default() };
    let data = load_with("sprites-rgb", None, &Device::cpu(), &options)?;
    let plan = Blueprint::new(&recipe, &data, u64::MAX).on(Machine::Gpu).training_step()?;
    let driver = Driver::open();
    println!("{}", driver.name);
    let mut known = BTreeSet::new();
    for dispatch in &plan.dispatches {
        let Some(product) = dispatch.kernel.product() else { continue };
        let cooperative = product.is_half();
        let tiles = product.tiles(&Tuning { cooperative, ..Tuning::default() });
        for tile in tiles.into_iter().take(CANDIDATES) {
            let tuning = Tuning { tile: Some(tile), cooperative, ..Tuning::default() };
            let shader = dispatch.kernel.launch(&tuning).shader;
            let name = shader.label().replace('/', "-");
            if known.insert(name.clone()) {
                let compiled = driver.compile(&shader);
                println!("{name}: {:?}", compiled.statistics);
                match compiled.code {
                    Code::Text(text) => std::fs::write(folder.join(format!("{name}.txt")), text)?,
                    Code::Cache(data) => std::fs::write(folder.join(format!("{name}.bin")), data)?,
                }
            }
        }
    }
    Ok(())
}

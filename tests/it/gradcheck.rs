//! Gradients: twins against central differences, devices against twins, and all of them against PyTorch.

use std::path::{Path, PathBuf};
use wgpu_simvae::check::{Outcome, Row, Table, Target, central_differences, golden, lockstep};
use wgpu_simvae::device::Device;
use wgpu_simvae::kernels::Tuning;
use wgpu_simvae::kernels::product::Variant;
use wgpu_simvae::plan::Precision;

fn cpu() -> Target {
    Target::Device(Device::cpu())
}

/// The adapter with both loops of matrix products; none where GPU tests are switched off.
fn gpus() -> Vec<Target> {
    let Some(gpu) = crate::common::gpu() else { return Vec::new() };
    [Variant::Tile, Variant::Strip].map(|matmul| Target::Device(gpu.tuned(Tuning::of(matmul)))).into()
}

/// Golden cases kept with the tests; a folder with more can be named.
fn golden_folder() -> PathBuf {
    std::env::var_os("WGPU_SIMVAE_GOLDEN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"), PathBuf::from)
}

fn assert_all_pass(rows: Vec<Row>, at_least: usize) {
    let table = Table { rows };
    assert_eq!(table.failures(), 0, "\n{table}");
    assert!(table.compared() >= at_least, "only {} cases were compared\n{table}", table.compared());
}

/// Products rounded their operands: no step is as near as in single precision.
fn assert_rounded(rows: &[Row]) {
    let is_rounded = |row: &&Row| matches!(row.outcome, Outcome::Compared { tensor, .. } if tensor > 1e-4);
    assert_eq!(rows.iter().filter(is_rounded).count(), rows.len(), "a step rounds no operand");
}

/// What the golden cases kept with the tests say of targets.
fn from_pytorch(targets: &[Target], precision: Precision) -> Vec<Row> {
    golden(&golden_folder(), targets, &[precision]).expect("golden cases")
}

#[test]
fn backward_equals_central_differences() {
    assert_all_pass(central_differences().expect("the CPU runs"), 13);
}

#[test]
fn every_buffer_of_a_step_equals_the_reference_on_the_cpu() {
    assert_all_pass(lockstep(&cpu(), Precision::Single).expect("the CPU runs"), 13);
}

/// Products that round their operands, gradients under the step's own loss scale; by one loop, as the kernels are tried by every loop.
#[test]
fn every_buffer_of_a_step_in_mixed_precision_is_near_the_reference() {
    for target in [cpu()].into_iter().chain(gpus().pop()) {
        let rows = lockstep(&target, Precision::Mixed).expect("the device runs");
        assert_rounded(&rows);
        assert_all_pass(rows, 13);
    }
}

#[test]
fn every_buffer_of_a_step_equals_the_reference_on_the_gpu() {
    for gpu in gpus() {
        assert_all_pass(lockstep(&gpu, Precision::Single).expect("the adapter runs"), 13);
    }
}

#[test]
fn losses_gradients_and_trajectories_equal_pytorch_on_the_cpu() {
    assert_all_pass(from_pytorch(&[Target::Reference, cpu()], Precision::Single), 60);
}

#[test]
fn losses_gradients_and_trajectories_equal_pytorch_on_the_gpu() {
    for gpu in gpus() {
        assert_all_pass(from_pytorch(&[gpu], Precision::Single), 30);
    }
}

/// PyTorch's are in double precision; here products round their operands, and gradients come back from a loss scale, which alone changes nothing.
#[test]
fn losses_gradients_and_trajectories_in_mixed_precision_are_near_pytorch() {
    let devices: Vec<Target> = [cpu()].into_iter().chain(gpus().pop()).collect();
    let rows = from_pytorch(&devices, Precision::Mixed);
    assert_rounded(&rows);
    assert_all_pass(rows, 25 * devices.len());
    assert_all_pass(from_pytorch(&[Target::Reference], Precision::Mixed), 25);
}

#[test]
fn a_wrong_gradient_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "simvae_gaussian_uniform_0";
    for extension in ["json", "safetensors"] {
        let file = format!("{name}.{extension}");
        std::fs::copy(golden_folder().join(&file), folder.path().join(&file)).expect("a golden case");
    }
    // Sixteen numbers of one gradient are replaced.
    let path = folder.path().join(format!("{name}.safetensors"));
    let mut bytes = std::fs::read(&path).expect("a golden case");
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let text = String::from_utf8_lossy(&bytes[8..8 + header]).into_owned();
    let json: serde_json::Value = serde_json::from_str(&text).expect("a header");
    let start = json["grad.enc.0.weight"]["data_offsets"][0].as_u64().expect("an offset") as usize;
    for byte in &mut bytes[8 + header + start..][..64] {
        *byte = 0x3f;
    }
    std::fs::write(&path, bytes).expect("the folder takes a file");
    let rows = golden(folder.path(), &[Target::Reference], &[Precision::Single]).expect("the case reads");
    assert!(rows.iter().all(Row::failed), "{}", Table { rows });
}

#[test]
fn cases_of_other_methods_are_listed_as_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("someday_0.json"), "{}").expect("the folder takes a file");
    let precisions = [Precision::Single, Precision::Mixed];
    let rows = golden(folder.path(), &[cpu()], &precisions).expect("nothing to read");
    assert_eq!(rows.len(), 1, "a case is listed once, whatever the precisions");
    assert_eq!((rows[0].case.as_str(), &rows[0].outcome), ("someday_0", &Outcome::Skipped));
}

#[test]
fn unusable_golden_folders_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = |path: &Path| golden(path, &[cpu()], &[Precision::Single]).expect_err("refused").to_string();
    assert!(message(folder.path()).contains("no golden case"));
    assert!(message(&folder.path().join("absent")).contains("absent"));
    std::fs::write(folder.path().join("simvae_x.json"), "{\"B\": 1}").expect("the folder takes a file");
    assert!(message(folder.path()).contains("simvae_x.json"));
}

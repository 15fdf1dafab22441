//! Doors to the readers of run folders; see `crate::fuzzing`.

use super::checkpoint::decode;
use super::metrics::{MetricsLog, Row};
use super::pth::unpacked;
use super::state::State;
use super::state_dict::StateDict;
use crate::files::read_or_named;
use crate::nn::{Init, Params};
use std::path::Path;

/// A small model.
fn params() -> Params {
    let mut params = Params::default();
    params.add("enc.0.weight", [3, 2], Init::Constant(0.0));
    params.add("enc.0.bias", [3], Init::Constant(0.0));
    params.add_buffer("enc.1.running_var", [3], 1.0);
    params
}

/// The safetensors of a checkpoint.
pub fn checkpoint(bytes: &[u8]) {
    let params = params();
    let parts = [("", params.specs(), params.flat_len()), ("", params.buffers(), 64)];
    let file = "model.safetensors";
    if let Some([weights, buffers]) = read_or_named(file, decode(Path::new(file), bytes, parts)) {
        assert!(weights.iter().chain(&buffers).all(|x| x.is_finite()));
    }
}

/// The state dict of a PyTorch model.
pub fn state_dict(bytes: &[u8]) {
    let params = params();
    let wanted: Vec<&str> = params.specs().iter().chain(params.buffers()).map(|spec| spec.name.as_str()).collect();
    for part in ["", "enc."] {
        let Ok(dict) = StateDict::open(bytes, &wanted, part) else { continue };
        let mut problems = dict.notes();
        let flat = dict.flatten(params.specs(), params.flat_len(), &mut problems);
        assert!(flat.iter().all(|x| x.is_finite()));
        dict.flatten(params.buffers(), 64, &mut problems);
        problems.extend(dict.unknown(&wanted));
    }
}

/// The pickle of such a file, which a checksum keeps the fuzzer from.
pub fn pickle(bytes: &[u8]) {
    for (_, tensors) in unpacked(bytes).unwrap_or_default() {
        for tensor in tensors.into_values().flatten() {
            let few = tensor
                .shape
                .iter()
                .try_fold(1usize, |count, &dim| count.checked_mul(dim))
                .is_some_and(|count| count < 100);
            assert!(!few || tensor.numbers().is_none_or(|numbers| numbers.len() < 100));
        }
    }
}

/// What a checkpoint knows beside its tensors.
pub fn state(bytes: &[u8]) {
    if let Ok(state) = serde_json::from_slice::<State>(bytes) {
        for images in [0, 1, 54] {
            let _refused = state.check_clock(7, 3, images);
        }
    }
}

/// The rows of metrics.
pub fn metrics(bytes: &[u8]) {
    let rows: Vec<Row> = MetricsLog::rows(bytes);
    let _refused = MetricsLog::check_rows(bytes);
    assert!(rows.iter().all(|row| serde_json::to_string(row).is_ok()));
}

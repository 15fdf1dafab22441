//! The door to the reader of verdicts; see `crate::fuzzing`.

use super::tables;
use super::verdict::{JudgedRun, Saved};

/// A verdict, and the content of one, which a checksum keeps the fuzzer from.
pub fn verdict(bytes: &[u8]) {
    let content = serde_json::from_slice::<JudgedRun>(bytes).map_err(|error| error.to_string());
    let sealed = content.and_then(|judged| Saved::seal(&judged)).unwrap_or_default();
    for judged in [Saved::open(bytes), Saved::open(&sealed)].into_iter().flatten() {
        assert!(!tables(&[judged], None).iter().any(|table| format!("{table:?}").contains("NaN")));
    }
}

//! The door to the reader of verdicts; see `crate::fuzzing`.

use super::tables;
use super::verdict::Saved;

/// A verdict.
pub fn verdict(bytes: &[u8]) {
    if let Ok(judged) = Saved::open(bytes) {
        assert!(!tables(&[judged]).iter().any(|table| table.to_string().contains("NaN")));
    }
}

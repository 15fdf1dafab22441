//! The doors to all readers for `fuzz/`, built with `--cfg fuzzing` only. Each takes the bytes of a file, and may refuse them.

use crate::compare::fuzzing as compare;
use crate::data::fuzzing as data;
use crate::run_folder::fuzzing as train;
use crate::run_folder::sealed::{seal, unseal};
use crate::run_folder::{Manifest, Record};
use crate::settings::Config;
use crate::settings::Sources;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A reader of bytes.
pub type Reader = fn(&[u8]);

/// Every reader and its name.
pub const READERS: [(&str, Reader); 16] = [
    ("idx", |bytes| data::idx(bytes, false)),
    ("idx-gzip", |bytes| data::idx(bytes, true)),
    ("archive", data::archive),
    ("cifar", data::cifar),
    ("celeba", |bytes| text(bytes, data::celeba)),
    ("pictures", data::picture),
    ("cache", data::cache),
    ("checkpoint", train::checkpoint),
    ("state-dict", train::state_dict),
    ("state", train::state),
    ("record", unsealed::<Record>),
    ("manifest", unsealed::<Manifest>),
    ("metrics", train::metrics),
    ("verdict", compare::verdict),
    ("settings", |bytes| text(bytes, settings)),
    ("assignment", |bytes| text(bytes, assignment)),
];

/// Reads sealed JSON, and JSON that is sealed here, which a checksum keeps the fuzzer from.
fn unsealed<T: DeserializeOwned>(bytes: &[u8]) {
    let _refused = unseal::<T>(bytes);
    if let Ok(sealed) = serde_json::from_slice::<Box<RawValue>>(bytes).and_then(|content| seal(&content)) {
        let _refused = unseal::<T>(&sealed);
    }
}

fn text(bytes: &[u8], read: fn(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read(text);
    }
}

fn settings(text: &str) {
    let _refused = Config::from_whole_toml("config.toml", text);
    let file = Some(("file.toml".to_owned(), text.to_owned()));
    if let Ok(config) = Config::merge(&Sources { file, ..Sources::default() }) {
        let again = config.to_toml().and_then(|text| Config::from_whole_toml("config.toml", &text));
        assert_eq!(again.expect("what is written is read back"), config);
    }
}

fn assignment(text: &str) {
    let set = text.split('\u{1f}').map(str::to_owned).collect();
    let _refused = Config::merge(&Sources { set, ..Sources::default() });
}

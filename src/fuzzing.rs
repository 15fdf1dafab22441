//! The doors to all readers, for `fuzz/` (built with `--cfg fuzzing`) and for the tests below. Each takes the bytes of a file, and may
//! refuse them: with an error that names the file, where the reader knows it.

use crate::compare::fuzzing as compare;
use crate::data::fuzzing as data;
use crate::recording::fuzzing as recording;
use crate::run_folder::fuzzing as train;
use crate::run_folder::sealed::{seal, unseal};
use crate::run_folder::{Manifest, Record};
use crate::settings::{Config, ConfigError, Sources};
use crate::train::Embeddings;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A reader of bytes.
pub type Reader = fn(&[u8]);

/// Every reader and its name.
pub const READERS: [(&str, Reader); 20] = [
    ("idx", |bytes| data::idx(bytes, false)),
    ("idx-gzip", |bytes| data::idx(bytes, true)),
    ("archive", data::archive),
    ("cifar", data::cifar),
    ("celeba", |bytes| text(bytes, data::celeba)),
    ("pictures", data::picture),
    ("cache", data::cache),
    ("checkpoint", train::checkpoint),
    ("state-dict", train::state_dict),
    ("pickle", train::pickle),
    ("state", train::state),
    ("record", unsealed::<Record>),
    ("manifest", unsealed::<Manifest>),
    ("embeddings", embeddings),
    ("metrics", train::metrics),
    ("verdict", compare::verdict),
    ("plan", recording::plan),
    ("plan-files", recording::contents),
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

/// A refusal names the file or flag, or the setting whose value is wrong.
fn told<T>(origin: &str, read: Result<T, ConfigError>) -> Option<T> {
    let named = |error: &ConfigError| match error {
        ConfigError::Value { key, .. } => !key.is_empty(),
        ConfigError::TwoFolders { .. } => true,
        error => error.to_string().contains(origin),
    };
    read.map_err(|error| assert!(named(&error), "{origin} is not named: {error}")).ok()
}

fn embeddings(bytes: &[u8]) {
    if let Ok(Embeddings { mu, latent, files, .. }) = Embeddings::parse(bytes) {
        assert!(!mu.is_empty() && mu.len().is_multiple_of(latent));
        assert!(files.is_empty() || files.len() == mu.len() / latent);
    }
}

fn settings(text: &str) {
    told("config.toml", Config::from_whole_toml("config.toml", text));
    let file = Some(("file.toml".to_owned(), text.to_owned()));
    if let Some(config) = told("file.toml", Config::merge(&Sources { file, ..Sources::default() })) {
        let again = config.to_toml().and_then(|text| Config::from_whole_toml("config.toml", &text));
        assert_eq!(again.expect("what is written is read back"), config);
    }
}

fn assignment(text: &str) {
    told("--set", Config::of(text.split('\u{1f}')));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index;
    use proptest::test_runner::{Config as Cases, RngSeed, TestRunner};
    use std::io::Write;
    use std::path::Path;

    /// Hands so many inputs to a reader, the same in every run. What makes it panic is shrunk and shown.
    fn feed(name: &str, read: Reader, cases: u32, inputs: &impl Strategy<Value = Vec<u8>>) {
        let seed = RngSeed::Fixed(1);
        let mut runner =
            TestRunner::new(Cases { cases, failure_persistence: None, rng_seed: seed, ..Cases::default() });
        let outcome = runner.run(inputs, |bytes| {
            read(&bytes);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Whole files of a reader: those that the fuzzer begins with.
    fn whole(name: &str) -> Vec<Vec<u8>> {
        match name {
            "idx-gzip" => whole("idx").iter().map(|bytes| packed(bytes)).collect(),
            "archive" => vec![archive(&whole("cifar")[0])],
            _ => {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
                let files = std::fs::read_dir(folder).expect("each reader has seeds");
                let mut paths: Vec<_> = files.map(|file| file.expect("a seed").path()).collect();
                paths.sort();
                paths.iter().map(|path| std::fs::read(path).expect("a seed")).collect()
            }
        }
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).and_then(|()| packed.finish()).expect("memory takes all")
    }

    fn archive(names: &[u8]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(names.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, "cifar-10-batches-bin/batches.meta.txt", names).expect("memory takes all");
        archive.into_inner().expect("memory takes all")
    }

    /// One way to damage a file.
    #[derive(Clone, Debug)]
    enum Damage {
        Flip(Index, u8),
        Set(Index, u8),
        Insert(Index, Vec<u8>),
        Remove(Index, usize),
        Repeat(Index, usize),
        Cut(Index),
    }

    impl Damage {
        fn any() -> impl Strategy<Value = Self> {
            let at = any::<Index>;
            // What numbers, texts and lists have at their edges.
            let edges =
                prop::sample::select(vec![0u8, 1, 0x7f, 0x80, 0xff, b'-', b'9', b'"', b'[', b'{', b'\n', b'.', b'=']);
            prop_oneof![
                (at(), 0..8u8).prop_map(|(at, bit)| Self::Flip(at, bit)),
                (at(), edges).prop_map(|(at, byte)| Self::Set(at, byte)),
                (at(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Self::Insert(at, bytes)),
                (at(), 1..20usize).prop_map(|(at, count)| Self::Remove(at, count)),
                (at(), 1..40usize).prop_map(|(at, count)| Self::Repeat(at, count)),
                at().prop_map(Self::Cut),
            ]
        }

        fn apply(self, bytes: &mut Vec<u8>) {
            let len = bytes.len();
            let end = |from: usize, count: usize| len.min(from + count);
            match self {
                _ if len == 0 => {}
                Self::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
                Self::Set(at, byte) => bytes[at.index(len)] = byte,
                Self::Insert(at, new) => drop(bytes.splice(at.index(len)..at.index(len), new)),
                Self::Remove(at, count) => drop(bytes.drain(at.index(len)..end(at.index(len), count))),
                Self::Repeat(at, count) => {
                    let part = bytes[at.index(len)..end(at.index(len), count)].to_vec();
                    bytes.extend(part);
                }
                Self::Cut(at) => bytes.truncate(at.index(len)),
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        for (name, read) in READERS {
            feed(name, read, 500, &prop::collection::vec(any::<u8>(), 0..300));
        }
    }

    #[test]
    fn damaged_files_are_read_or_refused() {
        for (name, read) in READERS {
            let damage = prop::collection::vec(Damage::any(), 0..5);
            let damaged = (prop::sample::select(whole(name)), damage).prop_map(|(mut bytes, damage)| {
                damage.into_iter().for_each(|damage| damage.apply(&mut bytes));
                bytes
            });
            feed(name, read, 1000, &damaged);
        }
    }
}

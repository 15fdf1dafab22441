//! One program for all readers: `FUZZ_TARGET` names the one that libFuzzer feeds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use wgpu_simvae::fuzzing::{READERS, Reader};

fuzz_target!(|bytes: &[u8]| {
    static TARGET: OnceLock<Reader> = OnceLock::new();
    let reader = TARGET.get_or_init(|| {
        let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let found = READERS.iter().find(|(name, _)| *name == wanted);
        let names: Vec<&str> = READERS.iter().map(|(name, _)| *name).collect();
        found.unwrap_or_else(|| panic!("FUZZ_TARGET is one of {}", names.join(" "))).1
    });
    reader(bytes);
});

//! Doors to the readers of plans; see `crate::fuzzing`.

use super::{File, PLAN, Recording, Stored, StoredAs};
use crate::files::read_or_named;
use std::path::Path;

/// A plan: what is read is written and read again as the same.
pub fn plan(bytes: &[u8]) {
    if let Some(recording) = read_or_named(PLAN, Recording::parse(Path::new(PLAN), bytes)) {
        let again = serde_json::to_vec(&recording).expect("what was JSON is JSON");
        assert!(Recording::parse(Path::new(PLAN), &again).is_ok_and(|again| again == recording));
        for shader in &recording.shaders {
            let _text = recording.wgsl(shader);
        }
        let _sum = super::Needs::of(&recording).plans.len();
    }
}

/// The weights beside a plan.
pub fn contents(bytes: &[u8]) {
    let stored = |name: &str, stored_as, shape: &[usize], offset| Stored {
        name: name.to_owned(),
        stored_as,
        shape: shape.to_vec(),
        region: 0,
        offset,
    };
    let tensors = vec![
        stored("enc.0.weight", StoredAs::F32, &[3, 2], 0),
        stored("enc.0.bias", StoredAs::F32, &[3], 64),
        stored("enc.1.running_var", StoredAs::F32, &[3], 128),
    ];
    let file = File { name: "model.safetensors".to_owned(), optional: false, tensors };
    let layout = r#"{"format":"wgpu-simvae plan","version":1,"program":"","loops":[],"regions":
        [{"name":"weights","type":"f32","len":192}],"tensors":{},"files":[],"texts":[],"shaders":[],"plans":[]}"#;
    let recording = Recording::parse(Path::new(PLAN), layout.as_bytes()).expect("a plan of nothing");
    match recording.contents_of(&file, bytes) {
        Ok(contents) => assert_eq!(contents.len(), 3),
        Err(problems) => assert!(!problems.is_empty()),
    }
}

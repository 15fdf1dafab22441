//! A plan that runs once in the browser: its memory goes along with it, and comes back.

use super::driver::drive;
use serde_json::json;
use wgpu_simvae::plan::{Layout, Plan};
use wgpu_simvae::recording::{MEMORY, Memory, Recorder};

/// What a plan makes of this memory, with a loop of products by its name. `None` where tests run without GPUs.
pub fn once(layout: &Layout, plan: &Plan, before: &Memory, variant: &str) -> Option<Memory> {
    let mut recorder = Recorder::new(layout);
    recorder.plan("once", plan, &[]).expect("its tensors lie in the layout");
    let file = before.file();
    recorder.file(file.clone());
    let recording = recorder.finish();
    let folder = tempfile::tempdir().expect("a folder");
    let case = folder.path().join("once");
    recording.write(&case).expect("the plan is written");
    std::fs::write(case.join(MEMORY), before.bytes(&file, &recording).expect("it is whole")).expect("it is written");
    let job = json!({ "folder": "once", "loop": variant, "runs": [["once", 1]], "save": [MEMORY] });
    let results = drive(folder.path(), &[job])?;
    assert!(results[0]["error"].is_null(), "{}", results[0]);
    let bytes = std::fs::read(case.join("saved").join(MEMORY)).expect("the memory comes back");
    Some(Memory::taken(&file, &recording, &bytes).expect("it is whole"))
}

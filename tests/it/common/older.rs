//! Runs as they were before records and manifests: their settings can be edited, as a test of what they are checked against.

use std::path::Path;

/// Takes the record, the manifests and the mark of their format away.
pub fn make_older(run: &Path) {
    std::fs::remove_file(run.join("run.json")).expect("a record");
    for entry in std::fs::read_dir(run.join("checkpoints")).expect("checkpoints") {
        let folder = entry.expect("a checkpoint").path();
        std::fs::remove_file(folder.join("manifest.json")).expect("a manifest");
        let state = std::fs::read_to_string(folder.join("state.json")).expect("a state");
        let older = state.replace("\"format\": 1", "\"format\": 0");
        assert_ne!(state, older);
        std::fs::write(folder.join("state.json"), older).expect("a state");
    }
}

//! Two owners of one folder.

use crate::runs::{Left, Random, assert_tidy, ended, simvae, text, train, undisturbed, wanted};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Both commands, the second a random moment later.
fn race(random: &mut Random, took: Duration, commands: [Command; 2]) -> [Output; 2] {
    let start = |mut command: Command| -> Child {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let [first, second] = commands;
    let first = start(first);
    std::thread::sleep(Duration::from_micros(random.below(took.as_micros() as u64)));
    let second = start(second);
    [first, second].map(|child| child.wait_with_output().expect("a child"))
}

#[test]
fn one_owner_at_a_time() {
    let mut random = Random::new(4);
    let (folder, whole, took) = undisturbed();
    let unfinished = crate::runs::files_of(folder.path());
    let mut refused = 0;
    for attempt in 0..wanted("races", 3) {
        // Two trainings: one ends, the other is refused, whenever it comes.
        let folder = tempfile::tempdir().expect("a folder");
        let both = [train(folder.path()), train(folder.path())];
        let outputs = race(&mut random, took, both);
        let mut codes = outputs.each_ref().map(|output| output.status.code());
        codes.sort();
        let said = outputs.each_ref().map(text).join("\n");
        assert_eq!(codes, [Some(0), Some(2)], "attempt {attempt}: {said}");
        assert!(said.contains("at work in this folder") || said.contains("there is a run in this folder"), "{said}");
        Left::of(folder.path()).assert_is(&whole, &format!("attempt {attempt}"));
        assert_tidy(folder.path());

        // Two that resume: whoever comes second is refused, or finds it done.
        let folder = tempfile::tempdir().expect("a folder");
        for (path, bytes) in &unfinished {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        }
        let all = wgpu_simvae::run_folder::checkpoint::list(&folder.path().join("run")).expect("a listing");
        std::fs::remove_dir_all(&all.last().expect("a checkpoint").1).expect("a checkpoint");
        let outputs = race(&mut random, took, [train(folder.path()), train(folder.path())]);
        let codes = outputs.each_ref().map(|output| output.status.code());
        let said = outputs.each_ref().map(text).join("\n");
        assert!(codes.contains(&Some(0)) && codes.iter().all(|code| matches!(code, Some(0 | 2))), "{codes:?}: {said}");
        refused += codes.iter().filter(|code| **code == Some(2)).count();
        Left::of(folder.path()).assert_is(&whole, &format!("attempt {attempt}, resumed"));
        assert_tidy(folder.path());
    }

    // Two comparisons, of which a repeated one goes on.
    for attempt in 0..wanted("races", 3).div_ceil(5) {
        let compare = |folder: &std::path::Path| {
            let mut command = simvae(folder);
            command.args(["compare", "--device", "cpu", "--methods", "vae,random", "--out", "run"]);
            command.args(["--probe-epochs", "1", "--mixture-starts", "1", "--epochs", "1", "--set", "data.limit=100"]);
            command.args(["--set", "model.hidden=[8]", "--set", "batch=10"]);
            command
        };
        let folder = tempfile::tempdir().expect("a folder");
        let outputs = race(&mut random, took, [compare(folder.path()), compare(folder.path())]);
        let codes = outputs.each_ref().map(|output| output.status.code());
        let said = outputs.each_ref().map(text).join("\n");
        assert!(codes.contains(&Some(0)) && codes.iter().all(|code| matches!(code, Some(0 | 2))), "{codes:?}: {said}");
        let results = |folder: &std::path::Path| std::fs::read(folder.join("run/results.json")).expect("results");
        let before = results(folder.path());
        let again = ended(compare(folder.path()));
        assert!(again.status.success() && results(folder.path()) == before, "attempt {attempt}: {}", text(&again));
        assert_tidy(folder.path());
    }
    println!("{refused} of those that resumed were refused");
}

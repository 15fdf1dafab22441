//! Signals at random moments.

use crate::runs::{Left, Random, assert_tidy, ended, text, train, undisturbed, wanted};
use std::time::Duration;

#[test]
fn killing_changes_nothing() {
    let mut random = Random::new(1);
    let (_folder, whole, took) = undisturbed();
    let (wanted, mut done, mut runs) = (wanted("kills", 6), 0, 0);
    while done < wanted {
        runs += 1;
        let folder = tempfile::tempdir().expect("a folder");
        for _ in 0..1 + random.below(3) {
            let mut child = train(folder.path()).spawn().expect("it starts");
            std::thread::sleep(Duration::from_micros(random.below(took.as_micros() as u64)));
            if child.try_wait().expect("a child").is_none() {
                let signal = [libc::SIGKILL, libc::SIGKILL, libc::SIGTERM][random.below(3) as usize];
                // SAFETY: a signal to a child that has not been waited for.
                unsafe { libc::kill(child.id() as i32, signal) };
                done += 1;
            }
            child.wait().expect("a child");
        }
        let output = ended(train(folder.path()));
        assert!(output.status.success(), "run {runs}: {}", text(&output));
        Left::of(folder.path()).assert_is(&whole, &format!("run {runs}"));
        assert_tidy(folder.path());
    }
    println!("{done} signals in {runs} runs");
}

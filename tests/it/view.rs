//! The full-screen view of a run, in a pseudo terminal.

use crate::common::ends::{assert_ends, simvae};

#[test]
fn without_a_terminal_or_without_a_view_it_is_refused() {
    let output = simvae(&["train", "--view"]);
    let wanted = match cfg!(feature = "view") {
        true => "--view fills the screen of a terminal, and the standard output is none here",
        false => "`cargo build --release --features view`",
    };
    assert_ends(&output, 2, &[wanted]);
}

#[cfg(all(unix, feature = "view"))]
mod in_a_terminal {
    use crate::common::folders::temporary;
    use crate::common::python::answer;
    use serde_json::Value;
    use std::ffi::OsStr;
    use std::path::Path;

    const SETTINGS: [&str; 8] = [
        "model.hidden=[16]",
        "data.limit=64",
        "batch=8",
        "log.every=3",
        "log.pictures_every=1",
        "judge.every=1",
        "judge.share=0.25",
        "epochs=2",
    ];

    /// What the command wrote before its screen, on it and behind it.
    struct Seen {
        code: i64,
        screen: String,
        after: String,
    }

    /// Trains in a pseudo terminal, types keys when all that is wanted has been drawn, and sees that the terminal is given back.
    #[track_caller]
    fn trains(out: &Path, more: &[&str], keys: &str, wanted: &[&str]) -> Seen {
        let mut arguments = vec![keys];
        arguments.extend(wanted);
        let out = out.to_string_lossy();
        arguments.extend([
            "--",
            env!("CARGO_BIN_EXE_wgpu-simvae"),
            "train",
            "--view",
            "--device",
            "cpu",
            "--out",
            &out,
        ]);
        arguments.extend(SETTINGS.iter().chain(more).flat_map(|set| ["--set", set]));
        let said = answer("view.py", &arguments.iter().map(OsStr::new).collect::<Vec<_>>());
        for (what, wanted) in [("raw", true), ("as_before", true), ("typed", true)] {
            assert_eq!(said[what], Value::Bool(wanted), "{what}: {said}");
        }
        let text = said["text"].as_str().expect("a text");
        let (_, rest) = text.split_once("\u{1b}[?1049h").expect("the screen is taken");
        let (screen, after) = rest.split_once("\u{1b}[?1049l").expect("the screen is given back");
        assert!(
            after.contains("\u{1b}[?25h") && !after.contains("\u{1b}[?1049h"),
            "the cursor is there again: {after}"
        );
        Seen { code: said["code"].as_i64().expect("a code"), screen: screen.to_owned(), after: after.to_owned() }
    }

    #[test]
    fn a_run_is_drawn_and_the_terminal_is_given_back_however_it_ends() {
        let folder = temporary();
        let at = |name: &str| folder.path().join(name);
        let done = trains(&at("done"), &[], "", &[]);
        assert_eq!(done.code, 0, "{}", done.after);
        for part in ["sprites", "held", "▀", "\u{1b}[38;2;", ";48;2;"] {
            assert!(done.screen.contains(part), "{part} is not on the screen");
        }
        // What was told meanwhile stands there afterwards, before the results.
        let places =
            ["parameters, 12 steps", "judged: knn", "12 steps,", "k-NN (k = 5"].map(|part| done.after.find(part));
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}: {}", done.after);

        for (name, key) in [("by q", "q"), ("by Ctrl-C", "\u{3}")] {
            let long = ["epochs=100000", "judge.every=0", "log.pictures_every=100000", "log.checkpoint_every=100000"];
            let stopped = trains(&at(name), &long, key, &["images/s"]);
            assert_eq!(stopped.code, 130, "{}", stopped.after);
            for part in ["stopping at the next safe place", "interrupted at step", "--resume"] {
                assert!(stopped.after.contains(part), "{part}: {}", stopped.after);
            }
            assert!(at(name).join("checkpoints").is_dir());
        }

        let failed = trains(&at("failed"), &["epochs=50", "method=vae", "views=1", "optim.lr=100"], "", &[]);
        assert_eq!(failed.code, 1, "{}", failed.after);
        assert!(failed.after.contains("error: "), "{}", failed.after);
    }
}

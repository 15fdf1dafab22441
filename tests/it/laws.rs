//! The laws of the house, read from the sources: which room may import which, and how long a file may be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Every room of the library, from the ground up: each may import those before it.
const ROOMS: [&str; 29] = [
    "math",
    "quiet",
    "files",
    "console",
    "setting",
    "kernels",
    "plan",
    "device",
    "recording",
    "nn",
    "augment",
    "optim",
    "methods",
    "measure",
    "data",
    "settings",
    "run_folder",
    "onnx",
    "draw",
    "page",
    "tensorboard",
    "train",
    "web",
    "bench",
    "eval",
    "decode",
    "compare",
    "check",
    "fuzzing",
];

/// Lines of a file, at most: one idea each.
const MOST_LINES: usize = 400;

fn sources(folder: &str, extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut folders) = (Vec::new(), vec![root.join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|found| found == extension) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

/// The room that a file of `src` belongs to: its folder, or its own name.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("below src");
    let first = inside.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a text names by `crate::ROOM`, or in `use crate::{ROOM, ...}`.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default(),
            None => rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default(),
        };
        found.extend(names.split(',').map(|name| name.trim().split("::").next().unwrap_or_default().to_owned()));
    }
    found
}

#[test]
fn rooms_import_only_the_rooms_below_them() {
    let floor = |name: &str| ROOMS.iter().position(|room| *room == name);
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for path in sources("src", "rs") {
        let here = room(&path);
        if here == "lib" || here == "bin" {
            continue;
        }
        let own = floor(&here).unwrap_or_else(|| panic!("{}: a room that the law does not know", path.display()));
        for other in imports(&fs::read_to_string(&path).expect("a source")) {
            if floor(&other).is_some_and(|floor| floor > own) {
                wrong.push(format!("{}: {here} imports {other}, which is above it", path.display()));
            }
        }
        seen.insert(here);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen.len(), ROOMS.len(), "a room of the law is gone; there are {seen:?}");
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for (folder, extension) in
        [("src", "rs"), ("tests", "rs"), ("benches", "rs"), ("examples", "rs"), ("shaders", "wgsl"), ("web", "js")]
    {
        for path in sources(folder, extension) {
            let lines = fs::read_to_string(&path).expect("a source").lines().count();
            if lines > MOST_LINES {
                long.push(format!("{}: {lines} lines, at most {MOST_LINES}", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// An example that needs more lines shows that the library is clumsy.
#[test]
fn examples_are_short_and_the_readme_lists_them() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a page");
    let examples = sources("examples", "rs");
    assert!(examples.len() >= 7, "{examples:?}");
    for path in examples {
        let lines = fs::read_to_string(&path).expect("an example").lines().count();
        assert!(lines <= 60, "{} has {lines} lines", path.display());
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in README.md");
    }
}

/// What `.dockerignore` lets through: all that the compiler read, and what Cargo looks for, the first file of every test and bench among it.
#[test]
fn a_container_is_built_from_all_that_the_build_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let manifest: toml::Table = text(&root.join("Cargo.toml")).parse().expect("a manifest");
    let targets = [("test", "tests", "/main.rs"), ("bench", "benches", ".rs")].map(|(kind, folder, end)| {
        let named = manifest[kind].as_array().expect("a list").iter().map(|one| one["name"].as_str().expect("a name"));
        named.map(|name| format!("{folder}/{name}{end}")).collect::<Vec<String>>()
    });
    // The compiler's own list for the library, the newest of those beside this program. A space within a path has a backslash before it.
    let here = std::env::current_exe().expect("this program");
    let lists = fs::read_dir(here.parent().expect("a folder")).expect("a folder").flatten().map(|entry| entry.path());
    let lists = lists.filter(|path| path.extension().is_some_and(|end| end == "d")).map(|path| (text(&path), path));
    let of_library =
        lists.filter(|(list, _)| [": src/lib.rs ", ": src\\lib.rs "].iter().any(|first| list.contains(first)));
    let newest = of_library.max_by_key(|(_, path)| path.metadata().and_then(|data| data.modified()).ok());
    let listed = newest.expect("a list of the library's files").0.replace("\\ ", "\u{1}");
    let (_, read) = listed.lines().next().and_then(|line| line.split_once(": ")).expect("a list of files");
    let read = read.split_whitespace().map(|file| within(root, &file.replace('\u{1}', " ")));
    let read: Vec<String> = read.flatten().collect();
    assert!(
        read.iter().any(|file| file.starts_with("shaders/")) && targets.iter().all(|some| some.len() > 1),
        "{read:?}"
    );

    let ignore = text(&root.join(".dockerignore"));
    let passes: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let let_through = |file: &String| {
        passes.iter().any(|pass| match pass.split_once('*') {
            Some((begin, end)) => {
                file.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)).is_some_and(|name| !name.contains('/'))
            }
            None => Path::new(file).starts_with(pass),
        })
    };
    let looked_for = ["Cargo.toml", "Cargo.lock"].map(str::to_owned).to_vec();
    let missing: Vec<String> =
        [read, targets.concat(), looked_for].concat().into_iter().filter(|file| !let_through(file)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A path as the compiler lists it, from the root of the repository and with slashes; none for what lies elsewhere.
fn within(root: &Path, listed: &str) -> Option<String> {
    let mut names = Vec::new();
    for part in Path::new(listed).strip_prefix(root).unwrap_or(Path::new(listed)).components() {
        match part {
            Component::Normal(name) => names.push(name.to_string_lossy()),
            Component::ParentDir => names.pop().map(drop)?,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(names.join("/"))
}

//! Folders of pictures as people have them: which files are used, which folders are classes or splits, and what is said
//! about all the rest.

use crate::common::folders::*;
use image::ImageFormat;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use wgpu_simvae::data::FileOptions;

#[test]
fn names_of_splits_are_splits_in_any_case_of_letters() {
    let names = [("train", "valid"), ("Train", "VALIDATION"), ("training", "testing"), ("TRAINING", "Val")];
    for (train, test) in names {
        let pictures = [format!("{train}/cat/1.png"), format!("{train}/dog/2.png"), format!("{test}/dog/3.png")];
        let folder = folder_of(&pictures.each_ref().map(String::as_str));
        let data = read(folder.path()).expect("a folder with splits");
        assert_eq!((data.train.len(), &data.test.files[..]), (2, &pictures[2..]));
        assert_eq!(data.train.classes, ["cat", "dog"]);
    }
}

#[test]
fn names_of_splits_are_never_classes() {
    let cases: [(&[&str], &[&str]); 7] = [
        (&["test/a/1.png", "test/a/2.png"], &["`test`", "counterpart", "train or training"]),
        (&["train/a/1.png", "train/a/2.png"], &["`train`", "counterpart", "val, valid"]),
        (&["bus/1.png", "car/2.png", "train/3.png"], &["`train`", "counterpart"]),
        (&["train/a/1.png", "training/a/2.png", "test/a/3.png"], &["`train` and `training`"]),
        (&["train/a/1.png", "val/a/2.png", "valid/a/3.png"], &["`val` and `valid`"]),
        (&["training_set/a/1.png", "test_set/a/2.png"], &["`training_set` and `test_set`", "Known are"]),
        (&["train2017/a/1.png", "val2017/a/2.png"], &["`train2017` and `val2017`", "Known are"]),
    ];
    for (names, words) in cases {
        let folder = folder_of(names);
        assert_words(&read(folder.path()).expect_err("it is unclear"), words);
    }
}

#[test]
fn what_lies_beside_the_splits_is_counted() {
    let names = ["train/a/1.png", "test/a/2.png", "val/a/3.png", "val/a/4.png", "more/5.png", "cover.png"];
    let data = read(folder_of(&names).path()).expect("a folder with splits");
    assert_eq!((data.train.len(), &data.test.files[..]), (1, &["test/a/2.png".to_owned()][..]));
    let words = ["used are `train` and `test`", "`val` (2 images)", "`more` (1 images)", "1 picture beside"];
    assert_words(&notes(&data), &words);
}

#[test]
fn classes_in_one_split_alone_are_an_error() {
    let folder = folder_of(&["train/cat/1.png", "train/dog/2.png", "test/3.png"]);
    assert_words(&read(folder.path()).expect_err("no classes"), &["test", "no sub-folders", "`train` have classes"]);
    fill(folder.path(), &["val/cat/4.png"]);
    assert_words(&read(folder.path()).expect_err("no classes"), &["move `test` elsewhere: then `val` is used"]);
    std::fs::rename(folder.path().join("test"), folder.path().join("elsewhere")).expect("it moves");
    assert_eq!(read(folder.path()).expect("as was advised").test.files, ["val/cat/4.png"]);
    let folder = folder_of(&["train/1.png", "test/cat/2.png"]);
    assert_words(&read(folder.path()).expect_err("no classes"), &["train", "no sub-folders", "`test` have classes"]);
    let folder = folder_of(&["train/Cat/1.png", "test/cat/2.png"]);
    assert_words(&read(folder.path()).expect_err("another class"), &["`cat`", "there is `Cat`"]);
    let folder = folder_of(&["train/1.png", "test/2.png"]);
    assert_eq!(read(folder.path()).expect("no classes at all").train.classes, ["image"]);
}

#[test]
fn classes_one_folder_deeper_are_told() {
    let folder = folder_of(&["all/cat/1.png", "all/dog/2.png", "all/dog/3.png"]);
    let data = read(folder.path()).expect("a good folder");
    assert_eq!(data.train.classes, ["all"]);
    let meant = format!("{} was meant", folder.path().join("all").display());
    assert_words(&notes(&data), &["only one class, `all`", &meant]);
    let names = ["a/train/x/1.png", "a/train/2.png", "a/train/3.png", "a/test/4.png", "a/test/5.png", "b/6.png"];
    let data = read(folder_of(&names).path()).expect("a good folder");
    assert_words(&notes(&data), &["`train` and `test`", "class `a`"]);
}

#[test]
fn accents_are_the_same_however_they_are_composed() {
    let [composed, apart] = ["caf\u{e9}", "cafe\u{301}"];
    let folder = folder_of(&[&format!("train/{composed}/1.png"), "train/b/2.png", &format!("test/{apart}/3.png")]);
    let data = read(folder.path()).expect("equal names");
    assert_eq!(
        (&data.train.classes[..], &data.test.labels[..]),
        (&["b".to_owned(), composed.to_owned()][..], &[1][..])
    );
    let folder = folder_of(&[&format!("{composed}/1.png"), &format!("{apart}/2.png"), "b/3.png"]);
    // Some systems keep both names as one.
    if std::fs::read_dir(folder.path()).expect("a folder").count() == 3 {
        assert_words(&read(folder.path()).expect_err("two names"), &["accents"]);
    }
}

#[test]
fn what_is_no_picture_is_counted_and_listed() {
    let folder =
        folder_of(&["cat/1.png", "cat/2.JPE", "dog/3.jfif", "dog/4.WebP", "dog/5.bmp", "dog/6.gif", "dog/7.tif"]);
    for name in ["cat/notes.txt", "dog/README", "cat/.DS_Store", "owl/8.avif", "owl/9.avif"] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, b"something").expect("it is written");
    }
    std::fs::create_dir(folder.path().join("fox")).expect("a folder");
    let data = read(folder.path()).expect("a good folder");
    assert_eq!((data.train.len() + data.test.len(), data.train.classes.len()), (7, 2));
    assert_words(&notes(&data), &["2 .avif", "1 .txt", "1 hidden", "1 without ending", "`fox`", "`owl`"]);
    assert!(data.skipped.is_empty(), "{:?}", data.skipped);
    let list = data.passed_over.join("\n");
    assert_words(&list, &["owl/8.avif: ", "owl/9.avif: ", "cat/notes.txt: ", "cat/.DS_Store: ", "dog/README: "]);
}

#[test]
fn run_folders_are_no_data() {
    let names = ["cat/1.png", "dog/2.png", "dog/3.png"];
    let folder = folder_of(&names);
    let before = read(folder.path()).expect("a good folder");
    let run = |name: &str| {
        let pictures = ["reconstructions/epoch-0001.png", "pictures/a.png", "tensorboard/sprite.png"];
        pictures.iter().for_each(|picture| fill(folder.path(), &[&format!("{name}/{picture}")]));
        std::fs::create_dir_all(folder.path().join(name).join("checkpoints")).expect("a folder");
        std::fs::write(folder.path().join(name).join("config.toml"), b"epochs = 1").expect("a file");
    };
    fill(folder.path(), &["runs/chart.png"]);
    std::fs::create_dir(folder.path().join("study")).expect("a folder");
    std::fs::write(folder.path().join("study/index.html"), b"a page of runs").expect("a file");
    for name in ["runs/a", "runs/b", "run", "cat/run", "study/simvae", "."] {
        run(name);
        let data = read(folder.path()).expect("a good folder");
        assert_eq!((&data.train, &data.test), (&before.train, &before.test), "{name}");
        assert_words(&notes(&data), &["folder of runs"]);
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn only_regular_files_and_links_to_them_are_pictures() {
        for class in ["", "cat/"] {
            let folder = folder_of(&[&format!("{class}1.png"), &format!("{class}2.png"), "elsewhere/.3.png"]);
            let at = |name: &str| folder.path().join(format!("{class}{name}"));
            symlink(at("1.png"), at("link.png")).expect("a link");
            symlink("/nowhere/4.png", at("broken.png")).expect("a link");
            symlink("loop.png", at("loop.png")).expect("a link");
            let _socket = UnixListener::bind(at("socket.png")).expect("a socket");
            let pipe = Command::new("mkfifo").arg(at("pipe.png")).status().expect("mkfifo is there");
            assert!(pipe.success());
            symlink("pipe.png", at("to-pipe.jpg")).expect("a link");
            symlink("/dev/zero", at("endless.jpg")).expect("a link");
            let data = read(folder.path()).expect("a good folder");
            assert_eq!(data.train.len() + data.test.len(), 3, "{class}");
            let kinds = ["2 broken link", "4 pipe, socket or device"];
            assert_words(&notes(&data), &kinds);
            for name in ["broken.png", "loop.png", "socket.png", "pipe.png", "to-pipe.jpg", "endless.jpg"] {
                assert_words(&data.skipped.join("\n"), &[&format!("{class}{name}: ")]);
            }
        }
    }

    #[test]
    fn links_to_folders_are_classes_but_never_circles() {
        let (folder, other) = (folder_of(&["cat/1.png", "cat/2.png"]), folder_of(&["3.png"]));
        symlink(other.path(), folder.path().join("dog")).expect("a link");
        symlink(".", folder.path().join("circle")).expect("a link");
        symlink("..", folder.path().join("cat/up.png")).expect("a link");
        let data = read(folder.path()).expect("a good folder");
        assert_eq!(
            (data.train.len() + data.test.len(), &data.train.classes[..]),
            (3, &["cat", "dog"].map(str::to_owned)[..])
        );
        assert_words(&data.skipped.join("\n"), &["circle: "]);
        let split = temporary();
        for (name, target) in [("train", &folder), ("test", &other)] {
            std::fs::create_dir_all(split.path().join(name)).expect("a folder");
            symlink(target.path().join("cat"), split.path().join(name).join("cat")).expect("a link");
        }
        symlink(folder.path().join("cat"), other.path().join("cat")).expect("a link");
        assert_eq!(read(split.path()).expect("splits of links").train.len(), 2);
    }

    #[test]
    fn names_that_are_no_text_matter_for_pictures_only() {
        let folder = folder_of(&["cat/1.png", "cat/2.png"]);
        let odd = |name: &[u8]| folder.path().join("cat").join(OsStr::from_bytes(name));
        std::fs::write(odd(b"notes\xe9.txt"), b"").expect("a file");
        std::fs::create_dir(odd(b"folder\xe9")).expect("a folder");
        assert_eq!(read(folder.path()).expect("a good folder").train.len(), 1);
        for name in [&b"3\xe9.png"[..], b"3\n.png", b"folder\xe9/3.png"] {
            picture(3).save_with_format(odd(name), ImageFormat::Png).expect("it is written");
            assert_words(&read(folder.path()).expect_err("a bad name"), &["no text", "data.corrupt=skip"]);
            let data = read_with(folder.path(), &skipping()).expect("it is left out");
            assert_eq!((data.train.len(), data.skipped.len()), (1, 1), "{:?}", data.skipped);
            assert!(!data.skipped[0].contains('\n'));
            std::fs::remove_file(odd(name)).expect("it is removed");
        }
    }

    /// As a user who may read everything the test cannot make what it needs.
    #[test]
    fn what_cannot_be_read_is_no_damage() {
        use std::os::unix::fs::PermissionsExt;
        let names: Vec<String> = (0..30).map(|number| format!("cat/{number}.png")).collect();
        let (folder, cache) = (folder_of(&names.iter().map(String::as_str).collect::<Vec<_>>()), temporary());
        fill(folder.path(), &["dog/3.png"]);
        let closed = folder.path().join("dog/3.png");
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        };
        set(&closed, 0);
        if std::fs::read(&closed).is_ok() {
            return;
        }
        assert_words(&read(folder.path()).expect_err("closed"), &["3.png", "cannot be read", "data.corrupt=skip"]);
        let cached = FileOptions { cache: Some(cache.path().to_owned()), ..skipping() };
        let data = read_with(folder.path(), &cached).expect("it is left out");
        assert_eq!((data.train.len() + data.test.len(), data.skipped.len()), (30, 1));
        set(&closed, 0o600);
        assert_eq!(read_with(folder.path(), &cached).expect("it is read").skipped.len(), 0);
        set(&folder.path().join("dog"), 0);
        assert_words(&read(folder.path()).expect_err("closed"), &["dog", "cannot be read", "data.corrupt=skip"]);
        set(&folder.path().join("dog"), 0o700);
    }
}

/// Thirty grey pictures in two classes.
fn thirty() -> TempDir {
    let folder = temporary();
    for number in 0..30u8 {
        let path = folder.path().join(format!("{}/{number}.png", if number % 3 == 0 { "cat" } else { "dog" }));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        picture(number).into_luma8().save(path).expect("it is written");
    }
    folder
}

#[test]
fn no_more_is_decoded_than_is_wanted_and_it_is_the_same() {
    let limited = |folder: &TempDir, limit, from: &FileOptions| {
        read_with(folder.path(), &FileOptions { limit, ..from.clone() }).expect("a good folder")
    };
    let compare = |folder: &TempDir, limit, from: &FileOptions| {
        let (mut whole, part) = (limited(folder, 0, from), limited(folder, limit, from));
        whole.train.truncate(limit);
        assert_eq!((part.train, part.test), (whole.train, whole.test), "{limit}");
    };
    let folder = thirty();
    for limit in [1, 5, 26, 27, 100] {
        compare(&folder, limit, &small());
    }
    // Others take the place of damaged ones; behind the limit nothing is looked for.
    let files = limited(&folder, 0, &small()).train.files;
    let damage = |at: usize| std::fs::write(folder.path().join(&files[at]), b"").expect("it is damaged");
    damage(20);
    assert_eq!(limited(&folder, 20, &small()).train.files, files[..20]);
    assert_words(&read_with(folder.path(), &small()).expect_err("damaged"), &[&files[20]]);
    damage(0);
    damage(5);
    for limit in [1, 4, 5, 19, 20, 24, 25] {
        compare(&folder, limit, &skipping());
    }
    assert_eq!(limited(&folder, 2, &skipping()).skipped.len(), 1);
    // One coloured picture gives all three channels, wherever it is; one that is damaged does not.
    let coloured = folder.path().join(&files[26]);
    picture(7).save(&coloured).expect("it is written");
    compare(&folder, 3, &skipping());
    assert_eq!(limited(&folder, 3, &skipping()).train.shape.channels, 3);
    let bytes = std::fs::read(&coloured).expect("a picture");
    std::fs::write(&coloured, &bytes[..bytes.len() - 20]).expect("it is damaged");
    compare(&folder, 3, &skipping());
    assert_eq!(limited(&folder, 3, &skipping()).train.shape.channels, 1);
}

#[test]
fn a_part_has_a_cache_of_its_own_or_that_of_the_whole() {
    let (folder, cache) = (thirty(), temporary());
    let read = |limit| {
        let cache = Some(cache.path().to_owned());
        read_with(folder.path(), &FileOptions { limit, cache, ..small() }).expect("a good folder")
    };
    let caches = || std::fs::read_dir(cache.path()).expect("a folder").count();
    let (first, again) = (read(5), read(5));
    assert_eq!((&first, caches()), (&again, 1));
    let mut whole = read(0);
    assert_eq!(caches(), 2);
    assert_eq!(read(0), whole);
    for limit in [5, 8] {
        let part = read(limit);
        let mut beginning = whole.clone();
        beginning.train.truncate(limit);
        assert_eq!(part, beginning);
    }
    assert_eq!(caches(), 2, "the whole has every part");
    whole.train.truncate(5);
    assert_eq!(first, whole);
}

#[test]
fn a_cache_that_cannot_be_written_is_told_and_drafts_of_the_dead_go() {
    let (folder, cache) = (folder_of(&["cat/1.png", "cat/2.png"]), temporary());
    let file = cache.path().join("file");
    std::fs::write(&file, b"").expect("a file");
    let data = read_with(folder.path(), &FileOptions { cache: Some(file), ..small() }).expect("it decodes");
    assert_words(&notes(&data), &["the next start decodes again"]);
    let [draft, others] = [".caching-dead", ".writing-other"].map(|name| cache.path().join(name));
    for folder in [&draft, &others] {
        std::fs::create_dir(folder).and_then(|()| std::fs::write(folder.join("cache"), b"")).expect("a draft");
    }
    let with_cache = FileOptions { cache: Some(cache.path().to_owned()), ..small() };
    read_with(folder.path(), &with_cache).expect("it is cached");
    assert!(!draft.exists() || !cfg!(unix), "a killed process wrote it");
    assert!(others.exists(), "it is of something else");
}

#[test]
fn there_may_be_256_classes_of_one_image() {
    let folder = temporary();
    for class in 0..256 {
        fill(folder.path(), &[&format!("{class:03}/1.png")]);
    }
    let data = read(folder.path()).expect("labels are bytes");
    assert_eq!((data.train.classes.len(), data.train.len() + data.test.len()), (256, 256));
    assert_words(&notes(&data), &["classes without a training image"]);
}

#[test]
fn data_that_are_named_wrongly_are_wrong_use() {
    let nowhere = temporary();
    let at = nowhere.path().join("run").display().to_string();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["train", "--data", "MNIST", "--data-dir", "x"], &["did you mean `mnist`"]),
        (&["train", "--data", "cifar10"], &["--data-dir", "data fetch cifar10"]),
        (&["train", "--data", "celeba"], &["--data-dir", "img_align_celeba.zip"]),
        (&["train", "--data", "folder:a", "--data-dir", "b"], &["a", "b", "name one"]),
        (&["data", "fetch", "MNIST", "--data-dir", "x"], &["did you mean `mnist`"]),
    ];
    for (arguments, words) in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
        command.args(arguments);
        if arguments[0] == "train" {
            command.args(["--device", "cpu", "--out", &at]);
        }
        let output = command.output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert_words(&text, words);
        assert!(!text.contains("data fetch celeba"), "{text}");
    }
    assert!(!nowhere.path().join("run").exists());
}

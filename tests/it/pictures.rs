//! Pictures of anywhere: a run embeds, compares, groups and draws them, and its own data set need not be there.

use crate::common::ends::{assert_ends, simvae, text, trains};
use image::{DynamicImage, Rgb, RgbImage};
use safetensors::SafeTensors;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use wgpu_simvae::run_folder::from_the_root;

const TINY: [&str; 9] = [
    "model.kind=mlp",
    "model.hidden=[16]",
    "model.latent=4",
    "data.size=8",
    "data.store=12",
    "data.cache=off",
    "batch=8",
    "epochs=1",
    "log.every=4",
];
const PICTURES: usize = 24;

/// A picture like no other number's, wider than high.
fn picture(number: usize) -> DynamicImage {
    let (down, right) = (number % 5 + 1, number % 7 + 1);
    let colour = |x: u32, y: u32| {
        let (x, y) = (x as usize, y as usize);
        Rgb([(x * right * 9 % 256) as u8, (y * down * 11 % 256) as u8, (number * 10) as u8])
    };
    RgbImage::from_fn(20, 16, colour).into()
}

/// A folder of pictures without classes, and a run that was trained on it.
struct Trained {
    _root: TempDir,
    run: PathBuf,
    pictures: PathBuf,
}

impl Trained {
    fn new(more: &[&str]) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let [run, pictures] = ["run", "pictures"].map(|name| root.path().join(name));
        fs::create_dir(&pictures).expect("a folder");
        for number in 0..PICTURES {
            picture(number).save(pictures.join(format!("{number:02}.png"))).expect("it is written");
        }
        let data = [format!("data.name=folder:{}", pictures.display())];
        trains(&run, &[&data.each_ref().map(String::as_str)[..], &TINY, more].concat());
        Self { _root: root, run, pictures }
    }

    /// Takes the data set away: the run finds its pictures nowhere, we find them there.
    fn moved(mut self) -> Self {
        let elsewhere = self.pictures.with_file_name("elsewhere");
        fs::rename(&self.pictures, &elsewhere).expect("it moves");
        self.pictures = elsewhere;
        self
    }

    fn file(&self, name: &str) -> String {
        self.pictures.join(name).display().to_string()
    }

    fn look(&self, command: &str, more: &[&str]) -> Output {
        look(&self.run, command, more)
    }

    /// Embeds what is named into a new folder, and reads the representation of each file by its last name.
    fn embedded(&self, more: &[&str], split: &str) -> BTreeMap<String, Vec<f32>> {
        let out = tempfile::tempdir().expect("a folder");
        let to = out.path().display().to_string();
        assert_ends(&self.look("embed", &[more, &["--out", &to]].concat()), 0, &[]);
        read(&out.path().join(format!("{split}.safetensors")))
    }
}

fn look(run: &Path, command: &str, more: &[&str]) -> Output {
    simvae(&[&[command, &run.to_string_lossy(), "--device", "cpu"], more].concat())
}

fn read(path: &Path) -> BTreeMap<String, Vec<f32>> {
    let bytes = fs::read(path).expect("an embedding");
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
    let files = header.metadata().as_ref().expect("metadata")["files"].clone();
    let mu = file.tensor("mu").expect("representations");
    let numbers: Vec<f32> =
        mu.data().chunks(4).map(|four| f32::from_le_bytes(four.try_into().expect("four"))).collect();
    let names = files.lines().map(|file| file.rsplit(['/', '\\']).next().expect("a name").to_owned());
    names.zip(numbers.chunks(mu.shape()[1]).map(<[f32]>::to_vec)).collect()
}

/// Products of other sizes are summed in another order.
#[track_caller]
fn assert_close(a: &[f32], b: &[f32]) {
    let far = a.iter().zip(b).map(|(a, b)| (a - b).abs() / a.abs().max(1.0)).fold(0.0, f32::max);
    assert!(a.len() == b.len() && far < 1e-5, "{far}");
}

fn size(path: &Path) -> (u32, u32) {
    image::image_dimensions(path).expect("a picture")
}

/// Width and height of a grid of 8 x 8 pictures, magnified seven times, with gaps of two.
fn grid(columns: u32, rows: u32, lines: u32) -> (u32, u32) {
    (columns * 58 + 2, rows * (lines * 58 + 6) + 2)
}

#[test]
fn pictures_are_embedded_as_the_data_set_has_them_and_without_it() {
    let run = Trained::new(&["method=simvae"]);
    let mut known = run.embedded(&[], "train");
    known.extend(run.embedded(&[], "test"));
    assert_eq!(known.len(), PICTURES);
    let run = run.moved();
    let out = run.run.with_file_name("out");
    let (to, folder) = (out.display().to_string(), run.pictures.display().to_string());
    let more = ["--images", &folder, "--format", "npy,safetensors,csv", "--out", &to];
    assert_ends(&run.look("embed", &more), 0, &["pictures.csv"]);
    let found = read(&out.join("pictures.safetensors"));
    assert_eq!(found.len(), PICTURES);
    found.iter().for_each(|(name, mu)| assert_close(mu, &known[name]));

    let list = fs::read_to_string(out.join("pictures-files.txt")).expect("a list");
    let csv = fs::read_to_string(out.join("pictures.csv")).expect("a table");
    assert!(csv.starts_with("file,mu_0,mu_1,mu_2,mu_3,logvar_0,"), "{csv}");
    for (line, file) in csv.lines().skip(1).zip(list.lines()) {
        let mut fields = line.split(',');
        assert_eq!(fields.next(), Some(file));
        let numbers: Vec<f32> = fields.map(|field| field.parse().expect("a number")).collect();
        assert_eq!(numbers[..4], found[file.rsplit(['/', '\\']).next().expect("a name")][..]);
    }
    for array in ["pictures-mu.npy", "pictures-logvar.npy"] {
        assert_eq!(fs::read(out.join(array)).expect("an array").len(), 128 + PICTURES * 4 * 4);
    }
    assert!(!out.join("pictures-labels.npy").exists(), "pictures of anywhere have no classes");

    // A list on the standard input.
    let list: String = list.lines().take(3).map(|file| format!("{file}\n")).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.args(["embed", &run.run.to_string_lossy(), "--device", "cpu", "--images", "-", "--out", &to]);
    let mut child =
        command.stdin(Stdio::piped()).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
    child.stdin.take().expect("its input").write_all(list.as_bytes()).expect("it listens");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(fs::read_to_string(out.join("pictures-files.txt")).expect("a list"), list);
    assert_ends(&run.look("embed", &[]), 1, &["there is no such folder", "--data-dir"]);
    // The data set stands elsewhere, by a path from where the command is; the file says where that is, for readers who are not there.
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    command.args(["embed", "run", "--device", "cpu", "--data-dir", "elsewhere", "--out", "out"]);
    let root = run.run.parent().expect("a folder");
    assert_ends(&command.current_dir(root).output().expect("it starts"), 0, &[]);
    let bytes = fs::read(out.join("test.safetensors")).expect("an embedding");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
    let whole = from_the_root(&run.pictures);
    assert_eq!(header.metadata().as_ref().expect("metadata")["folder"], whole.display().to_string());
}

#[test]
fn what_cannot_be_read_is_named_and_does_not_end_the_rest() {
    let run = Trained::new(&["method=vicreg"]).moved();
    let [bad, empty, missing] = ["bad.png", "empty", "missing.png"].map(|name| run.pictures.with_file_name(name));
    fs::write(&bad, "no picture").expect("a file");
    fs::create_dir(&empty).expect("a folder");
    let [bad, empty, missing] = [bad, empty, missing].map(|path| path.display().to_string());
    let all = run.embedded(&["--images", &run.pictures.display().to_string(), &bad, &empty, &missing], "pictures");
    assert_eq!(all.len(), PICTURES);
    let said = text(&run.look("embed", &["--images", &run.file("00.png"), &bad, &empty, &missing]));
    for words in ["bad.png: it cannot be decoded", "empty: there is no picture", "missing.png: it cannot be found"] {
        assert!(said.contains(words), "{said}");
    }
    assert!(said.contains("read: 1; not read: 3") && !said.contains("logvar"), "{said}");
    for (path, words) in
        [(&bad, "cannot be decoded"), (&empty, "no picture in this folder"), (&missing, "cannot be found")]
    {
        assert_ends(&run.look("embed", &["--images", path]), 1, &["there is no picture that can be read", words]);
    }
    for other in [["--split", "test"], ["--data-dir", "x"]] {
        let output = run.look("embed", &[&["--images", &bad][..], &other].concat());
        assert_ends(&output, 2, &["cannot be used with"]);
    }
    assert_ends(&run.look("reconstruct", &["--images", &run.file("00.png")]), 2, &["vicreg has no decoder"]);
}

#[test]
fn grey_runs_see_the_luminance_of_colours_and_coloured_runs_grey_in_all_channels() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    trains(&run, &["data.limit=64", "model.hidden=[16]", "model.latent=4", "batch=8", "epochs=1"]);
    let coloured = Trained { _root: folder, pictures: run.with_file_name("pictures"), run };
    fs::create_dir(&coloured.pictures).expect("a folder");
    picture(3).save(coloured.file("a.png")).expect("it is written");
    // What resizes alike may be made grey before or after: of one colour, as here, exactly.
    RgbImage::from_pixel(9, 9, Rgb([200, 30, 90])).save(coloured.file("b.png")).expect("it is written");
    DynamicImage::from(RgbImage::from_pixel(9, 9, Rgb([200, 30, 90])))
        .into_luma8()
        .save(coloured.file("c.png"))
        .expect("it");
    let images = coloured.pictures.display().to_string();
    let all = coloured.embedded(&["--images", &images], "pictures");
    assert_eq!(all["b.png"], all["c.png"]);
    assert!(text(&coloured.look("embed", &["--images", &images])).contains("2 of 3 pictures are coloured"));

    let run = Trained::new(&["method=simclr"]).moved();
    let grey = picture(5).into_luma8();
    grey.save(run.file("grey.png")).expect("it is written");
    DynamicImage::from(grey).into_rgb8().save(run.file("rgb.png")).expect("it is written");
    let all = run.embedded(&["--images", &run.file("grey.png"), &run.file("rgb.png")], "pictures");
    assert_eq!(all["grey.png"], all["rgb.png"]);
}

#[test]
fn neighbours_and_duplicates_are_found_in_pictures_and_in_embeddings() {
    let run = Trained::new(&["method=simvae"]).moved();
    fs::copy(run.file("07.png"), run.file("copy.png")).expect("a copy");
    let (folder, out) = (run.pictures.display().to_string(), run.run.with_file_name("grid.png"));
    let (query, to) = (run.file("07.png"), out.display().to_string());
    let from_file = run.run.join("embeddings").join("pictures.safetensors").display().to_string();
    assert_ends(&run.look("embed", &["--images", &folder]), 0, &[]);
    for metric in ["cosine", "euclidean"] {
        let mut answers = Vec::new();
        for known in [&folder, &from_file] {
            let more = ["--query", &query, "--in", known, "--metric", metric, "-k", "3", "--json", "--out", &to];
            let output = run.look("neighbours", &more);
            assert_ends(&output, 0, &[]);
            assert_eq!(size(&out), grid(4, 1, 1));
            let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let near = found["queries"][0]["neighbours"].as_array().expect("a list").clone();
            assert_eq!((near.len(), found["metric"].as_str()), (3, Some(metric)));
            assert!(near[0]["file"].as_str().expect("a name").ends_with("copy.png"), "{found}");
            assert!(
                near[0]["distance"].as_f64().expect("a number") < 1e-5 && !found.to_string().contains("07.png\",\"row")
            );
            answers.push(near.iter().map(|near| near["file"].to_string()).collect::<Vec<_>>());
            fs::remove_file(&out).expect("it was drawn");
        }
        assert_eq!(answers[0], answers[1]);
    }
    assert_ends(&run.look("neighbours", &["--query", &query, "--in", &folder]), 0, &["   1  0.000000", "copy.png"]);
    // What was named from one folder is found from another.
    let there = run.pictures.parent().expect("a folder");
    let named = run.pictures.file_name().expect("a name");
    let mut embed = Command::new(env!("CARGO_BIN_EXE_wgpu-simvae"));
    embed.current_dir(there).arg("embed").arg(&run.run).args(["--device", "cpu", "--images"]).arg(named);
    assert_ends(&embed.output().expect("the command starts"), 0, &[]);
    let more = ["--query", &query, "--in", &from_file, "-k", "1", "--out", &to];
    assert_ends(&run.look("neighbours", &more), 0, &["   1  0.000000", "copy.png"]);
    assert_eq!(size(&out), grid(2, 1, 1));

    for known in [&folder, &from_file] {
        let more = ["--duplicates", "--in", known, "--threshold", "0.9999999", "--out", &to];
        let output = run.look("neighbours", &more);
        assert_ends(&output, 0, &["1 pairs among 25 pictures", "07.png  ", "copy.png"]);
        assert_eq!(size(&out), grid(2, 1, 1));
    }
    let json = run.look("neighbours", &["--duplicates", "--in", &folder, "--threshold", "-1", "--json"]);
    let found: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(found["pairs"].as_array().expect("pairs").len(), 25 * 24 / 2);
    assert_eq!(found["complete"], true);

    for (other, words) in [("model.latent=5", "the run's have 5"), ("seed=1", "another run, or another checkpoint")] {
        let other = Trained::new(&[other]);
        assert_ends(&other.look("neighbours", &["--query", &query, "--in", &from_file]), 2, &[words]);
        assert_ends(&other.look("neighbours", &["--duplicates", "--in", &from_file]), 2, &[words]);
    }
    let damaged = run.run.with_file_name("x.safetensors").display().to_string();
    fs::write(&damaged, "nothing").expect("a file");
    let refused = |more: &[&str], code, words: &[&str]| assert_ends(&run.look("neighbours", more), code, words);
    refused(&["--query", &query, "--in", &damaged], 1, &["these are no representations"]);
    refused(&["--query", "nowhere.png", "--in", &folder], 1, &["nowhere.png: it cannot be found"]);
    refused(&["--in", &folder], 2, &["--query"]);
    refused(&["--duplicates", "--in", &folder, "--threshold", "2"], 2, &["from -1 to 1"]);
}

#[test]
fn pictures_are_grouped_and_drawn() {
    let run = Trained::new(&["method=simvae"]).moved();
    let folder = run.pictures.display().to_string();
    assert_ends(&run.look("cluster", &["--images", &folder, "--clusters", "3"]), 0, &["clusters.csv", "cluster 2: "]);
    let csv = fs::read_to_string(run.run.join("clusters/clusters.csv")).expect("a table");
    let mut counts = [0; 3];
    for line in csv.lines().skip(1) {
        counts[line.split(',').nth(1).expect("a group").parse::<usize>().expect("a number")] += 1;
    }
    assert_eq!(counts.iter().sum::<usize>(), PICTURES);
    for (group, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let sheet = run.run.join(format!("clusters/cluster-{group:02}-of-3.png"));
        assert_eq!(size(&sheet), grid(10, (*count as u32).div_ceil(10), 1));
    }
    let few = run.look("cluster", &["--images", &run.file("00.png"), "--clusters", "2"]);
    assert_ends(&few, 2, &["--clusters 2", "1 pictures"]);

    let cases: [(&str, &[&str], (u32, u32)); 3] = [
        ("reconstruct", &["--count", "20"], grid(16, 2, 2)),
        ("traverse", &["--steps", "7", "--image", "2"], grid(7, 4, 1)),
        ("interpolate", &["--pairs", "3", "--steps", "5"], grid(5, 3, 1)),
    ];
    for (command, more, wanted) in cases {
        assert_ends(&run.look(command, &[&["--images", &folder], more].concat()), 0, &[]);
        assert_eq!(size(&run.run.join("pictures").join(format!("{command}.png"))), wanted, "{command}");
    }
    let one = run.file("00.png");
    assert_ends(&run.look("traverse", &["--images", &one]), 0, &["one picture has no deviations"]);
    assert_ends(&run.look("traverse", &["--images", &folder, "--image", "24"]), 2, &["there are 24 pictures"]);
    assert_ends(&run.look("interpolate", &["--images", &one]), 2, &["there is one picture"]);
}

#[test]
fn pictures_without_classes_are_judged_by_what_needs_none() {
    let run = Trained::new(&["method=simvae", "judge.every=1", "judge.share=0.2"]);
    assert_ends(&run.look("eval", &[]), 0, &["squared error of a pixel", "content: not judged, there is one class"]);
    assert_ends(&run.look("sample", &["--prior", "mixture"]), 0, &["10 Gaussians"]);
    assert_ends(&run.look("sample", &["--class", "image"]), 0, &["the class image"]);
    let data = format!("data.name=folder:{}", run.pictures.display());
    let sets: Vec<&str> = [&data[..]].iter().chain(&TINY).flat_map(|set| ["--set", *set]).collect();
    let out = run.run.with_file_name("compared").display().to_string();
    let supervised =
        simvae(&[&["train", "--device", "cpu", "--set", "method=supervised", "--out", &out][..], &sets].concat());
    assert_ends(&supervised, 2, &["method = supervised: it learns from classes"]);
    let compare = ["compare", "--device", "cpu", "--methods", "random,supervised", "--out", &out];
    assert_ends(
        &simvae(&[&compare[..], &sets].concat()),
        0,
        &["left out: supervised learns from classes", "[1/1] random"],
    );
}

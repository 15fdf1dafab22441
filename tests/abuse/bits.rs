//! Bits that flip on the disk.

use crate::runs::{Left, Random, ended, files_of, simvae, succeeds, text, train, undisturbed, wanted};
use std::path::{Path, PathBuf};
use wgpu_simvae::compare::JudgedRun;
use wgpu_simvae::run_folder::checkpoint;

fn copy(files: &std::collections::BTreeMap<PathBuf, Vec<u8>>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    folder
}

fn embed(folder: &Path, more: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = simvae(folder);
    command.args(["embed", "run", "--device", "cpu", "--split", "train", "--out", "embedded"]).args(more);
    let output = ended(command);
    match output.status.success() {
        true => Ok(std::fs::read(folder.join("embedded/train-mu.npy")).expect("an embedding")),
        false => Err(text(&output)),
    }
}

#[test]
fn flipped_bits_are_never_used_without_a_word() {
    let mut random = Random::new(3);
    let (folder, whole, _) = undisturbed();
    let path = folder.path();
    let mut judge = simvae(path);
    judge.args(["eval", "run", "--device", "cpu", "--probe-epochs", "1", "--mixture-starts", "1"]);
    succeeds(judge);
    let judged = JudgedRun::read(&path.join("run")).expect("whole").expect("there");
    let all = checkpoint::list(&path.join("run")).expect("a listing");
    let [(older, _), (newest, last)] = &all[..] else { panic!("two checkpoints are kept: {all:?}") };
    let embedded = [older, newest].map(|step| embed(path, &["--checkpoint", &step.to_string()]).expect("it embeds"));
    std::fs::remove_dir_all(path.join("embedded")).expect("a folder");
    let finished = files_of(path);
    // The same run before its end: the last checkpoint is to be written again.
    std::fs::remove_dir_all(last).expect("a checkpoint");
    let unfinished = files_of(path);

    let (mut refused, mut passed_over, mut harmless) = (0, 0, 0);
    for attempt in 0..wanted("bits", 24) {
        let whole_files = if attempt % 2 == 0 { &finished } else { &unfinished };
        let names: Vec<&PathBuf> = whole_files.keys().collect();
        let name = names[random.below(names.len() as u64) as usize];
        let mut files = whole_files.clone();
        let bytes = files.get_mut(name).expect("a file");
        let bit = random.below(8 * bytes.len() as u64) as usize;
        bytes[bit / 8] ^= 1 << (bit % 8);
        let folder = copy(&files);
        let what = format!("attempt {attempt}, bit {bit} of {}", name.display());
        match JudgedRun::read(&folder.path().join("run")) {
            Err(_) => refused += 1,
            Ok(read) => assert!(read.as_ref() == Some(&judged), "{what}: another verdict"),
        }
        if attempt % 2 == 0 {
            match embed(folder.path(), &[]) {
                Err(said) => {
                    refused += 1;
                    assert!(said.contains("error: "), "{what}: {said}");
                }
                Ok(found) if found == embedded[1] => harmless += 1,
                Ok(found) => {
                    passed_over += 1;
                    assert!(found == embedded[0], "{what}: other weights");
                }
            }
        } else {
            let output = ended(train(folder.path()));
            let said = text(&output);
            if output.status.success() {
                let left = Left::of(folder.path());
                let drawn = name.ends_with("losses.svg") || name.starts_with("run/reconstructions");
                if left.rows != whole.rows {
                    // Rows that were changed stay as they are, and are told; those behind the checkpoint are made again.
                    assert!(said.contains("rows were changed"), "{what}: {said}");
                } else if !drawn {
                    left.assert_is(&whole, &what);
                }
                harmless += 1;
            } else {
                refused += 1;
                assert!(said.contains("error: "), "{what}: {said}");
            }
        }
    }
    println!("refused {refused}, older checkpoint {passed_over}, harmless {harmless}");
}

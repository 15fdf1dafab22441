//! Disks that fill at random moments: a memory disk of random size where this process may mount one, else a random limit on the size of files.

use crate::runs::{Left, Random, assert_tidy, ended, text, train, undisturbed, wanted};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use wgpu_simvae::run_folder::checkpoint::{self, Checkpoint};

struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path, kib: u64) -> Option<Self> {
        mount(&["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"], at).then_some(Self(at))
    }

    fn grow(&self) {
        assert!(mount(&["-o", "remount,size=64m"], self.0), "the disk grows");
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    Command::new("mount").args(arguments).arg(at).output().is_ok_and(|output| output.status.success())
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _stays_until_the_end = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// Files of a child end at so many bytes; a write beyond fails, as on a full disk.
fn limit(command: &mut Command, bytes: u64) {
    let set = move || {
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
        // SAFETY: both calls may be made between fork and exec.
        unsafe {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit);
        }
        Ok(())
    };
    // SAFETY: see above.
    unsafe { command.pre_exec(set) };
}

#[test]
fn full_disks_lose_nothing() {
    let mut random = Random::new(2);
    let (undisturbed, whole, _) = undisturbed();
    // What a whole run takes: the limit of a file, and the size of a disk, lie below that mostly.
    let sizes: Vec<u64> = crate::runs::files_of(undisturbed.path()).values().map(|bytes| bytes.len() as u64).collect();
    let (total, largest) = (sizes.iter().sum::<u64>() / 1024, sizes.into_iter().max().unwrap_or(0));
    let (mut full, mut limited) = (0, 0);
    for attempt in 0..wanted("disks", 4) {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::mount(folder.path(), 4 + random.below(total * 3 / 2));
        let mut command = train(folder.path());
        if disk.is_none() {
            limited += 1;
            limit(&mut command, 1 + random.below(largest));
        }
        let output = ended(command);
        let said = text(&output);
        match output.status.code() {
            Some(0) => {}
            Some(1) => {
                full += 1;
                let named = said.contains("No space left") || said.contains("File too large");
                assert!(named && said.contains("run"), "attempt {attempt}: {said}");
            }
            other => panic!("attempt {attempt}: {other:?}: {said}"),
        }
        for (_, path) in checkpoint::list(&folder.path().join("run")).expect("a listing") {
            Checkpoint::open(&path).unwrap_or_else(|error| panic!("attempt {attempt}: {error}"));
        }
        assert_tidy(folder.path());
        if let Some(disk) = &disk {
            disk.grow();
        }
        let output = ended(train(folder.path()));
        assert!(output.status.success(), "attempt {attempt}: {}", text(&output));
        if full_run(&said) {
            continue;
        }
        Left::of(folder.path()).assert_is(&whole, &format!("attempt {attempt}"));
        assert_tidy(folder.path());
    }
    println!("{full} full disks, {limited} of them limits on files");
}

/// Whether a run came to its end and only missed a picture, which nobody draws again.
fn full_run(said: &str) -> bool {
    said.contains("warning: ")
}

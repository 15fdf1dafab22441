//! Downloads of public data sets: mirrors, checksums, archives.

mod download;
mod unpack;

use super::archive;
use super::hold::{hold, sweep};
use super::source::{RemoteFile, Source};
use crate::files::{FileError, sync_folder};
use download::{Client, Failure};
use md5::{Digest, Md5};
use sha2::Sha256;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A download that failed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A file or folder cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Every mirror failed.
    #[error(
        "{file}: no mirror delivered it. {reasons}. {advice} another mirror with --mirror URL, or put the file into the folder by hand"
    )]
    AllMirrors {
        /// The file.
        file: String,
        /// What each mirror did.
        reasons: String,
        /// The beginning of what to do.
        advice: &'static str,
    },
    /// An archive is damaged, or no data set.
    #[error("{path}: it cannot be unpacked: {problem}. Delete the file and fetch it again")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What was found.
        problem: String,
    },
}

/// A server that is silent for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// How the folders begin in which archives are unpacked.
const DRAFT: &str = ".unpacking-";

/// Downloads the files that `folder` lacks, and unpacks the archives (`.tar.gz`) among them there. `progress` is told the file, the
/// bytes that have come and the bytes expected.
///
/// A broken download leaves `NAME.part`, from which the next call goes on. While another process downloads into the folder, this
/// one waits.
///
/// # Errors
/// When the folder cannot be written, an archive is damaged, or no mirror delivers a file with the right checksum.
pub fn fetch(
    source: &Source,
    folder: &Path,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<(), FetchError> {
    let error = FileError::writing(folder);
    fs::create_dir_all(folder).map_err(&error)?;
    let held = hold(folder, || progress("waiting for another download", 0, None)).map_err(&error)?;
    if held.is_some() {
        sweep(folder, DRAFT);
    }
    let client = Client::new(SILENCE);
    for file in &source.files {
        let target = folder.join(&file.name);
        if target.is_file() && verify(&target, file)?.is_ok() {
            progress(&file.name, 1, Some(1));
        } else {
            from_mirrors(&client, &source.mirrors, file, &target, progress)?;
        }
        unpack(&target, folder)?;
    }
    Ok(())
}

/// Tries the mirrors one after another.
fn from_mirrors(
    client: &Client,
    mirrors: &[String],
    file: &RemoteFile,
    target: &Path,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<(), FetchError> {
    let (mut reasons, mut network) = (Vec::new(), false);
    for mirror in mirrors {
        let url = format!("{mirror}{}", file.name);
        let reason = match deliver(client, &url, file, target, progress)? {
            None => return Ok(()),
            Some(Failure::Disk(error)) => return Err(FileError::writing(&part(target))(error).into()),
            Some(Failure::Network(reason)) => {
                network = true;
                reason
            }
            Some(Failure::Server(reason)) => reason,
        };
        reasons.push(format!("{url}: {reason}"));
    }
    let advice = if network { "Check the network, name" } else { "Name" };
    Err(FetchError::AllMirrors { file: file.name.clone(), reasons: reasons.join("; "), advice })
}

/// Where a file lies until it is whole.
fn part(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    target.with_file_name(name)
}

/// Unpacks an archive beside itself: every folder in it is replaced as a whole. Other files stay as they are.
fn unpack(archive: &Path, folder: &Path) -> Result<(), FetchError> {
    if !archive.to_string_lossy().ends_with(".tar.gz") {
        return Ok(());
    }
    archive::check(archive)
        .map_err(|source| FetchError::Archive { path: archive.to_owned(), problem: source.to_string() })?;
    let replace = || {
        let draft = tempfile::Builder::new().prefix(DRAFT).tempdir_in(folder)?;
        let [new, old] = ["new", "old"].map(|name| draft.path().join(name));
        fs::create_dir(&new).and_then(|()| fs::create_dir(&old))?;
        unpack::unpack(archive, &new)?;
        for entry in fs::read_dir(&new)? {
            let entry = entry?;
            let target = folder.join(entry.file_name());
            if target.is_dir() {
                fs::rename(&target, old.join(entry.file_name()))?;
            }
            fs::rename(entry.path(), &target)?;
        }
        sync_folder(folder)
    };
    Ok(replace().map_err(FileError::writing(folder))?)
}

/// Downloads one file from one mirror and puts it in its place; a resumed part that turns out wrong is fetched anew.
/// Tells why it did not come.
fn deliver(
    client: &Client,
    url: &str,
    file: &RemoteFile,
    target: &Path,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<Option<Failure>, FetchError> {
    let part = part(target);
    let mut resumed = part.is_file();
    loop {
        if let Err(failure) = client.download(url, &part, &mut |done, expected| progress(&file.name, done, expected)) {
            return Ok(Some(failure));
        }
        let Err(problem) = verify(&part, file)? else {
            fs::rename(&part, target).map_err(FileError::writing(target))?;
            return Ok(None);
        };
        fs::remove_file(&part).map_err(FileError::writing(&part))?;
        if !resumed {
            return Ok(Some(Failure::Server(problem)));
        }
        resumed = false;
    }
}

/// Whether a file has its checksums, or in words which it has not.
fn verify(path: &Path, file: &RemoteFile) -> Result<Result<(), String>, FetchError> {
    let error = FileError::reading(path);
    let (mut md5, mut sha256) = (Md5::new(), Sha256::new());
    let mut from = File::open(path).map_err(&error)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        let count = from.read(&mut piece).map_err(&error)?;
        if count == 0 {
            break;
        }
        md5.update(&piece[..count]);
        sha256.update(&piece[..count]);
    }
    let (md5, sha256) = (hex(&md5.finalize()), hex(&sha256.finalize()));
    Ok(match &file.sha256 {
        _ if md5 != file.md5 => Err(format!("the checksum is {md5}, expected {}", file.md5)),
        Some(known) if *known != sha256 => Err(format!("the checksum is {sha256}, expected {known}")),
        _ => Ok(()),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

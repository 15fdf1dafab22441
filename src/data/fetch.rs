//! Downloads of public data sets: mirrors, resume, checksums.

use crate::files::sync_folder;
use flate2::read::GzDecoder;
use indicatif::HumanBytes;
use md5::{Digest, Md5};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::Agent;

/// A download that failed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing to download under this name.
    #[error("data set `{name}` cannot be downloaded; these can: {known}")]
    UnknownName {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The file system refused.
    #[error("{path}: {source}. Check that the folder is writable and has room")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Every mirror failed.
    #[error(
        "{file}: no mirror delivered it. {reasons}. Check the network, name another mirror with --mirror URL, or put the file into the folder by hand"
    )]
    AllMirrors {
        /// The file.
        file: String,
        /// What each mirror did.
        reasons: String,
    },
}

/// A file of a data set.
#[derive(Clone, Debug)]
pub struct RemoteFile {
    /// Its name on the mirrors and in the folder.
    pub name: String,
    /// MD5 of its bytes in hexadecimal, as its publishers give it.
    pub md5: String,
}

/// What to download and from where.
#[derive(Clone, Debug)]
pub struct Source {
    /// Addresses that end in a slash, tried in order.
    pub mirrors: Vec<String>,
    /// The files.
    pub files: Vec<RemoteFile>,
}

/// No file of these data sets is larger: a server that sends more is stopped.
const LARGEST: u64 = 256 << 20;
/// A server that is silent for so long is given up.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A data set's name, mirrors, and files with their checksums.
type Listed = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const LIST: [Listed; 3] = [
    (
        "mnist",
        &["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
        &[
            ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
    ),
    (
        "fashion-mnist",
        &[
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ],
        &[
            ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ],
    ),
    ("cifar10", &["https://www.cs.toronto.edu/~kriz/"], &[(super::cifar::ARCHIVE, "c32a1d4ab5d03f1284b67883e8d87530")]),
];

/// Where a data set can be downloaded.
///
/// # Errors
/// When the name is not listed.
pub fn source(name: &str) -> Result<Source, FetchError> {
    let Some((_, mirrors, files)) = LIST.iter().find(|(known, ..)| *known == name) else {
        let known = LIST.map(|(known, ..)| known).join(", ");
        return Err(FetchError::UnknownName { name: name.to_owned(), known });
    };
    Ok(Source {
        mirrors: mirrors.iter().map(|&mirror| mirror.to_owned()).collect(),
        files: files.iter().map(|&(name, md5)| RemoteFile { name: name.to_owned(), md5: md5.to_owned() }).collect(),
    })
}

/// Downloads the files that `folder` lacks, and unpacks the archives (`.tar.gz`) among them there. `progress` is told the file, the bytes that have come and the bytes expected.
///
/// A broken download leaves `NAME.part`, from which the next call goes on.
///
/// # Errors
/// When the folder cannot be written, or no mirror delivers a file with the right checksum.
pub fn fetch(
    source: &Source,
    folder: &Path,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<(), FetchError> {
    fs::create_dir_all(folder).map_err(|source| FetchError::Io { path: folder.to_owned(), source })?;
    let agent: Agent = Agent::config_builder()
        .timeout_connect(Some(TIMEOUT))
        .timeout_recv_response(Some(TIMEOUT))
        .timeout_recv_body(Some(20 * TIMEOUT))
        .build()
        .into();
    for file in &source.files {
        let target = folder.join(&file.name);
        if target.is_file() && checksum(&target)? == file.md5 {
            progress(&file.name, 1, Some(1));
            unpack(&target, folder)?;
            continue;
        }
        let mut reasons = Vec::new();
        let delivered = source.mirrors.iter().any(|mirror| {
            let url = format!("{mirror}{}", file.name);
            match deliver(&agent, &url, file, &target, progress) {
                Ok(()) => true,
                Err(reason) => {
                    reasons.push(format!("{url}: {reason}"));
                    false
                }
            }
        });
        if !delivered {
            return Err(FetchError::AllMirrors { file: file.name.clone(), reasons: reasons.join("; ") });
        }
        unpack(&target, folder)?;
    }
    Ok(())
}

/// Unpacks an archive beside itself: every folder in it is replaced as a whole. Other files stay as they are.
fn unpack(archive: &Path, folder: &Path) -> Result<(), FetchError> {
    if !archive.to_string_lossy().ends_with(".tar.gz") {
        return Ok(());
    }
    let replace = || {
        let draft = tempfile::Builder::new().prefix(".unpacking-").tempdir_in(folder)?;
        tar::Archive::new(GzDecoder::new(BufReader::new(File::open(archive)?))).unpack(draft.path())?;
        for entry in fs::read_dir(draft.path())? {
            let entry = entry?;
            let target = folder.join(entry.file_name());
            if target.is_dir() {
                fs::remove_dir_all(&target)?;
            }
            fs::rename(entry.path(), &target)?;
        }
        sync_folder(folder)
    };
    replace().map_err(|source| FetchError::Io { path: archive.to_owned(), source })
}

/// Downloads one file from one mirror and puts it in its place; a resumed part that turns out wrong is fetched anew.
fn deliver(
    agent: &Agent,
    url: &str,
    file: &RemoteFile,
    target: &Path,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<(), String> {
    let part = target.with_file_name(format!("{}.part", file.name));
    let mut resumed = part.is_file();
    loop {
        download(agent, url, &file.name, &part, progress)?;
        let found = checksum(&part).map_err(|error| error.to_string())?;
        if found == file.md5 {
            return fs::rename(&part, target).map_err(|error| format!("{}: {error}", target.display()));
        }
        fs::remove_file(&part).map_err(|error| format!("{}: {error}", part.display()))?;
        if !resumed {
            return Err(format!("the checksum is {found}, expected {}", file.md5));
        }
        resumed = false;
    }
}

/// Appends what `part` lacks, or writes it from the beginning where the server knows no ranges.
fn download(
    agent: &Agent,
    url: &str,
    name: &str,
    part: &Path,
    progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<(), String> {
    let text = |error: io::Error| format!("{}: {error}", part.display());
    let have = part.metadata().map_or(0, |data| data.len());
    let request = agent.get(url);
    let request = if have > 0 { request.header("Range", format!("bytes={have}-")) } else { request };
    let mut response = match request.call() {
        Ok(response) => response,
        // Nothing lies beyond what is here: the checksum decides.
        Err(ureq::Error::StatusCode(416)) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let continues = response.status() == 206;
    let mut file = if continues {
        OpenOptions::new().append(true).open(part).map_err(text)?
    } else {
        File::create(part).map_err(text)?
    };
    let mut done = if continues { have } else { 0 };
    let length = response.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let expected = length.map(|length| done + length);
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = body
            .read(&mut buffer)
            .map_err(|error| format!("the connection broke after {}: {error}", HumanBytes(done)))?;
        if count == 0 {
            break;
        }
        done += count as u64;
        if done > LARGEST {
            drop(file);
            fs::remove_file(part).map_err(text)?;
            return Err(format!("the server sends more than {}", HumanBytes(LARGEST)));
        }
        file.write_all(&buffer[..count]).map_err(text)?;
        progress(name, done, expected);
    }
    file.sync_all().map_err(text)?;
    match expected {
        Some(expected) if done < expected => Err(format!("the connection ended after {done} of {expected} bytes")),
        _ => Ok(()),
    }
}

fn checksum(path: &Path) -> Result<String, FetchError> {
    let error = |source| FetchError::Io { path: path.to_owned(), source };
    let mut hasher = Md5::new();
    io::copy(&mut File::open(path).map_err(error)?, &mut hasher).map_err(error)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

//! Downloads of public data sets: mirrors, checksums, archives.

use super::archive;
use super::download::{Client, Failure};
use super::hold::{hold, sweep};
use super::nearest;
use crate::files::{FileError, sync_folder};
use md5::{Digest, Md5};
use sha2::Sha256;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A download that failed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing to download under this name.
    #[error("data set `{name}` cannot be downloaded{nearest}; these can: {known}")]
    UnknownName {
        /// What was asked for.
        name: String,
        /// `; did you mean ...?`
        nearest: String,
        /// What there is.
        known: String,
    },
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

impl FetchError {
    /// Whether the call was wrong, rather than something that failed.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::UnknownName { .. })
    }
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

/// A server that is silent for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// How the folders begin in which archives are unpacked.
const DRAFT: &str = ".unpacking-";

/// SHA-256 of the files below, by the MD5 that their publishers give: whoever forges one does not forge the other.
const SHA256: [(&str, &str); 9] = [
    ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    ("d53e105ee54ea40749a09fcbcd1e9432", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    ("9fb629c4189551a2d022fa330f9573f3", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    ("ec29112dd5afa0611ce80d1b7f02629c", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    ("25c81989df183df01b3e8a0aad5dffbe", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    ("bef4ecab320f06d8554ea6380940ec79", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    ("bb300cfdad3c16e7a12a480ee83cd310", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ("c32a1d4ab5d03f1284b67883e8d87530", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
];

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
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
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
        let names = LIST.map(|(known, ..)| known);
        let (nearest, known) = (nearest(name, &names), names.join(", "));
        return Err(FetchError::UnknownName { name: name.to_owned(), nearest, known });
    };
    Ok(Source {
        mirrors: mirrors.iter().map(|&mirror| mirror.to_owned()).collect(),
        files: files.iter().map(|&(name, md5)| RemoteFile { name: name.to_owned(), md5: md5.to_owned() }).collect(),
    })
}

/// Downloads the files that `folder` lacks, and unpacks the archives (`.tar.gz`) among them there. `progress` is told the file, the bytes that have come and the bytes expected.
///
/// A broken download leaves `NAME.part`, from which the next call goes on. While another process downloads into the folder, this one waits.
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
        archive::unpack(archive, &new)?;
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
    let known = SHA256.iter().find(|(of, _)| *of == file.md5).map(|&(_, sum)| sum);
    Ok(match known {
        _ if md5 != file.md5 => Err(format!("the checksum is {md5}, expected {}", file.md5)),
        Some(known) if known != sha256 => Err(format!("the checksum is {sha256}, expected {known}")),
        _ => Ok(()),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

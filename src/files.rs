//! Files that are either whole or absent, and what cannot be done with one.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What the names of temporary files begin with.
const DRAFT: &str = ".writing-";

/// A file or folder that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: it cannot be {doing}: {source}. {advice}")]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// What was to be done with it.
    pub doing: Doing,
    /// What the system said.
    pub source: io::Error,
    /// What the user can do.
    pub advice: &'static str,
}

/// Advice where a folder was chosen on the command line.
pub const OTHER_FOLDER: &str = "Choose another folder with --out, or make room";
/// Advice where a file of weights or networks cannot be read or written.
pub const A_FILE: &str = "Check that it is a file, in a folder that is there and writable";

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It is read, or a folder listed.
    Reading,
    /// It is written or made.
    Writing,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doing::Reading => "read",
            Doing::Writing => "written",
        })
    }
}

impl FileError {
    /// What the system said when a file was read, for `map_err`.
    pub fn reading(path: &Path) -> impl Fn(io::Error) -> Self {
        let advice = "Check that it is there and can be read";
        move |source| Self { path: path.to_owned(), doing: Doing::Reading, source, advice }
    }

    /// What the system said when a file was written or made, for `map_err`.
    pub fn writing(path: &Path) -> impl Fn(io::Error) -> Self {
        let advice = "Check that the folder is writable and has room";
        move |source| Self { path: path.to_owned(), doing: Doing::Writing, source, advice }
    }

    /// The same with other advice, where more is known of what the file is for.
    pub fn advise(self, advice: &'static str) -> Self {
        Self { advice, ..self }
    }
}

/// Reads a file; none where there is none.
///
/// # Errors
/// When there is one that cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::reading(path)(error)),
    }
}

/// Writes a file so that a crash at any moment leaves the old content or the new one: a temporary file beside it, fsync,
/// rename, fsync of the folder. Creates the folder. Links are followed, and a file that is there keeps its mode; what is there and no
/// regular file, such as a device or a pipe, is written to and stays what it is.
///
/// # Errors
/// Any error of the file system; the temporary file is removed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write(None, path, bytes).map_err(FileError::writing(path))
}

/// [`write_atomically`] with the temporary file in a folder that the caller owns, of the same file system: where several processes write
/// one file, each can sweep what it left itself.
///
/// # Errors
/// Any error of the file system; the temporary file is removed.
pub fn write_atomically_from(drafts: &Path, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write(Some(drafts), path, bytes).map_err(FileError::writing(path))
}

fn write(drafts: Option<&Path>, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let there = match fs::metadata(path) {
        Ok(there) => Some(there),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let Some(there) = there else { return replace(drafts, &target(path)?, bytes, None) };
    if there.is_dir() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "there is a folder of this name"));
    }
    if !there.is_file() {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    // Renaming asks the folder, not the file, whether it may be changed.
    OpenOptions::new().append(true).open(path)?;
    replace(drafts, &fs::canonicalize(path)?, bytes, Some(there.permissions()))
}

/// Where a new file goes: a link that leads to nothing yet is followed.
fn target(path: &Path) -> io::Result<PathBuf> {
    match fs::read_link(path) {
        Ok(link) => Ok(folder_of(path).join(link)),
        Err(_) => Ok(path.to_owned()),
    }
}

/// Removes the temporary files that killed processes left in a folder. The caller owns it: nobody else writes there.
pub fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(DRAFT.as_bytes()) {
            let _a_leftover_does_no_harm = fs::remove_file(entry.path());
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn replace(drafts: Option<&Path>, path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let mut file = draft(drafts.unwrap_or(folder))?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// A temporary file in a folder, which [`sweep`] takes for one.
pub(crate) fn draft(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(DRAFT);
    #[cfg(unix)]
    {
        // A temporary file is private by default; this one becomes a file like any other, as far as the umask allows.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Makes a rename within `folder` durable, where the system allows to open folders.
///
/// # Errors
/// When the folder cannot be synchronised.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A place in this program's part of the user's cache folder; none where the user has no such folder.
pub fn cached(name: &str) -> Option<PathBuf> {
    dirs::cache_dir().map(|folder| folder.join("wgpu-simvae").join(name))
}

/// What was read of a file of this name; none where it was refused, with an error that names the file.
#[cfg(any(fuzzing, test))]
pub fn read_or_named<T>(file: &str, read: Result<T, impl fmt::Display>) -> Option<T> {
    read.map_err(|error| assert!(error.to_string().contains(file), "{file} is not named: {error}")).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn errors_name_the_file_what_was_done_and_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        assert_eq!(read_if_there(&path).expect("nothing is there"), None);
        fs::create_dir(&path).expect("a folder in the way");
        let read = read_if_there(&path).expect_err("a folder").to_string();
        assert!(
            read.contains("file: it cannot be read: ") && read.ends_with(". Check that it is there and can be read")
        );
        let written = write_atomically(&path, b"one").expect_err("a folder").advise("Take another").to_string();
        assert!(written.ends_with("it cannot be written: there is a folder of this name. Take another"), "{written}");
    }

    #[test]
    fn what_is_there_stays_what_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let [file, link, dangling, new] = ["file", "link", "dangling", "new"].map(|name| folder.path().join(name));
        write_atomically(&file, b"one").expect("a new file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("a mode");
        symlink("file", &link).expect("a link");
        symlink("new", &dangling).expect("a link");
        write_atomically(&link, b"two").expect("through the link");
        write_atomically(&dangling, b"three").expect("through the link");
        assert_eq!(
            (fs::read(&file).expect("a file"), fs::read(&new).expect("a file")),
            (b"two".to_vec(), b"three".to_vec())
        );
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o640);
        write_atomically(Path::new("/dev/null"), b"four").expect("a device takes it");
        assert!(!fs::metadata("/dev/null").expect("a device").is_file());
        write_atomically(folder.path(), b"five").expect_err("a folder");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 4, "no draft stays");
    }
}

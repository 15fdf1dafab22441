//! Where public data sets are, and how to get them. Downloading itself is in `fetch`, behind the feature of that name.

use super::registry::{downloads, nearest};

/// A file of a data set.
#[derive(Clone, Debug)]
pub struct RemoteFile {
    /// Its name on the mirrors and in the folder.
    pub name: String,
    /// MD5 of its bytes in hexadecimal, as publishers give it.
    pub md5: String,
    /// SHA-256 of its bytes in hexadecimal, where it is known.
    pub sha256: Option<String>,
}

/// What to download and from where.
#[derive(Clone, Debug)]
pub struct Source {
    /// Addresses that end in a slash, tried in order.
    pub mirrors: Vec<String>,
    /// The files.
    pub files: Vec<RemoteFile>,
}

/// Nothing to download under a name.
#[derive(Debug, thiserror::Error)]
#[error("data set `{name}` cannot be downloaded{nearest}; these can: {known}")]
pub struct NoSource {
    /// What was asked for.
    pub name: String,
    /// `; did you mean ...?`
    pub nearest: String,
    /// What there is.
    pub known: String,
}

/// Where a data set is, as its own file says.
pub(super) struct Downloads {
    /// Addresses that end in a slash, tried in order: those with https first.
    pub mirrors: &'static [&'static str],
    pub files: &'static [Listed],
}

/// A file of a data set with its checksums: whoever forges one does not forge the other.
pub(super) struct Listed {
    pub name: &'static str,
    /// As its publishers give it.
    pub md5: &'static str,
    pub sha256: &'static str,
}

/// Where a data set can be downloaded.
///
/// # Errors
/// When the name is not listed.
pub fn source(name: &str) -> Result<Source, NoSource> {
    let Some((_, Downloads { mirrors, files })) = downloads().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = downloads().map(|(known, _)| known).collect();
        let (nearest, known) = (nearest(name, &names), names.join(", "));
        return Err(NoSource { name: name.to_owned(), nearest, known });
    };
    let remote = |file: &Listed| RemoteFile {
        name: file.name.to_owned(),
        md5: file.md5.to_owned(),
        sha256: Some(file.sha256.to_owned()),
    };
    Ok(Source {
        mirrors: mirrors.iter().map(|&mirror| mirror.to_owned()).collect(),
        files: files.iter().map(remote).collect(),
    })
}

/// Whether this library can download.
const FETCHES: bool = cfg!(feature = "fetch");

/// How to get the files of a data set whose name is listed.
pub(super) fn how_to_get(name: &str) -> String {
    advice(name, FETCHES)
}

/// How to get a file again that is damaged.
pub(super) const AGAIN: &str =
    if FETCHES { "fetch it again with `wgpu-simvae data fetch`" } else { "download it again" };

fn advice(name: &str, fetches: bool) -> String {
    if fetches {
        return format!("`wgpu-simvae data fetch {name} --data-dir DIR` downloads the files into the folder DIR");
    }
    let Source { mirrors, files } = source(name).unwrap_or(Source { mirrors: Vec::new(), files: Vec::new() });
    let names: Vec<String> = files.into_iter().map(|file| file.name).collect();
    format!(
        "Put {} of {} into the folder: this library was built without its feature `fetch`, which downloads them",
        names.join(", "),
        mirrors.join(" or ")
    )
}

#[test]
fn whoever_cannot_download_hears_what_and_from_where() {
    let text = advice("mnist", false);
    for part in ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "https://", "feature `fetch`"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(advice("cifar10", true).contains("data fetch cifar10"));
}

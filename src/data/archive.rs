//! Archives (`.tar.gz`) whose headers are not believed: what they promise is bounded before it is read.

use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::path::Path;
use tar::{Archive, Header};

/// A long name or a list of attributes in front of an entry takes no more.
const LONGEST_NAME: u64 = 64 << 10;
/// All files of an archive together take no more.
const LARGEST: u64 = 2 << 30;
const MOST_ENTRIES: usize = 10_000;

/// An archive as it is read; whoever believes its headers checks it first.
pub(super) fn open(path: &Path) -> io::Result<Archive<impl Read>> {
    Ok(Archive::new(MultiGzDecoder::new(BufReader::new(super::regular::open(path)?))))
}

/// Counts what the headers of an archive promise.
#[derive(Default)]
struct Bounds {
    entries: usize,
    bytes: u64,
}

impl Bounds {
    /// Takes the next header as it stands in the archive.
    ///
    /// # Errors
    /// When it promises too much.
    fn add(&mut self, header: &Header) -> io::Result<()> {
        let (kind, size) = (header.entry_type(), header.entry_size()?);
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(size);
        let about = kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions();
        if (about || kind.is_pax_global_extensions()) && size > LONGEST_NAME {
            return Err(refused(format!("a name or list of attributes of {size} bytes; {LONGEST_NAME} are the most")));
        }
        if let (true, Some(sparse)) = (kind.is_gnu_sparse(), header.as_gnu()) {
            // With more holes than the header lists, other blocks follow that cannot be told from headers here.
            if sparse.is_extended() {
                return Err(refused("a file with many holes".to_owned()));
            }
            self.bytes = self.bytes.saturating_add(sparse.real_size()?);
        }
        if self.entries > MOST_ENTRIES || self.bytes > LARGEST {
            return Err(refused(format!("more than {MOST_ENTRIES} entries or {LARGEST} bytes")));
        }
        Ok(())
    }
}

pub(super) fn refused(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it holds {what}"))
}

/// Reads an archive to its end.
///
/// # Errors
/// When it is damaged, or holds more than any data set does.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let (mut archive, mut bounds) = (open(path)?, Bounds::default());
    for entry in archive.entries()?.raw(true) {
        bounds.add(entry?.header())?;
    }
    // The checksum of what was packed stands at the end.
    io::copy(&mut archive.into_inner().take(LARGEST), &mut io::sink()).map(|_| ())
}

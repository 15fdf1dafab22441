//! Pictures that belong to no data set, made what the networks of a run take, as the run's own data set makes them.

use super::celeba;
use super::decode::{Frame, Kept, decode};
use super::planes::planar;
use super::scan::{scan, shown};
use super::{Corrupt, DataError, FileOptions, Identity, ImageShape, Images};
use crate::device::cpu::room;
use std::path::{Path, PathBuf};

/// Files that are decoded before they are put in a row with the others.
const BLOCK: usize = 4096;

/// How pictures become what the networks of a run take.
#[derive(Clone, Debug)]
pub struct Fitting {
    frame: Frame,
    kept: ImageShape,
    seen: ImageShape,
    /// Networks with a classifier have an output for each.
    classes: Vec<String>,
}

impl Fitting {
    /// As a run's data set makes pictures of files: of CelebA what its options say, of all others the largest central part that has the
    /// proportions of the run's images, which is a square mostly.
    ///
    /// # Errors
    /// When CelebA cannot be kept at the size of the options, or the images have no size.
    pub fn new(data: &Identity, options: &FileOptions) -> Result<Self, DataError> {
        let ([channels, height, width], [_, seen_height, seen_width]) = (data.shape, data.view());
        let side = |side: usize| {
            let problem = || "its images have no size that pictures could be brought to".to_owned();
            let sizeless = || DataError::Inconsistent { name: data.name.clone(), problem: problem() };
            u32::try_from(side).ok().filter(|&side| side > 0).ok_or_else(sizeless)
        };
        side(seen_height).and(side(seen_width))?;
        let (kept_height, kept_width) = (side(height)?, side(width)?);
        let frame = match data.name == celeba::ENTRY.name {
            true => celeba::frame(options)?,
            false => Frame { part: Kept::Proportions, height: kept_height, width: kept_width },
        };
        let kept = ImageShape { channels, height, width };
        let seen = ImageShape { channels, height: seen_height, width: seen_width };
        Ok(Self { frame, kept, seen, classes: data.classes.clone() })
    }
}

/// Picture files that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Their paths: those that were named as they were named, those in folders behind the folder's name.
    pub files: Vec<String>,
    /// What was named or found and cannot be read, each with the reason.
    pub failed: Vec<String>,
    /// What was passed over in folders.
    pub notes: Vec<String>,
}

impl Found {
    /// The files that are named, whatever their endings, and the pictures in the folders that are named, however deep. What is missing does
    /// not keep the others from being found.
    pub fn below(paths: &[PathBuf]) -> Self {
        let mut found = Self::default();
        for path in paths {
            match path.metadata() {
                Err(error) => found.failed.push(format!("{}: it cannot be found ({error})", shown(path))),
                Ok(data) if data.is_dir() => found.folder(path),
                Ok(_) => found.file(path),
            }
        }
        found
    }

    fn file(&mut self, path: &Path) {
        match path.to_str().filter(|name| !name.contains(char::is_control)) {
            Some(name) => self.files.push(name.to_owned()),
            None => self.failed.push(format!("{}: its name has bytes that are no text", shown(path))),
        }
    }

    fn folder(&mut self, folder: &Path) {
        let name = shown(folder);
        let scan = match scan(folder, Path::new(""), &[]) {
            Ok(scan) => scan,
            Err(error) => return self.failed.push(error.to_string()),
        };
        if scan.pictures.is_empty() {
            self.failed.push(format!("{name}: there is no picture in this folder"));
        }
        scan.pictures.iter().for_each(|(_, below)| self.file(&folder.join(below)));
        let unread = scan.unread.iter();
        self.failed.extend(
            unread.map(|(below, error)| format!("{}: it cannot be read ({error})", shown(&folder.join(below)))),
        );
        self.failed.extend(scan.passed_over.unusable.iter().map(|line| format!("{name}/{line}")));
        self.notes.extend(scan.passed_over.kinds().map(|kinds| format!("{name}: {kinds}")));
    }
}

/// The paths of a list, one a line, or, where it has zero bytes, one before each of them, as `find -print0` writes it.
pub fn listed(text: &str) -> Vec<PathBuf> {
    let lines: Vec<&str> = if text.contains('\0') { text.split('\0').collect() } else { text.lines().collect() };
    lines.into_iter().filter(|line| !line.trim().is_empty()).map(PathBuf::from).collect()
}

/// Pictures as a run takes them.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// Those that could be read, without classes: all have the first of the run's labels.
    pub images: Images,
    /// What could not be read, each with the reason.
    pub failed: Vec<String>,
    /// What their user should know.
    pub notes: Vec<String>,
}

impl Pictures {
    /// Reads the pictures that were found; `watch` is told how many of how many files are done. A grey picture has three equal channels
    /// for a run in colour; of a coloured one, a grey run sees the luminance (Rec. 709).
    ///
    /// # Errors
    /// When none can be read, or all of them take more memory than is free.
    pub fn read(found: Found, fitting: &Fitting, watch: &mut dyn FnMut(usize, usize)) -> Result<Self, DataError> {
        let Found { files, mut failed, mut notes } = found;
        let Fitting { frame, kept, seen, ref classes } = *fitting;
        if (files.len() as u64).saturating_mul(kept.bytes() as u64) > room() {
            let ImageShape { channels, height, width } = kept;
            let problem = format!(
                "{} pictures of {channels} x {height} x {width} take more memory than is free: name fewer at a time",
                files.len()
            );
            return Err(DataError::Inconsistent { name: "pictures".to_owned(), problem });
        }
        let (mut pixels, mut read, mut done, mut greyed) = (Vec::new(), Vec::new(), 0, 0);
        let of = files.len();
        for block in files.chunks(BLOCK) {
            let decoded = decode(Path::new(""), block, frame, Corrupt::Skip, &mut |more| {
                done += more;
                watch(done, of);
            })?;
            for (file, planes) in block.iter().zip(decoded.images.iter()) {
                let Some(planes) = planes else { continue };
                greyed += usize::from(planes.len() > kept.bytes());
                pixels.extend(planar(planes, kept));
                read.push(file.clone());
            }
            failed.extend(decoded.skipped);
        }
        if read.is_empty() {
            return Err(DataError::NoPicture { failed });
        }
        if greyed > 0 {
            notes.push(format!(
                "{greyed} of {} pictures are coloured, and the run is grey: it sees their luminance",
                read.len()
            ));
        }
        let mut images = Images::new(kept, pixels, vec![0; read.len()], classes.clone())?.with_files(read)?;
        images.look_at(seen.height, seen.width)?;
        Ok(Self { images, failed, notes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_a_path_a_line_or_before_each_zero() {
        let paths = |text| listed(text).iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(paths("a b.png\r\n\nc.jpg"), ["a b.png", "c.jpg"]);
        assert_eq!(paths("two\nlines.png\0c.jpg\0"), ["two\nlines.png", "c.jpg"]);
    }
}

//! A data set of image files: which files, which classes, before anything is decoded.

use super::cache::Cache;
use super::decode::{Decoded, Frame, any_coloured, decode};
use super::planes::Planes;
use super::registry::Request;
use super::{DataError, Dataset, ImageShape, Images, UNCLASSED};
use std::path::{Path, PathBuf};

/// What a folder holds.
pub(super) struct Listing {
    /// The folder.
    pub root: PathBuf,
    /// What is kept of each picture.
    pub frame: Frame,
    pub train: Part,
    pub test: Part,
    pub classes: Vec<String>,
    /// Names of the yes-or-no style factors; may be empty.
    pub factor_names: Vec<String>,
    /// What the user should know about the files.
    pub notes: Vec<String>,
    /// Files that have the ending of a picture and cannot be used, each with its reason.
    pub skipped: Vec<String>,
    /// What is no picture, a line each.
    pub passed_over: Vec<String>,
}

/// One of the two splits.
#[derive(Default)]
pub(super) struct Part {
    /// Paths relative to the folder, with slashes.
    pub files: Vec<String>,
    pub labels: Vec<u8>,
    /// 1 for yes and 0 for no, `[files, factor_names]`.
    pub factors: Vec<f32>,
}

impl Listing {
    /// Decodes the files, or takes them from the cache; no more training images than are wanted.
    ///
    /// # Errors
    /// When a file is damaged and such files are not skipped, or nothing is left of a split.
    pub fn load(mut self, request: &mut Request<'_>) -> Result<Dataset, DataError> {
        let (mut notes, mut skipped) = (std::mem::take(&mut self.notes), std::mem::take(&mut self.skipped));
        let passed_over = std::mem::take(&mut self.passed_over);
        let mut data = match &request.options.cache {
            Some(folder) => self.cached(folder, request, &mut notes)?,
            None => self.decode(request)?.0,
        };
        notes.extend(self.emptied(&data.train, request.options.wanted()));
        skipped.append(&mut data.skipped);
        // What is kept does not depend on the size at which it is seen.
        let size = request.options.size;
        for images in [&mut data.train, &mut data.test] {
            images.look_at(size, size)?;
        }
        Ok(Dataset { notes, skipped, passed_over, ..data })
    }

    /// The cached images, or the decoded ones, which are cached then.
    fn cached(&self, folder: &Path, request: &mut Request<'_>, notes: &mut Vec<String>) -> Result<Dataset, DataError> {
        let (name, options) = (request.name, request.options);
        let whole = Cache::of(self, name, folder, options);
        let part = (options.wanted() < self.train.files.len()).then(|| whole.first(options.wanted()));
        // A part of the data set is also the beginning of the whole.
        for cache in [Some(&whole), part.as_ref()].into_iter().flatten() {
            match cache.open() {
                Ok(Some(mut data)) => {
                    data.train.truncate(options.wanted());
                    return Ok(data);
                }
                Ok(None) => {}
                Err(problem) => notes.push(format!("decoding anew: {problem}")),
            }
        }
        let (data, unread) = self.decode(request)?;
        // What could not be read today may be read tomorrow, and what changed meanwhile is of neither state.
        if unread > 0 || whole != Cache::of(self, name, folder, options) {
            return Ok(data);
        }
        let cache = part.unwrap_or(whole);
        match cache.store(&data) {
            Ok(()) => Ok(cache.open().ok().flatten().unwrap_or(data)),
            Err(problem) => {
                notes.push(format!("the next start decodes again: {problem}; data.cache=off keeps no cache"));
                Ok(data)
            }
        }
    }

    /// Decodes the files; also tells how many could not be read.
    fn decode(&self, request: &mut Request<'_>) -> Result<(Dataset, usize), DataError> {
        let options = request.options;
        let frame = self.frame;
        let (mut train, mut done) = (Decoded::default(), 0);
        let mut decode = |files: &[String], to_come: usize| {
            let of = done + files.len() + to_come;
            decode(&self.root, files, frame, options.corrupt, &mut |more| {
                done += more;
                (request.watch)(done, of);
            })
        };
        // As many more as were damaged, until there are as many as are wanted.
        loop {
            let (looked, good) = (train.images.files(), train.images.iter().flatten().count());
            let more = (options.wanted() - good).min(self.train.files.len() - looked);
            if more == 0 {
                break;
            }
            train.append(decode(&self.train.files[looked..looked + more], self.test.files.len())?);
        }
        let mut test = decode(&self.test.files, 0)?;
        let (height, width) = (frame.height as usize, frame.width as usize);
        let plane = height * width;
        let all_grey = train.images.iter().chain(test.images.iter()).flatten().all(|image| image.len() == plane);
        // Grey pictures among coloured ones get three equal channels, whether those are wanted or not: with more images the
        // first ones stay what they are.
        let unseen = &self.train.files[train.images.files()..];
        let channels = if all_grey && !any_coloured(&self.root, unseen, frame) { 1 } else { 3 };
        let shape = ImageShape { channels, height, width };
        let unread = train.unread + test.unread;
        let mut skipped = train.skipped;
        skipped.append(&mut test.skipped);
        let train = self.part("training", &self.train, train.images, shape)?;
        let test = self.part("test", &self.test, test.images, shape)?;
        Ok((Dataset { skipped, ..Dataset::new(request.name, train, test)? }, unread))
    }

    /// The images of a split, of its first files; without those that were left out.
    fn part(&self, what: &str, part: &Part, images: Planes, shape: ImageShape) -> Result<Images, DataError> {
        let (width, mut kept) = (self.factor_names.len(), Part::default());
        let there = part.files.iter().zip(images.iter()).enumerate().filter(|(_, (_, image))| image.is_some());
        for (i, (file, _)) in there {
            kept.files.push(file.clone());
            kept.labels.push(part.labels[i]);
            kept.factors.extend_from_slice(&part.factors[i * width..(i + 1) * width]);
        }
        if kept.files.is_empty() {
            let (path, problem) = (self.root.clone(), format!("there is no {what} image that can be decoded"));
            return Err(DataError::Unusable { path, problem, fix: "Put whole pictures there".to_owned() });
        }
        let images = Images::new(shape, images.into_pixels(shape), kept.labels, self.classes.clone())?;
        images.with_factors(self.factor_names.clone(), kept.factors, width > 0)?.with_files(kept.files)
    }

    /// Says which classes have lost all their training images; files behind the last image are not known to be lost.
    fn emptied(&self, train: &Images, wanted: usize) -> Option<String> {
        let is_last = |file: &String| train.len() == wanted && Some(file) == train.files.last();
        let unseen = self.train.files.iter().rposition(is_last).map_or(&[][..], |last| &self.train.labels[last + 1..]);
        let mut there = vec![false; train.classes.len()];
        train.labels.iter().chain(unseen).for_each(|&label| there[usize::from(label)] = true);
        let gone = train.classes.iter().zip(there).filter(|(_, there)| !there).map(|(class, _)| class.as_str());
        let gone: Vec<&str> = gone.filter(|&class| class != UNCLASSED).collect();
        (!gone.is_empty()).then(|| format!("classes without a training image: {}", gone.join(", ")))
    }
}

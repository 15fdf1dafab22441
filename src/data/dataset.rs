//! What a data set is, whoever made it. What is checked here, kernels rely on.

use super::{DataError, Judged, Pixels};
use crate::kernels::augment::views::MAX_SIDE;
use image::GrayImage;
use image::imageops::{FilterType, resize};
use std::borrow::Cow;

/// Size of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Colour channels, 1 or 3.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
}

impl ImageShape {
    /// Bytes of an image.
    pub fn bytes(&self) -> usize {
        self.channels * self.height * self.width
    }
}

/// The name of a last class behind two and more others that is none: judges of content leave its images out. The others have
/// all images.
pub const UNCLASSED: &str = "-";

/// Labelled images, made by [`Images::new`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Images {
    /// Size of each image as it is kept.
    pub shape: ImageShape,
    /// Size at which networks see it, and at which views are cut from it.
    pub seen: ImageShape,
    /// `[images, channels, height, width]` bytes.
    pub pixels: Pixels,
    /// Class of each image.
    pub labels: Vec<u8>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Style factors of each image, `[images, factor_names]` in 0..=1; empty where they are unknown.
    pub factors: Vec<f32>,
    /// Names of the style factors.
    pub factor_names: Vec<String>,
    /// Whether the style factors are yes or no (1 or 0), such as the attributes of a face, rather than continuous.
    pub binary_factors: bool,
    /// File of each image, relative to the data set's folder; empty where images are not files of their own.
    pub files: Vec<String>,
}

impl Images {
    /// Images of which nothing but the class is known. `pixels` are `[images, channels, height, width]` bytes, `labels` the
    /// place of each image's class in `classes`.
    ///
    /// # Errors
    /// When there is no image, the numbers do not belong together, or the images are larger than views can be.
    pub fn new(
        shape: ImageShape,
        pixels: impl Into<Pixels>,
        labels: Vec<u8>,
        classes: Vec<String>,
    ) -> Result<Self, DataError> {
        let images = Self {
            shape,
            seen: shape,
            pixels: pixels.into(),
            labels,
            classes,
            factors: Vec::new(),
            factor_names: Vec::new(),
            binary_factors: false,
            files: Vec::new(),
        };
        images.checked()
    }

    /// Adds style factors, `[images, names]` in 0..=1, or 0 and 1 where they are `binary`.
    ///
    /// # Errors
    /// When there are more or fewer, or some are not finite.
    pub fn with_factors(self, names: Vec<String>, factors: Vec<f32>, binary: bool) -> Result<Self, DataError> {
        Self { factors, factor_names: names, binary_factors: binary, ..self }.checked()
    }

    /// Adds the file of each image.
    ///
    /// # Errors
    /// When there are more or fewer files than images.
    pub fn with_files(self, files: Vec<String>) -> Result<Self, DataError> {
        Self { files, ..self }.checked()
    }

    /// Sets the height and width in pixels at which they are seen: views are cut from the larger images that are kept.
    ///
    /// # Errors
    /// When views cannot be of that size.
    pub fn look_at(&mut self, height: usize, width: usize) -> Result<(), DataError> {
        self.seen = ImageShape { height, width, ..self.seen };
        self.problem().map_or(Ok(()), inconsistent)
    }

    /// An image's bytes `[channels, height, width]` at the size at which it is seen, reduced as plain views are and rounded.
    pub fn as_seen<'a>(&self, image: &'a [u8]) -> Cow<'a, [u8]> {
        let (ImageShape { height, width, .. }, seen) = (self.shape, self.seen);
        if seen == self.shape {
            return Cow::Borrowed(image);
        }
        let reduced = |plane: &[u8]| {
            // As many bytes as pixels: it is always an image.
            let plane = GrayImage::from_raw(width as u32, height as u32, plane.to_vec()).unwrap_or_default();
            resize(&plane, seen.width as u32, seen.height as u32, FilterType::Triangle).into_raw()
        };
        Cow::Owned(image.chunks_exact(height * width).flat_map(reduced).collect())
    }

    /// The labels as devices take them, a word each.
    pub fn label_words(&self) -> Vec<u32> {
        self.labels.iter().map(|&label| u32::from(label)).collect()
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of classes that judges ask for: all but [`UNCLASSED`].
    pub fn judged_classes(&self) -> usize {
        match &self.classes[..] {
            [_, _, .., last] if last == UNCLASSED => self.classes.len() - 1,
            all => all.len(),
        }
    }

    /// Keeps the first `count` images, and at least one.
    pub fn truncate(&mut self, count: usize) {
        let count = count.max(1);
        self.labels.truncate(count);
        self.pixels.truncate(count.saturating_mul(self.shape.bytes()));
        self.factors.truncate(count.saturating_mul(self.factor_names.len()));
        self.files.truncate(count);
    }

    fn checked(self) -> Result<Self, DataError> {
        match self.problem() {
            None => Ok(self),
            Some(problem) => inconsistent(problem),
        }
    }

    /// The first thing that is wrong, in words.
    fn problem(&self) -> Option<String> {
        let (count, ImageShape { channels, height, width }) = (self.labels.len(), self.shape);
        let bytes = channels.checked_mul(height).and_then(|bytes| bytes.checked_mul(width));
        let (classes, factors) = (self.classes.len(), self.factor_names.len());
        if height.max(width) > MAX_SIDE {
            return Some(format!(
                "they are of {height}x{width} pixels; at most {MAX_SIDE} a side can be used. Shrink them first"
            ));
        }
        if count == 0 || u32::try_from(count).is_err() {
            return Some(format!("there are {count}, and can be 1 to {}", u32::MAX));
        }
        if !matches!(channels, 1 | 3) || height == 0 || width == 0 {
            return Some(format!(
                "they are of {channels} channels, {height} x {width}: 1 or 3 and at least one pixel are needed"
            ));
        }
        let seen = self.seen;
        if seen.channels != channels || seen.height.min(seen.width) == 0 || seen.height.max(seen.width) > MAX_SIDE {
            let ImageShape { channels, height, width } = seen;
            return Some(format!(
                "they cannot be seen as {channels} x {height} x {width}: 1 to {MAX_SIDE} pixels a side can be used"
            ));
        }
        if bytes.and_then(|bytes| bytes.checked_mul(count)) != Some(self.pixels.len()) {
            return Some(format!(
                "{} bytes of pixels for {count} of {channels} x {height} x {width}",
                self.pixels.len()
            ));
        }
        if let Some(at) = self.labels.iter().position(|&label| usize::from(label) >= classes) {
            return Some(format!("label {} of image {at}, of {classes} classes", self.labels[at]));
        }
        if self.factors.len() != count * factors || self.factors.iter().any(|factor| !factor.is_finite()) {
            return Some(format!(
                "{} factors for {count} images of {factors}, or some are not finite",
                self.factors.len()
            ));
        }
        (!self.files.is_empty() && self.files.len() != count)
            .then(|| format!("{} files for {count} images", self.files.len()))
    }
}

fn inconsistent<T>(problem: String) -> Result<T, DataError> {
    Err(DataError::Inconsistent { name: "images".to_owned(), problem })
}

/// A data set split into training and test images, made by [`Dataset::new`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Dataset {
    /// Name.
    pub name: String,
    /// Training images.
    pub train: Images,
    /// Test images.
    pub test: Images,
    /// What judges see while a run trains; none where nothing was held out for them.
    pub judged: Option<Judged>,
    /// Files that were left out, each with what is wrong with it.
    pub skipped: Vec<String>,
    /// What lies among the pictures and is none, a line each.
    pub passed_over: Vec<String>,
    /// What its user should know: what was passed over, and why.
    pub notes: Vec<String>,
}

impl Dataset {
    /// A data set of which nothing was left out.
    ///
    /// # Errors
    /// As [`Dataset::check`].
    pub fn new(name: &str, train: Images, test: Images) -> Result<Self, DataError> {
        let (skipped, passed_over, notes) = (Vec::new(), Vec::new(), Vec::new());
        let data = Self { name: name.to_owned(), train, test, judged: None, skipped, passed_over, notes };
        data.check()?;
        Ok(data)
    }

    /// Checks everything again: the fields may have been changed.
    ///
    /// # Errors
    /// At the first that is wrong: images that are none, or training and test images that differ in shape, classes or factors.
    pub fn check(&self) -> Result<(), DataError> {
        let wrong = |problem: String| Err(DataError::Inconsistent { name: self.name.clone(), problem });
        let judged = self.judged.as_ref().map(|judged| ("judged", &judged.images));
        for (what, images) in [("training", &self.train), ("test", &self.test)].into_iter().chain(judged) {
            if let Some(problem) = images.problem() {
                return wrong(format!("{what} images: {problem}"));
            }
        }
        if self.train.shape != self.test.shape {
            return wrong(format!("training images are {:?}, test images {:?}", self.train.shape, self.test.shape));
        }
        if self.train.seen != self.test.seen {
            return wrong(format!(
                "training images are seen as {:?}, test images {:?}",
                self.train.seen, self.test.seen
            ));
        }
        if self.train.classes != self.test.classes || self.train.factor_names != self.test.factor_names {
            return wrong("training and test images have other classes or factors".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 2, width: 2 };

    fn classes() -> Vec<String> {
        ["a", "b"].map(str::to_owned).to_vec()
    }

    fn two() -> Result<Images, DataError> {
        Images::new(SHAPE, vec![0; 8], vec![0, 1], classes())
    }

    #[test]
    fn images_of_ones_own_are_checked() {
        let refused = |images: Result<Images, DataError>| images.expect_err("they are wrong").to_string();
        let shaped = |shape| refused(Images::new(shape, vec![0; 8], vec![0, 1], classes()));
        assert!(refused(Images::new(SHAPE, vec![0; 8], vec![0, 2], classes())).contains("label 2 of image 1"));
        assert!(refused(Images::new(SHAPE, vec![0; 8], vec![0; 3], classes())).contains("8 bytes of pixels for 3"));
        assert!(refused(Images::new(SHAPE, vec![], vec![], classes())).contains("there are 0"));
        assert!(shaped(ImageShape { height: usize::MAX, ..SHAPE }).contains("a side"));
        assert!(shaped(ImageShape { channels: 4, ..SHAPE }).contains("4 channels"));
        let two = two().expect("they are right");
        assert!(refused(two.clone().with_files(classes()[..1].to_vec())).contains("1 files for 2"));
        assert!(refused(two.clone().with_factors(classes(), vec![0.5], false)).contains("factors"));
        assert!(refused(two.clone().with_factors(classes(), vec![f32::NAN; 4], false)).contains("finite"));
        let mut one = two.with_files(classes()).expect("two files");
        one.truncate(0);
        assert_eq!((one.len(), one.files.len(), one.pixels.len()), (1, 1, 4));
    }

    #[test]
    fn both_parts_belong_together_also_after_changes() {
        let two = two().expect("they are right");
        let mut data = Dataset::new("own", two.clone(), two.clone()).expect("they are right");
        data.train.labels[1] = 2;
        assert!(
            data.check().expect_err("a wrong label").to_string().contains("own: training images: label 2 of image 1")
        );
        let coloured = ImageShape { channels: 3, ..SHAPE };
        let coloured = Images::new(coloured, vec![0; 12], vec![0], classes()).expect("they are right");
        let refused = |test: Images| Dataset::new("own", two.clone(), test).expect_err("they differ").to_string();
        assert!(refused(coloured).contains("training images are"));
        let factors = two.clone().with_factors(vec!["x".to_owned()], vec![0.0, 1.0], true).expect("they are right");
        assert!(refused(factors).contains("other classes or factors"));
    }
}

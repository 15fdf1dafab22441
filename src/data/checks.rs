//! What holds for every data set, whoever made it: kernels rely on it.

use super::{DataError, Dataset, ImageShape, Images};
use crate::kernels::augment::views::MAX_SIDE;

impl Dataset {
    /// Checks sizes, labels and shapes.
    ///
    /// # Errors
    /// At the first that is wrong.
    pub fn check(&self) -> Result<(), DataError> {
        let ImageShape { height, width, .. } = self.train.shape;
        if height.max(width) > MAX_SIDE {
            return Err(DataError::TooLarge { name: self.name.clone(), height, width });
        }
        let wrong = |problem: String| Err(DataError::Inconsistent { name: self.name.clone(), problem });
        if self.train.shape != self.test.shape {
            return wrong(format!("training images are {:?}, test images {:?}", self.train.shape, self.test.shape));
        }
        if self.train.classes != self.test.classes || self.train.factor_names != self.test.factor_names {
            return wrong("training and test images have other classes or factors".to_owned());
        }
        for (what, images) in [("training", &self.train), ("test", &self.test)] {
            if let Some(problem) = images.problem() {
                return wrong(format!("{what} images: {problem}"));
            }
        }
        Ok(())
    }
}

impl Images {
    /// The first thing that is wrong, in words.
    fn problem(&self) -> Option<String> {
        let (count, ImageShape { channels, height, width }) = (self.labels.len(), self.shape);
        let bytes = channels.checked_mul(height).and_then(|bytes| bytes.checked_mul(width));
        let (classes, factors) = (self.classes.len(), self.factor_names.len());
        if count == 0 || u32::try_from(count).is_err() {
            return Some(format!("there are {count}, and can be 1 to {}", u32::MAX));
        }
        if !matches!(channels, 1 | 3) || height == 0 || width == 0 {
            return Some(format!(
                "they are of {channels} channels, {height} x {width}: 1 or 3 and at least one pixel are needed"
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

#[cfg(test)]
mod tests {
    use super::*;

    fn data(change: impl Fn(&mut Images)) -> Result<(), DataError> {
        let shape = ImageShape { channels: 1, height: 2, width: 2 };
        let mut images = Images::labelled(shape, vec![0; 8], vec![0, 1], vec!["a".to_owned(), "b".to_owned()]);
        let test = images.clone();
        change(&mut images);
        Dataset::new("own", images, test).check()
    }

    #[test]
    fn data_of_ones_own_are_checked() {
        data(|_| {}).expect("they are right");
        let refused = |change: &dyn Fn(&mut Images)| data(change).expect_err("they are wrong").to_string();
        assert!(refused(&|images| images.labels[1] = 2).contains("label 2 of image 1"));
        assert!(refused(&|images| images.labels.push(0)).contains("8 bytes of pixels for 3"));
        assert!(refused(&|images| images.truncate(0)).contains("there are 0"));
        assert!(refused(&|images| images.files = vec!["a.png".to_owned()]).contains("1 files for 2"));
        assert!(refused(&|images| images.factors = vec![0.5]).contains("factors"));
        assert!(refused(&|images| images.shape.height = usize::MAX).contains("a side"));
        assert!(refused(&|images| images.shape.channels = 4).contains("training images are"));
    }
}

//! Training images that are kept from the training, for whoever judges a run while it trains.

use super::{DataError, Dataset, Images};
use crate::device::cpu::room;
use crate::kernels::common::permute::order;
use crate::kernels::common::philox::{Purpose, philox, split};

/// What judges see while a run trains.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// First the images that no step sees, then some of those that are trained on.
    pub images: Images,
    /// How many of them no step sees.
    pub held_out: usize,
}

impl Dataset {
    /// Takes a random share of the training images out of them, for the judges of a run: at most `rows` of those that are taken out are
    /// kept to ask about, and as many of those that stay to learn from. Which they are depends on the share and the number of
    /// images alone. The images that stay are copied. Nothing happens for a share of 0, where it was done before, or where
    /// there is one image.
    ///
    /// # Errors
    /// When the copy takes more memory than is free.
    pub fn hold_out(&mut self, share: f64, rows: usize) -> Result<(), DataError> {
        let count = self.train.len();
        if share <= 0.0 || count < 2 || self.judged.is_some() {
            return Ok(());
        }
        let key = philox(split(0), [0, 0, 1, Purpose::HeldOut as u32]);
        let mut held_out = order(count, key);
        let mut kept = held_out.split_off(((share * count as f64).round() as usize).clamp(1, count - 1));
        held_out.truncate(rows.max(1));
        let copied = (kept.len() + held_out.len()).saturating_mul(self.train.shape.bytes());
        if copied as u64 > room() {
            let problem = "the training images without those that are held out take more memory than is free, as they are copied. \
                           Hold none out with --set judge.share=0, or take fewer with --set data.limit=N";
            return Err(DataError::Inconsistent { name: self.name.clone(), problem: problem.to_owned() });
        }
        let shown: Vec<usize> = held_out.iter().chain(kept.iter().take(rows.max(1))).copied().collect();
        self.judged = Some(Judged { images: self.train.picked(&shown), held_out: held_out.len() });
        kept.sort_unstable();
        self.train = self.train.picked(&kept);
        Ok(())
    }
}

impl Images {
    /// Copies of some of the images, in the order in which they are named.
    fn picked(&self, which: &[usize]) -> Self {
        let (bytes, factors) = (self.shape.bytes(), self.factor_names.len());
        let mut pixels = Vec::with_capacity(which.len() * bytes);
        which.iter().for_each(|&image| pixels.extend_from_slice(&self.pixels[image * bytes..][..bytes]));
        Self {
            pixels: pixels.into(),
            labels: which.iter().map(|&image| self.labels[image]).collect(),
            factors: which.iter().flat_map(|&image| &self.factors[image * factors..][..factors]).copied().collect(),
            files: which.iter().filter_map(|&image| self.files.get(image).cloned()).collect(),
            classes: self.classes.clone(),
            factor_names: self.factor_names.clone(),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;

    #[test]
    fn what_is_held_out_is_not_trained_on() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let pixels: Vec<u8> = (0..40).flat_map(|image| [image, 100 + image]).collect();
        let images = Images::new(shape, pixels, vec![0; 40], vec!["a".to_owned()]).expect("images");
        let files = (0..40).map(|image| image.to_string()).collect();
        let factors = (0..40).map(|image| image as f32).collect();
        let images = images.with_files(files).expect("files");
        let images = images.with_factors(vec!["x".to_owned()], factors, false).expect("factors");
        let mut data = Dataset::new("own", images.clone(), images).expect("a data set");
        let before = data.clone();
        data.hold_out(0.0, 4).expect("nothing to do");
        assert_eq!(data, before);
        data.hold_out(0.25, 4).expect("room");
        data.check().expect("they belong together");
        let Judged { images, held_out } = data.judged.clone().expect("held out");
        assert_eq!((data.train.len(), held_out, images.len()), (30, 4, 8));
        let trained = |image: usize| data.train.files.contains(&images.files[image]);
        assert!((0..4).all(|image| !trained(image)) && (4..8).all(trained));
        assert!(data.train.pixels.chunks(2).is_sorted(), "the order stays");
        let same = |image: usize| images.pixels[2 * image].to_string() == images.files[image];
        assert!((0..8).all(same) && (0..8).all(|image| images.factors[image] == f32::from(images.pixels[2 * image])));
        let once = data.clone();
        data.hold_out(0.25, 4).expect("nothing to do");
        assert_eq!(data, once);
    }
}

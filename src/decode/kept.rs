//! What was decoded, kept in the run's folder: a comparison that was interrupted does not train a decoder again.

use super::{DecodeError, Decoded, Score};
use crate::files::{read_if_there, write_atomically};
use crate::run_folder::sealed::{seal, unseal};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::HashMap;
use std::path::Path;

/// File in a run's folder.
const FILE: &str = "decoded.safetensors";
/// Where the score stands in it.
const SCORE: &str = "score";

impl Decoded {
    /// Keeps score and pictures in a run's folder; the pictures in bytes, as they are drawn.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, run: &Path) -> Result<(), DecodeError> {
        let path = run.join(FILE);
        let fault = |problem: String| DecodeError::Drawing { path: path.clone(), problem };
        let score = seal(&self.score).map_err(|error| fault(error.to_string()))?;
        let about = HashMap::from([(SCORE.to_owned(), String::from_utf8_lossy(&score).into_owned())]);
        let bytes = [&self.images, &self.pictures].map(|pixels| pixels.iter().map(|x| (x * 255.0).round() as u8));
        let [images, pictures] = bytes.map(Iterator::collect::<Vec<u8>>);
        let [channels, height, width] = self.shape;
        let shape = || vec![images.len() / self.shape.iter().product::<usize>().max(1), channels, height, width];
        let tensor = |bytes| TensorView::new(Dtype::U8, shape(), bytes);
        let file = tensor(&images)
            .and_then(|images| Ok([("images", images), ("pictures", tensor(&pictures)?)]))
            .and_then(|tensors| safetensors::serialize(tensors, Some(about)));
        Ok(write_atomically(&path, &file.map_err(|error| fault(error.to_string()))?)?)
    }

    /// What is kept in a run's folder; none where nothing is, or it is not whole.
    pub fn read(run: &Path) -> Option<Self> {
        let bytes = read_if_there(&run.join(FILE)).ok()??;
        let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
        let score: Score = unseal(header.metadata().as_ref()?.get(SCORE)?.as_bytes()).ok()?;
        let file = SafeTensors::deserialize(&bytes).ok()?;
        let [images, pictures] = ["images", "pictures"].map(|name| file.tensor(name).ok());
        let (images, pictures) = (images?, pictures?);
        let &[count, channels, height, width] = images.shape() else { return None };
        let sound = images.shape() == pictures.shape() && count > 0 && matches!(channels, 1 | 3);
        let sound = sound && [&images, &pictures].iter().all(|tensor| tensor.dtype() == Dtype::U8);
        let pixels = |bytes: &[u8]| bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        sound.then(|| Self {
            score,
            shape: [channels, height, width],
            images: pixels(images.data()),
            pictures: pixels(pictures.data()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::DecodeSettings;

    #[test]
    fn what_is_kept_comes_back_or_is_not_there() {
        let run = tempfile::tempdir().expect("a folder");
        assert_eq!(Decoded::read(run.path()), None);
        let score = Score {
            method: "simclr".to_owned(),
            seed: 3,
            trained_steps: 7,
            latent: 2,
            decoder: DecodeSettings::default(),
            parameters: 11,
            error: 0.1,
            mean_image_error: 0.3,
        };
        let (images, pictures) = (vec![0.0, 1.0, 0.2, 0.4], vec![0.6, 0.8, 0.0, 1.0]);
        let decoded = Decoded { score, shape: [1, 1, 2], images, pictures };
        decoded.write(run.path()).expect("written");
        assert_eq!(Decoded::read(run.path()), Some(decoded));
        let path = run.path().join(FILE);
        let whole = std::fs::read(&path).expect("bytes");
        let at = whole.windows(5).position(|text| text == b"\"seed").expect("a seed");
        for damaged in [&whole[..whole.len() - 1], &whole[..9], &[&whole[..at], b"*", &whole[at + 1..]].concat()] {
            std::fs::write(&path, damaged).expect("damaged");
            assert_eq!(Decoded::read(run.path()), None);
        }
    }
}

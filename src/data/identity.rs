//! What tells one data set from another: a run remembers it, and whoever goes on with the run is held to it.

use super::registry::is_drawn;
use super::{Dataset, Images};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A data set in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Training images.
    pub train: usize,
    /// Test images.
    pub test: usize,
    /// Channels, height and width as the images are kept.
    pub shape: [usize; 3],
    /// Height and width at which they are seen, where that is another size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<[usize; 2]>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Checksum of labels, file names and pixels; of data that the program draws itself, the pixels are left out, since devices
    /// round them differently.
    pub fingerprint: String,
}

impl Identity {
    /// Of a data set, as it is used: cut to its limit.
    pub fn of(data: &Dataset) -> Self {
        let drawn = is_drawn(&data.name);
        let mut hasher = blake3::Hasher::new();
        for images in [&data.train, &data.test] {
            hasher.update(&images.labels);
            for file in &images.files {
                hasher.update(file.as_bytes()).update(b"\n");
            }
            if !drawn {
                hasher.update(&pixels(images));
            }
        }
        let (shape, seen) = (data.train.shape, data.train.seen);
        Self {
            name: data.name.clone(),
            train: data.train.len(),
            test: data.test.len(),
            shape: [shape.channels, shape.height, shape.width],
            seen: (seen != shape).then_some([seen.height, seen.width]),
            classes: data.train.classes.clone(),
            fingerprint: hasher.finalize().to_hex().to_string(),
        }
    }

    /// Channels, height and width as networks see the images.
    pub fn view(&self) -> [usize; 3] {
        let [channels, height, width] = self.shape;
        let [height, width] = self.seen.unwrap_or([height, width]);
        [channels, height, width]
    }

    /// What of the data that are here `now` is other than it was, in words; empty where they are the same.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, then: String, now: String| {
            if then != now {
                found.push(format!("{what}: {then} then, {now} now"));
            }
        };
        let shape = |[channels, height, width]: [usize; 3]| format!("{channels} x {height} x {width}");
        compare("data set", self.name.clone(), now.name.clone());
        compare("training images", self.train.to_string(), now.train.to_string());
        compare("test images", self.test.to_string(), now.test.to_string());
        compare("size of an image", shape(self.shape), shape(now.shape));
        if self.seen.or(now.seen).is_some() {
            let seen = |[_, height, width]: [usize; 3]| format!("{height} x {width}");
            compare("size of a view", seen(self.view()), seen(now.view()));
        }
        if self.classes != now.classes {
            found.push(classes(&self.classes, &now.classes));
        }
        if found.is_empty() && self.fingerprint != now.fingerprint {
            found.push("as many images and classes, but other pixels, labels or file names".to_owned());
        }
        found
    }
}

/// The first class in which two lists differ.
fn classes(then: &[String], now: &[String]) -> String {
    let gone = then.iter().find(|class| !now.contains(class)).map(|class| format!("`{class}` is gone"));
    let new = now.iter().find(|class| !then.contains(class)).map(|class| format!("`{class}` is new"));
    let which: Vec<String> = gone.into_iter().chain(new).collect();
    let which = if which.is_empty() { "another order".to_owned() } else { which.join(", ") };
    format!("classes: {} then, {} now ({which})", then.len(), now.len())
}

/// Checksums of pieces of the pixels, made on all cores.
fn pixels(images: &Images) -> Vec<u8> {
    const PIECE: usize = 1 << 20;
    let pieces: Vec<[u8; 32]> = images.pixels.par_chunks(PIECE).map(|piece| *blake3::hash(piece).as_bytes()).collect();
    pieces.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;

    fn data(pixels: Vec<u8>, classes: &[&str]) -> Dataset {
        let shape = ImageShape { channels: 1, height: 1, width: 1 };
        let classes = classes.iter().map(|&class| class.to_owned()).collect();
        let images = Images::new(shape, pixels.clone(), vec![0; pixels.len()], classes).expect("images");
        Dataset::new("folder", images.clone(), images).expect("a data set")
    }

    #[test]
    fn what_differs_is_named() {
        let known = Identity::of(&data(vec![1, 2, 3], &["cat"]));
        let differs = |other: Dataset| known.differences(&Identity::of(&other)).join("; ");
        assert_eq!(differs(data(vec![1, 2, 3], &["cat"])), "");
        assert!(differs(data(vec![1, 2, 4], &["cat"])).contains("other pixels"));
        assert!(differs(data(vec![1], &["cat"])).contains("training images: 3 then, 1 now"));
        let mut smaller = data(vec![1, 2, 3], &["cat"]);
        for images in [&mut smaller.train, &mut smaller.test] {
            images.look_at(3, 2).expect("a size");
        }
        assert_eq!(differs(smaller), "size of a view: 1 x 1 then, 3 x 2 now");
        let classes = differs(data(vec![1, 2, 3], &["dog"]));
        assert!(classes.contains("`cat` is gone") && classes.contains("`dog` is new"), "{classes}");
    }
}

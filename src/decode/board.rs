//! Test images over what was drawn of their representations, run below run: a picture and its numbers.

use super::{DecodeError, Decoded, Score};
use crate::draw::board::{Line as Row, png};
use crate::draw::grid::Pictures;
use crate::draw::sheet::magnification;
use crate::files::{OTHER_FOLDER, write_atomically};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A run on a board.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name there.
    pub name: String,
    /// Its folder.
    pub run: PathBuf,
    /// What was drawn of its representations.
    pub decoded: Decoded,
}

/// Runs on the same test images, below each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    /// The runs from the top, below the images.
    pub lines: Vec<Line>,
}

/// What stands in the JSON file beside the picture.
#[derive(Serialize)]
struct Numbers<'a> {
    /// What the picture shows from the top.
    rows: Vec<&'a str>,
    runs: Vec<RunNumbers<'a>>,
}

#[derive(Serialize)]
struct RunNumbers<'a> {
    name: &'a str,
    run: String,
    #[serde(flatten)]
    score: &'a Score,
}

/// The first row.
const IMAGES: &str = "test images";

impl Board {
    /// Writes `decode.png` and `decode.json` into a folder, and returns their paths.
    ///
    /// # Errors
    /// When one of them cannot be written.
    pub fn write(&self, out: &Path) -> Result<[PathBuf; 2], DecodeError> {
        let [picture, numbers] = ["decode.png", "decode.json"].map(|name| out.join(name));
        let fault = |path: &Path, problem: String| DecodeError::Drawing { path: path.to_owned(), problem };
        let drawn = self.draw().map_err(|problem| fault(&picture, problem))?;
        let json = serde_json::to_vec_pretty(&self.numbers()).map_err(|error| fault(&numbers, error.to_string()))?;
        for (path, bytes) in [(&picture, drawn), (&numbers, json)] {
            write_atomically(path, &bytes).map_err(|error| error.advise(OTHER_FOLDER))?;
        }
        Ok([picture, numbers])
    }

    fn draw(&self) -> Result<Vec<u8>, String> {
        let Some(first) = self.lines.first() else { return Err("there is no run".to_owned()) };
        let shape = first.decoded.shape;
        let row = |label, pixels| Row { label, pictures: Pictures { pixels, shape } };
        let mut rows = vec![row(vec![IMAGES.to_owned()], &first.decoded.images)];
        for Line { name, decoded, .. } in &self.lines {
            rows.push(row(vec![name.clone(), format!("{:.5}", decoded.score.error)], &decoded.pictures));
        }
        png(&rows, magnification(shape[1]))
    }

    fn numbers(&self) -> Numbers<'_> {
        let run = |line: &Line| line.run.display().to_string();
        Numbers {
            rows: std::iter::once(IMAGES).chain(self.lines.iter().map(|line| line.name.as_str())).collect(),
            runs: self
                .lines
                .iter()
                .map(|line| RunNumbers { name: &line.name, run: run(line), score: &line.decoded.score })
                .collect(),
        }
    }
}

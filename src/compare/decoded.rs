//! Decoders on the frozen representations of a comparison's rows, and the picture of all of them.

use super::error::CompareError;
use super::study::Compared;
use super::verdict::JudgedRun;
use crate::data::Dataset;
use crate::decode::{Board, DecodeError, DecodeSettings, Decoded, Line, decode};
use crate::device::Device;
use crate::eval::judge::{Column, Section, Unit};
use crate::run_folder::Which;
use crate::settings::Recipe;
use crate::train::{Progress, Trained};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The scores of these decoders.
const SECTION: Section = Section {
    title: "Decoded",
    about: "A decoder is trained on the frozen representation of each row, with the same steps and seed for all, and draws the test images \
            from it: less error is more that the representation holds.",
};

/// The columns of a row that was decoded.
pub(super) fn columns(run: &JudgedRun) -> Vec<Column> {
    let column = |name, of: f64| Column::new(SECTION, name, Unit::SmallError, Some(of));
    let score = run.decoded.iter();
    score
        .flat_map(|score| [column("squared error of a pixel", score.error), column(MEAN_IMAGE, score.mean_image_error)])
        .collect()
}

/// What a representation of nothing gives, the same for all rows.
const MEAN_IMAGE: &str = "of the mean image";

/// What was decoded of a row with these settings, after so many steps of its run.
pub(super) fn kept(folder: &Path, settings: &DecodeSettings, steps: u64) -> Option<Decoded> {
    let is_asked_for = |kept: &Decoded| kept.score.decoder == *settings && kept.score.trained_steps == steps;
    Decoded::read(folder).filter(is_asked_for)
}

/// Adds the rows' scores, as far as they were decoded, and writes `decode.png` and `decode.json` of each row's first seed into the
/// comparison's folder.
pub(super) fn show_decoded(compared: &mut Compared, out: &Path, settings: &DecodeSettings) -> Result<(), CompareError> {
    let mut board = Board::default();
    for (run, folder) in compared.judged.iter_mut().zip(&compared.folders) {
        let Some(decoded) = kept(folder, settings, run.steps) else { continue };
        run.decoded = Some(decoded.score.clone());
        let name = run.row();
        // Rows that see the images in black and white, where that is varied, are none of a board that begins with grey ones.
        let mean_image = decoded.score.mean_image_error;
        let fits = |line: &Line| line.name != name && line.decoded.score.mean_image_error == mean_image;
        if board.lines.iter().all(fits) {
            board.lines.push(Line { name, run: folder.clone(), decoded });
        }
    }
    if !board.lines.is_empty() {
        let [picture, _] = board.write(out).map_err(fault(out))?;
        compared.board = Some(picture);
    }
    Ok(())
}

/// Trains the decoder of a row. False if `stop` was raised.
pub(super) fn decode_row(
    folder: &Path,
    data: &Dataset,
    settings: &DecodeSettings,
    device: &Device,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> Result<bool, CompareError> {
    let config = Trained::settings(folder).map_err(Box::new)?;
    let trained =
        Trained::with_data(folder, Which::Newest, &Recipe::new(&config)?, data.clone(), device).map_err(Box::new)?;
    let Some(decoded) = decode(trained, device, settings, progress, stop).map_err(fault(folder))? else {
        return Ok(false);
    };
    decoded.write(folder).map_err(fault(folder))?;
    Ok(true)
}

fn fault(row: &Path) -> impl Fn(DecodeError) -> CompareError {
    move |source| CompareError::Decode { row: row.to_owned(), source: Box::new(source) }
}

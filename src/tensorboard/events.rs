//! A file of events: records of protocol buffers, each with the checksums of its length and of its content.

use super::projector;
use super::proto::{Content, Event, Image, START, SessionLog, Summary, Value, What};
use crate::data::Images;
use crate::files::FileError;
use crate::run_folder::metrics::Row;
use crc::{CRC_32_ISCSI, Crc};
use image::ImageDecoder;
use image::codecs::png::PngDecoder;
use prost::Message;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// CRC-32C, which the format masks.
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
/// What the format adds to a turned checksum.
const MASK: u32 = 0xa282_ead8;
/// The version of event files that withdraws by `SessionLog` what an interrupted run had written already.
const VERSION: &str = "brain.Event:2";

/// A file of events, open for appending.
#[derive(Debug)]
pub struct Events {
    path: PathBuf,
    file: File,
}

impl Events {
    pub(super) fn open(folder: &Path, step: u64, test: &Images) -> Result<Option<Self>, FileError> {
        fs::create_dir_all(folder).map_err(FileError::writing(folder))?;
        let (file, path) = create(folder)?;
        let mut events = Self { path, file };
        events.write(0, What::FileVersion(VERSION.to_owned()))?;
        if step > 0 {
            events.write(step + 1, What::SessionLog(SessionLog { status: START }))?;
        }
        projector::begin(folder, test)?;
        Ok(Some(events))
    }

    /// Writes a row of metrics, and the speed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn row(&mut self, row: &Row, images_per_second: f64) -> Result<(), FileError> {
        let scalar = |tag: String, value: f64| Value { tag, content: Some(Content::Simple(value as f32)) };
        let losses = row.losses.iter().map(|(name, &value)| scalar(format!("loss/{name}"), value));
        let judged = row.judged.iter().map(|(name, &value)| scalar(format!("judged/{name}"), value));
        let other = [("progress/epoch", row.epoch), ("progress/images_per_second", images_per_second)];
        let other = other.map(|(tag, value)| scalar(tag.to_owned(), value));
        self.write(row.step, What::Summary(Summary { value: losses.chain(judged).chain(other).collect() }))
    }

    /// Writes a picture of reconstructions, the bytes of its PNG file.
    ///
    /// # Errors
    /// When the file cannot be written, or these are no picture.
    pub fn picture(&mut self, step: u64, png: &[u8]) -> Result<(), FileError> {
        let size = PngDecoder::new(Cursor::new(png)).map(|picture| picture.dimensions());
        let (width, height) = size.map_err(io::Error::other).map_err(FileError::writing(&self.path))?;
        let (width, height) = (width as i32, height as i32);
        let picture = Image { height, width, colorspace: 3, encoded_image_string: png.to_vec() };
        let value = Value { tag: "reconstructions".to_owned(), content: Some(Content::Image(picture)) };
        self.write(step, What::Summary(Summary { value: vec![value] }))
    }

    /// Writes the representations `[images, width]` of the first test images for the projector, in the place of those of before.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn embedding(&mut self, mu: &[f32], width: usize, test: &Images) -> Result<(), FileError> {
        projector::write(self.path.parent().unwrap_or(Path::new(".")), mu, width, test)
    }

    fn write(&mut self, step: u64, what: What) -> Result<(), FileError> {
        let event = Event { wall_time: since_1970().as_secs_f64(), step: step as i64, what: Some(what) };
        self.file.write_all(&record(&event.encode_to_vec())).map_err(FileError::writing(&self.path))
    }
}

/// What the clock says; nothing, where it stands before that year.
fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Makes a file whose name comes behind those of all files before: they are read in that order.
fn create(folder: &Path) -> Result<(File, PathBuf), FileError> {
    let since = since_1970().as_secs();
    let mut number = 0;
    loop {
        let path = folder.join(format!("events.out.tfevents.{since:010}.{number:04}.wgpu-simvae"));
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(FileError::writing(&path)(error)),
        }
    }
}

/// A record: length, its checksum, content, its checksum, all little-endian.
fn record(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), content, &masked(content)].concat()
}

fn masked(bytes: &[u8]) -> [u8; 4] {
    CRC.checksum(bytes).rotate_right(15).wrapping_add(MASK).to_le_bytes()
}

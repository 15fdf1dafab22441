//! Image files to small images of one size, on all cores.

use super::jpeg::ends_early;
use super::planes::Planes;
use super::size::Size;
use super::{Corrupt, DataError, regular};
use crate::device::cpu::room;
use crate::quiet::quietly;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, ImageResult, Limits};
use rayon::prelude::*;
use std::fmt;
use std::io::{Cursor, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// No picture is read from a larger file.
const LARGEST_FILE: u64 = 512 << 20;
/// Bytes of a file in which its header is looked for first.
const HEAD: u64 = 64 << 10;

/// A picture takes this many bytes at most, or so many times its file's: an empty picture is packed as tightly.
const SMALL: u64 = 64 << 20;
const LARGEST_RATIO: u64 = 20_000;

/// Files that a core decodes between two reports.
const AT_A_TIME: usize = 16;

/// Which part of a picture is kept, and at which size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub part: Kept,
    /// Height in pixels to which it is resized.
    pub height: u32,
    /// Width in pixels to which it is resized.
    pub width: u32,
}

/// A part of a picture.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    /// The central square of so many pixels a side, or of the picture's shorter side where that is less.
    Square(u32),
    /// All of it.
    Whole,
    /// The largest central part that has the proportions of the size to which it is resized.
    Proportions,
}

impl Frame {
    /// The central square of at most so many pixels a side, at this size.
    pub fn square(most: u32, size: usize) -> Self {
        Self { part: Kept::Square(most), height: size as u32, width: size as u32 }
    }
}

/// A part of the name and the key of caches.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Kept::Square(most) => write!(f, "{most} {}", self.width),
            Kept::Whole => write!(f, "whole {}x{}", self.height, self.width),
            Kept::Proportions => write!(f, "part {}x{}", self.height, self.width),
        }
    }
}

/// Decoded files.
#[derive(Default)]
pub(super) struct Decoded {
    /// The pictures; none where a damaged file was left out.
    pub images: Planes,
    /// What was left out, and why.
    pub skipped: Vec<String>,
    /// How many of those are there and could not be read, which says nothing about the files.
    pub unread: usize,
}

impl Decoded {
    /// Adds the files that follow.
    pub fn append(&mut self, mut more: Self) {
        self.images.append(more.images);
        self.skipped.append(&mut more.skipped);
        self.unread += more.unread;
    }

    fn leave_out(&mut self, file: &str, fault: Fault) {
        self.unread += usize::from(matches!(&fault, Fault::Unread(error) if error.kind() != ErrorKind::NotFound));
        self.skipped.push(match fault {
            Fault::Unread(error) => format!("{file}: it cannot be read ({error})"),
            Fault::Content(problem) => format!("{file}: {problem}"),
        });
    }
}

/// Why a file gives no image.
enum Fault {
    /// The system did not let it be read.
    Unread(std::io::Error),
    /// Its content is no picture that can be used, in words.
    Content(String),
}

/// Decodes `files` of the folder `root`; `tick` is told as so many more are done.
///
/// # Errors
/// At a damaged file, unless such files are skipped.
pub(super) fn decode(
    root: &Path,
    files: &[String],
    frame: Frame,
    corrupt: Corrupt,
    tick: &mut dyn FnMut(usize),
) -> Result<Decoded, DataError> {
    // A quarter of what is free stays so.
    let (held, room) = (AtomicU64::new(0), room().saturating_mul(3) / 2);
    let decoded = |file| {
        let path = root.join(file);
        let planes = planes(&path, frame);
        let bytes = planes.as_ref().map_or(0, |planes| planes.len() as u64);
        if held.fetch_add(bytes, Ordering::Relaxed) + bytes > room {
            let (count, Frame { height, width, .. }) = (files.len(), frame);
            let problem = format!("{count} images of {height}x{width} pixels take more memory than is free");
            let fix = "Choose smaller ones with --set data.size=N and data.store=N, or fewer with --set data.limit=N";
            let fix = fix.to_owned();
            return Err(DataError::Unusable { path: root.to_owned(), problem, fix });
        }
        match planes {
            Err(fault) if corrupt == Corrupt::Stop => {
                let (problem, remedy) = match fault {
                    Fault::Unread(error) => (format!("it cannot be read ({error})"), "Make it readable"),
                    Fault::Content(problem) => (problem, "Replace or remove the file"),
                };
                let fix = format!("{remedy}, or leave such files out with --set data.corrupt=skip");
                Err(DataError::Unusable { path, problem, fix })
            }
            planes => Ok(planes.map_err(|fault| (file, fault))),
        }
    };
    let mut all = Decoded { images: Planes::of(files.len()), ..Decoded::default() };
    for some in files.chunks(rayon::current_num_threads() * AT_A_TIME) {
        for result in some.par_iter().map(&decoded).collect::<Result<Vec<_>, _>>()? {
            all.images.push(result.as_ref().ok().map(Vec::as_slice));
            if let Err((file, fault)) = result {
                all.leave_out(file, fault);
            }
        }
        tick(some.len());
    }
    Ok(all)
}

/// Whether one of the files is a picture of several channels that can be decoded. Headers are looked at first.
pub(super) fn any_coloured(root: &Path, files: &[String], frame: Frame) -> bool {
    let plane = (frame.height * frame.width) as usize;
    files.par_iter().any(|file| {
        let path = root.join(file);
        // What is no picture of few channels is decoded, or refused.
        !looks_grey(&path) && planes(&path, frame).is_ok_and(|planes| planes.len() > plane)
    })
}

/// Whether the header of a file says that its picture is grey.
fn looks_grey(path: &Path) -> bool {
    let colour = |most| {
        let bytes = regular::read(path, most).ok()?;
        let reader = ImageReader::new(Cursor::new(&bytes[..])).with_guessed_format().ok()?;
        Some(reader.into_decoder().ok()?.color_type())
    };
    // Some formats have it at the end.
    quietly(|| colour(HEAD).or_else(|| colour(LARGEST_FILE))).is_ok_and(|colour| colour.is_some_and(is_grey))
}

fn is_grey(colour: ColorType) -> bool {
    matches!(colour, ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16)
}

/// The image in a file, upright, cropped and resized: one plane of a grey picture, three of any other. An alpha channel
/// is dropped.
fn planes(path: &Path, frame: Frame) -> Result<Vec<u8>, Fault> {
    let bytes = regular::read(path, LARGEST_FILE).map_err(Fault::Unread)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(Fault::Content(format!("it is too large: a file of more than {}", Size(LARGEST_FILE))));
    }
    picture(&bytes, frame).map_err(Fault::Content)
}

/// [`planes`] of a file's content.
pub(super) fn picture(bytes: &[u8], frame: Frame) -> Result<Vec<u8>, String> {
    if ends_early(bytes) {
        return Err("the JPEG file ends before its picture does: it is truncated".to_owned());
    }
    let image = match quietly(|| upright(bytes)) {
        Ok(Ok(image)) => image,
        Ok(Err(ImageError::Limits(_))) => return Err(too_large(bytes)),
        Ok(Err(error)) => return Err(format!("it cannot be decoded ({error})")),
        Err(_) => return Err("it cannot be decoded (the decoder gave up on it)".to_owned()),
    };
    let image = match is_grey(image.color()) {
        true => DynamicImage::from(image.into_luma8()),
        false => DynamicImage::from(image.into_rgb8()),
    };
    let (whole_width, whole_height) = (image.width(), image.height());
    let (width, height) = match frame.part {
        Kept::Whole => (whole_width, whole_height),
        Kept::Square(most) => {
            let side = whole_width.min(whole_height).min(most);
            (side, side)
        }
        Kept::Proportions => {
            let scaled = |side: u32, by: u32, of: u32| (u64::from(side) * u64::from(by) / u64::from(of)) as u32;
            let width = whole_width.min(scaled(whole_height, frame.width, frame.height)).max(1);
            (width, whole_height.min(scaled(whole_width, frame.height, frame.width)).max(1))
        }
    };
    let image = image.crop_imm((whole_width - width) / 2, (whole_height - height) / 2, width, height);
    let image = image.resize_exact(frame.width, frame.height, FilterType::Triangle);
    let (bytes, channels) = (image.as_bytes(), usize::from(image.color().channel_count()));
    Ok((0..channels).flat_map(|channel| bytes.iter().skip(channel).step_by(channels).copied()).collect())
}

fn too_large(bytes: &[u8]) -> String {
    let size = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok().and_then(|mut reader| {
        reader.no_limits();
        reader.into_dimensions().ok()
    });
    let size = size.map(|(width, height)| format!("{width}x{height} pixels take ")).unwrap_or_default();
    let (most, length) = (limits(bytes).max_alloc.unwrap_or(u64::MAX), bytes.len() as u64);
    let (most, length) = (Size(most), Size(length));
    format!("it is too large to be decoded: {size}more than the {most} of memory that a file of {length} may")
}

/// What decoding may take, by the size of the file and not by what its header promises.
fn limits(bytes: &[u8]) -> Limits {
    let mut limits = Limits::default();
    let held = (bytes.len() as u64).saturating_mul(LARGEST_RATIO).max(SMALL);
    limits.max_alloc = limits.max_alloc.map(|most| most.min(held));
    limits
}

/// The picture as viewers show it: turned as its orientation tag says.
fn upright(bytes: &[u8]) -> ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits(bytes));
    let png = reader.format() == Some(ImageFormat::Png);
    let mut decoder = reader.into_decoder()?;
    // The reader holds PNG files to its limit of memory, others only here.
    limits(bytes).reserve(decoder.total_bytes())?;
    let orientation = if png { png_orientation(bytes) } else { decoder.orientation()? };
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// The orientation in the eXIf chunk of a PNG file, which its decoder passes over.
fn png_orientation(bytes: &[u8]) -> Orientation {
    let read = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)).ok();
    let tag = read.and_then(|exif| exif.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?.value.get_uint(0));
    tag.and_then(|tag| Orientation::from_exif(u8::try_from(tag).ok()?)).unwrap_or(Orientation::NoTransforms)
}

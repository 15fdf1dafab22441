//! Where the picture in a JPEG file ends.

/// Marks, each behind a byte of 0xff: beginning and end of a picture, and those without a segment of their own.
const BEGIN: u8 = 0xd8;
const END: u8 = 0xd9;
const ALONE: [u8; 9] = [0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7];

/// Whether a JPEG file ends before its picture does: the decoder would fill the rest with grey. The segments are walked, since
/// what they hold, and what is appended to the file, may have marks of its own.
pub(super) fn ends_early(bytes: &[u8]) -> bool {
    if !bytes.starts_with(&[0xff, BEGIN]) {
        return false;
    }
    let mut at = 2;
    // In the data of a scan 0xff is followed by zero, and before any mark there may be more of it.
    let is_mark = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff);
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.windows(2).position(is_mark)) {
        let mark = bytes[at + next + 1];
        at += next + 2;
        match mark {
            END => return false,
            BEGIN => return true,
            mark if ALONE.contains(&mark) => {}
            _ => match bytes.get(at..at + 2) {
                // Its length counts its own two bytes.
                Some(&[high, low]) => at += usize::from(u16::from_be_bytes([high, low])),
                _ => return true,
            },
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg() -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
        image::GrayImage::from_fn(40, 30, |x, y| image::Luma([(x * y) as u8]))
            .write_with_encoder(encoder)
            .expect("a picture");
        bytes
    }

    #[test]
    fn a_picture_ends_at_its_own_mark() {
        let whole = jpeg();
        assert!(!ends_early(&whole));
        for end in [whole.len() / 2, whole.len() - 2] {
            assert!(ends_early(&whole[..end]), "cut at {end}");
        }
        // A video behind the picture, with a mark of a scan in it.
        assert!(!ends_early(&[&whole[..], &[0, 1, 0xff, 0xda, 7, 0xff]].concat()));
        // A picture within a segment, as cameras have it, does not end the one around it.
        let thumbnail = [&[0xff, 0xe1, 0, 0], &whole[..]].concat();
        let mut segment = thumbnail.clone();
        segment[2..4].copy_from_slice(&((thumbnail.len() - 2) as u16).to_be_bytes());
        let around = [&whole[..2], &segment, &whole[2..]].concat();
        assert!(!ends_early(&around));
        assert!(ends_early(&around[..around.len() - 2]));
        // Another picture behind one that was cut does not make it whole.
        assert!(ends_early(&[&whole[..whole.len() / 2], &whole].concat()));
    }
}

//! JSON with a checksum of its content: a bit that flips on the disk is found, and never becomes a number.

use super::checksum;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    /// The content's BLAKE3 checksum, over its text as it stands in the file.
    blake3: String,
    content: Box<RawValue>,
}

/// Writes a value with its checksum.
///
/// # Errors
/// When the value cannot be JSON.
pub fn seal<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    let content = RawValue::from_string(serde_json::to_string_pretty(value)?)?;
    let mut bytes = serde_json::to_vec_pretty(&Sealed { blake3: checksum(content.get().as_bytes()), content })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a value back.
///
/// # Errors
/// What is wrong, in words, where the bytes are not whole or not of this kind.
pub fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let sealed: Sealed = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if checksum(sealed.content.get().as_bytes()) != sealed.blake3 {
        return Err("its content does not have the checksum that stands beside it".to_owned());
    }
    serde_json::from_str(sealed.content.get()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_noticed() {
        let value = (7u32, "words".to_owned(), 0.1f64, vec![u64::MAX]);
        let bytes = seal(&value).expect("it is JSON");
        assert_eq!(unseal(&bytes), Ok(value.clone()));
        for bit in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = unseal::<(u32, String, f64, Vec<u64>)>(&damaged) {
                assert_eq!(read, value, "bit {bit} changed the value");
            }
        }
        assert!((0..bytes.len() - 1).all(|end| unseal::<(u32, String, f64, Vec<u64>)>(&bytes[..end]).is_err()));
    }
}

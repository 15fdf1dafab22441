//! Arrays in NumPy's `.npy` format, version 1.0. Writing it is one header line; the crates that also read it bring a
//! parser generator along.

/// Element types that can be written.
pub trait Element: bytemuck::Pod {
    /// NumPy's name of the little-endian type.
    const DESCR: &'static str;
}

impl Element for f32 {
    const DESCR: &'static str = "<f4";
}

impl Element for u8 {
    const DESCR: &'static str = "|u1";
}

/// The bytes of a row-major array.
pub fn npy<T: Element>(values: &[T], shape: &[usize]) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    let dims: String = shape.iter().map(|dim| format!("{dim}, ")).collect();
    let mut header = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({dims}), }}", T::DESCR);
    // Magic, the header's length and the header end at a multiple of 64 bytes; the last byte is a line feed.
    let unpadded = MAGIC.len() + 2 + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(64) - unpadded));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    if cfg!(target_endian = "little") {
        bytes.extend_from_slice(bytemuck::cast_slice(values));
    } else {
        for value in values {
            bytes.extend(bytemuck::bytes_of(value).iter().rev());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_as_numpy_writes_it() {
        let bytes = npy(&[1.0f32, -2.0, 0.5, 4.0, 5.0, 6.0], &[3, 2]);
        assert_eq!(bytes.len(), 128 + 24);
        assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
        let header = std::str::from_utf8(&bytes[10..128]).expect("text");
        assert_eq!(header.trim_end(), "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, ), }");
        assert!(header.ends_with('\n'));
        assert_eq!(&bytes[132..136], (-2.0f32).to_le_bytes());
    }

    #[test]
    fn vectors_have_a_comma() {
        let bytes = npy(&[7u8], &[1]);
        assert!(String::from_utf8_lossy(&bytes).contains("'descr': '|u1', 'fortran_order': False, 'shape': (1, )"));
        assert_eq!(bytes.last(), Some(&7));
    }
}

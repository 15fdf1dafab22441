//! Sizes as people write them.

use std::fmt;

/// A number of bytes.
pub(super) struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut size = self.0 as f64;
        for unit in ["B", "KiB", "MiB"] {
            if size < 1024.0 {
                return if unit == "B" { write!(f, "{size} B") } else { write!(f, "{size:.2} {unit}") };
            }
            size /= 1024.0;
        }
        write!(f, "{size:.2} GiB")
    }
}

#[test]
fn sizes_have_the_unit_that_fits() {
    let shown = [0, 1023, 1536, 512 << 20, 5 << 40].map(|bytes| Size(bytes).to_string());
    assert_eq!(shown, ["0 B", "1023 B", "1.50 KiB", "512.00 MiB", "5120.00 GiB"]);
}

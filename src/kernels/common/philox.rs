//! Twin of `shaders/common/philox.wgsl`: the counter-based random generator of every kernel and of the initialisers.

use crate::kernels::Constant;

/// The shared WGSL. A shader gets the purposes that it needs as constants `PURPOSE_...`.
pub const WGSL: &str = wgsl!("common/philox");

/// What a random number is for. It is one word of the counter, so that streams never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// The order of the images within an epoch.
    Shuffle = 1,
    /// The crop and the flips of a view.
    View = 2,
    /// The noise of the reparameterisation.
    Noise = 3,
    /// The initial weights.
    Weights = 4,
    /// The procedural sprites.
    Sprites = 5,
    /// Latents drawn on the host, to look at their pictures.
    Latents = 6,
    /// The initial clusters of a mixture.
    Clusters = 7,
    /// The held-out part of a training set.
    HeldOut = 8,
    /// The colour jitter of a view.
    Jitter = 9,
    /// Whether a view loses its colours.
    Grey = 10,
    /// The blur of a view.
    Blur = 11,
    /// Whether a view is solarised.
    Solarise = 12,
}

impl From<Purpose> for Constant {
    fn from(purpose: Purpose) -> Self {
        Self::Word(purpose as u32)
    }
}

/// Philox4x32-10 (Salmon et al., SC 2011): four words from a key and a counter.
#[inline]
pub fn philox(seed: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let mut key = seed;
    let mut c = counter;
    for _ in 0..10 {
        let p0 = u64::from(0xD251_1F53u32) * u64::from(c[0]);
        let p1 = u64::from(0xCD9E_8D57u32) * u64::from(c[2]);
        c = [(p1 >> 32) as u32 ^ c[1] ^ key[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ key[1], p0 as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    c
}

/// A word as a number in [0, 1), a multiple of 2^-24.
#[inline]
pub fn unit(word: u32) -> f64 {
    f64::from(word >> 8) / f64::from(1u32 << 24)
}

/// The two words of a 64-bit seed.
pub fn split(seed: u64) -> [u32; 2] {
    [seed as u32, (seed >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::philox;

    /// The known answers published with Random123 (kat_vectors, philox4x32 10 rounds).
    #[test]
    fn known_answers() {
        assert_eq!(philox([0; 2], [0; 4]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([!0; 2], [!0; 4]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0xa409_3822, 0x299f_31d0], [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}

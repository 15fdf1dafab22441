//! Numbers that a few lines of Python draw as well, for comparisons with other programs.

/// 24-bit words of a linear congruential generator.
pub struct Words(pub u32);

impl Words {
    /// The next.
    pub fn word(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f32 {
        self.word() as f32 / 16_777_216.0
    }

    /// Bell-shaped about zero.
    pub fn bell(&mut self) -> f32 {
        let [a, b, c, d] = [(); 4].map(|()| self.unit());
        (a + b) + (c + d) - 2.0
    }

    /// So many classes.
    pub fn labels(seed: u32, count: usize, classes: u32) -> Vec<u8> {
        let mut words = Self(seed);
        (0..count).map(|_| (words.word() % classes) as u8).collect()
    }
}

// What a shader stores at once: a number.
alias Stored = f32;
const STORED: u32 = 1u;

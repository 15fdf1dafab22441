// An element-wise kernel takes one number of a tensor at a time.
alias Stored = f32;
const STORED: u32 = 1u;

// An element-wise kernel takes four numbers of a tensor at a time, whose length is a multiple of four.
alias Stored = vec4<f32>;
const STORED: u32 = 4u;

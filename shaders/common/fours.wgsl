// What a shader stores at once: four numbers, neighbours in memory that begin at a multiple of four.
alias Stored = vec4<f32>;
const STORED: u32 = 4u;

// What is read of the left operand at once: four elements, neighbours in memory that begin at a multiple of four.
alias Lefts = vec4<f32>;

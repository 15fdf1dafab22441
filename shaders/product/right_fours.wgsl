// What is read of the right operand at once: four elements, neighbours in memory that begin at a multiple of four.
alias Rights = vec4<f32>;

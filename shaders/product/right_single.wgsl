// What is read of the right operand at once: an element.
alias Rights = f32;

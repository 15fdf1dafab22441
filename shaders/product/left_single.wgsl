// What is read of the left operand at once: an element.
alias Lefts = f32;

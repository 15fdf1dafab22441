// A product of numbers that need no scale.
fn begin() {}

fn left_operand(x: f32) -> f32 {
    return rounded(x);
}

fn right_operand(x: f32) -> f32 {
    return rounded(x);
}

fn unscaled(sums: Sums) -> Sums {
    return sums;
}

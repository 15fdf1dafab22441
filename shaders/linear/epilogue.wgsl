// The end of a matrix product: bias, ReLU, the mask of a ReLU's backward, or accumulation, then the store.
fn store(row: u32, column: u32, sum: f32) {
    let at = row * params.n + column;
    var value = sum;
    if (BIAS == 1u) {
        value += aux[column];
    }
    if (RELU == 1u) {
        value = select(value, 0.0, value < 0.0); // keeps what is not a number
    }
    if (MASK == 1u) {
        value = select(0.0, value, aux[at] > 0.0);
    }
    if (ACCUMULATE == 1u) {
        value += c[at];
    }
    c[at] = value;
}

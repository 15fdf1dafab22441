// C = op(A) op(B): the end of the product.
@group(0) @binding(3) var<storage, read> aux: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

fn place(column: u32, slice: u32) -> u32 {
    return column;
}

// Bias, ReLU, the mask of a ReLU's backward, or accumulation, then the store.
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

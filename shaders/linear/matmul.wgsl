// C = op(A) op(B): the end of the product.
@group(0) @binding(3) var<storage, read> aux: array<Stored>;
@group(0) @binding(4) var<storage, read_write> c: array<Stored>;

fn place(column: u32, slice: u32) -> u32 {
    return column;
}

// Bias, ReLU, the mask of a ReLU's backward, or accumulation, then the store.
fn store(row: u32, column: u32, sum: Stored) {
    let at = (row * params.n + column) / STORED;
    var value = sum;
    if (BIAS == 1u) {
        value += aux[column / STORED];
    }
    if (RELU == 1u) {
        value = select(value, Stored(0.0), value < Stored(0.0)); // keeps what is not a number
    }
    if (MASK == 1u) {
        value = select(Stored(0.0), value, aux[at] > Stored(0.0));
    }
    if (ACCUMULATE == 1u) {
        value += c[at];
    }
    c[at] = value;
}

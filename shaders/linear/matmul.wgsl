// C = op(A) op(B), where FORM says which operands are transposed in memory: the operands of a product, and its end.
struct Params {
    m: u32,
    n: u32,
    k: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> aux: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

const LEFT_IS_DEEP: bool = FORM != 2u;
const RIGHT_IS_DEEP: bool = FORM == 0u;
alias Column = u32;

fn extent(slice: u32) -> vec3<u32> {
    return vec3<u32>(params.m, params.n, params.k);
}

fn row_at(row: u32, slice: u32) -> u32 {
    return row * select(1u, params.k, LEFT_IS_DEEP);
}

fn left(at: u32, k: u32, slice: u32) -> f32 {
    return a[at + k * select(params.m, 1u, LEFT_IS_DEEP)];
}

fn column_at(column: u32, slice: u32) -> Column {
    return column * select(1u, params.k, RIGHT_IS_DEEP);
}

fn right(at: Column, k: u32, slice: u32) -> f32 {
    return b[at + k * select(params.n, 1u, RIGHT_IS_DEEP)];
}

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

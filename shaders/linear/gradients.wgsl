// The gradients of a linear layer's weight and bias as one product: dy^T [outputs, rows] times x [rows, inputs] with a column of ones
// behind it, whose result is the sum of dy's rows.
struct Params {
    rows: u32,
    inputs: u32,
    outputs: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Lefts>;
@group(0) @binding(2) var<storage, read> x: array<Rights>;
@group(0) @binding(3) var<storage, read_write> weight: array<Stored>;
@group(0) @binding(4) var<storage, read_write> bias: array<f32>;

const LEFT_IS_DEEP: bool = false;
const RIGHT_IS_DEEP: bool = false;
alias Column = u32;
const RIGHT_ELSE: f32 = 1.0;

fn extent(slice: u32) -> vec3<u32> {
    return vec3<u32>(params.outputs, params.inputs + 1u, params.rows);
}

fn row_at(row: u32, slice: u32) -> u32 {
    return row;
}

fn left(at: u32, k: u32, slice: u32) -> Lefts {
    return dy[(at + k * params.outputs) / LEFTS];
}

fn column_at(column: u32, slice: u32) -> Column {
    return column;
}

fn right_spot(at: Column, k: u32, slice: u32) -> Spot {
    return Spot(min(at, params.inputs - RIGHTS) + k * params.inputs, at < params.inputs);
}

fn right(element: u32) -> Rights {
    return x[element / RIGHTS];
}

fn place(column: u32, slice: u32) -> u32 {
    return column;
}

fn store(row: u32, column: u32, sum: Stored) {
    if (column < params.inputs) {
        weight[(row * params.inputs + column) / STORED] = sum;
    } else {
        bias[row] = first(sum);
    }
}

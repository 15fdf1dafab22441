// The operands of C = op(A) op(B), where FORM says which of them is transposed in memory. Slices lie one behind another.
struct Params {
    m: u32,
    n: u32,
    k: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<Lefts>;
@group(0) @binding(2) var<storage, read> b: array<Rights>;

const LEFT_IS_DEEP: bool = FORM != 2u;
const RIGHT_IS_DEEP: bool = FORM == 0u;
alias Column = u32;
const RIGHT_ELSE: f32 = 0.0;

fn extent(slice: u32) -> vec3<u32> {
    return vec3<u32>(params.m, params.n, params.k);
}

fn row_at(row: u32, slice: u32) -> u32 {
    return slice * params.m * params.k + row * select(1u, params.k, LEFT_IS_DEEP);
}

fn left(at: u32, k: u32, slice: u32) -> Lefts {
    return a[(at + k * select(params.m, 1u, LEFT_IS_DEEP)) / LEFTS];
}

fn column_at(column: u32, slice: u32) -> Column {
    return slice * params.n * params.k + column * select(1u, params.k, RIGHT_IS_DEEP);
}

fn right_spot(at: Column, k: u32, slice: u32) -> Spot {
    return Spot(at + k * select(params.n, 1u, RIGHT_IS_DEEP), true);
}

fn right(element: u32) -> Rights {
    return b[element / RIGHTS];
}

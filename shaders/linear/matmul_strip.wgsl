// C = op(A) op(B) for software adapters: each invocation computes 8 rows x 8 columns from memory, without workgroup
// memory; lavapipe runs neighbouring invocations in the lanes of a vector register. The rows are spelt out because lavapipe
// keeps an indexed array in memory, which halves the speed.
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

// Stores four columns of a row, as far as they exist.
fn store_row(row: u32, column: u32, sums: vec4<f32>) {
    if (row < params.m && column < params.n) {
        store(row, column, sums.x);
        if (column + 1u < params.n) { store(row, column + 1u, sums.y); }
        if (column + 2u < params.n) { store(row, column + 2u, sums.z); }
        if (column + 3u < params.n) { store(row, column + 3u, sums.w); }
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.y * 8u;
    let column = id.x * 8u;
    if (row >= params.m || column >= params.n) {
        return;
    }
    // Rows and columns beyond the edge repeat the last one: reads stay inside, and the results are not stored.
    let last = params.m - 1u;
    let apart_a = select(params.k, 1u, FORM == 2u);
    let step_a = select(1u, params.m, FORM == 2u);
    var low = min(vec4<u32>(row, row + 1u, row + 2u, row + 3u), vec4<u32>(last)) * apart_a;
    var high = min(vec4<u32>(row + 4u, row + 5u, row + 6u, row + 7u), vec4<u32>(last)) * apart_a;
    let apart_b = select(1u, params.k, FORM == 0u);
    var near = min(column + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.n - 1u)) * apart_b;
    var far = min(column + vec4<u32>(4u, 5u, 6u, 7u), vec4<u32>(params.n - 1u)) * apart_b;
    let step_b = select(params.n, 1u, FORM == 0u);

    var left0 = vec4<f32>(0.0);
    var right0 = vec4<f32>(0.0);
    var left1 = vec4<f32>(0.0);
    var right1 = vec4<f32>(0.0);
    var left2 = vec4<f32>(0.0);
    var right2 = vec4<f32>(0.0);
    var left3 = vec4<f32>(0.0);
    var right3 = vec4<f32>(0.0);
    var left4 = vec4<f32>(0.0);
    var right4 = vec4<f32>(0.0);
    var left5 = vec4<f32>(0.0);
    var right5 = vec4<f32>(0.0);
    var left6 = vec4<f32>(0.0);
    var right6 = vec4<f32>(0.0);
    var left7 = vec4<f32>(0.0);
    var right7 = vec4<f32>(0.0);
    for (var k = 0u; k < params.k; k++) {
        let l = vec4<f32>(b[near.x], b[near.y], b[near.z], b[near.w]);
        let r = vec4<f32>(b[far.x], b[far.y], b[far.z], b[far.w]);
        let a0 = vec4<f32>(a[low.x]);
        left0 = fma(a0, l, left0);
        right0 = fma(a0, r, right0);
        let a1 = vec4<f32>(a[low.y]);
        left1 = fma(a1, l, left1);
        right1 = fma(a1, r, right1);
        let a2 = vec4<f32>(a[low.z]);
        left2 = fma(a2, l, left2);
        right2 = fma(a2, r, right2);
        let a3 = vec4<f32>(a[low.w]);
        left3 = fma(a3, l, left3);
        right3 = fma(a3, r, right3);
        let a4 = vec4<f32>(a[high.x]);
        left4 = fma(a4, l, left4);
        right4 = fma(a4, r, right4);
        let a5 = vec4<f32>(a[high.y]);
        left5 = fma(a5, l, left5);
        right5 = fma(a5, r, right5);
        let a6 = vec4<f32>(a[high.z]);
        left6 = fma(a6, l, left6);
        right6 = fma(a6, r, right6);
        let a7 = vec4<f32>(a[high.w]);
        left7 = fma(a7, l, left7);
        right7 = fma(a7, r, right7);
        near += step_b;
        far += step_b;
        low += step_a;
        high += step_a;
    }
    store_row(row + 0u, column, left0);
    store_row(row + 0u, column + 4u, right0);
    store_row(row + 1u, column, left1);
    store_row(row + 1u, column + 4u, right1);
    store_row(row + 2u, column, left2);
    store_row(row + 2u, column + 4u, right2);
    store_row(row + 3u, column, left3);
    store_row(row + 3u, column + 4u, right3);
    store_row(row + 4u, column, left4);
    store_row(row + 4u, column + 4u, right4);
    store_row(row + 5u, column, left5);
    store_row(row + 5u, column + 4u, right5);
    store_row(row + 6u, column, left6);
    store_row(row + 6u, column + 4u, right6);
    store_row(row + 7u, column, left7);
    store_row(row + 7u, column + 4u, right7);
}

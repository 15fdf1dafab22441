// C = op(A) op(B) for software adapters: each invocation computes 8 rows x 4 columns from memory, without workgroup
// memory; lavapipe runs neighbouring invocations in the lanes of a vector register.
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

const ROWS: u32 = 8u;
const COLUMNS: u32 = 4u;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.y * ROWS;
    let column = id.x * COLUMNS;
    if (row >= params.m || column >= params.n) {
        return;
    }
    // Rows and columns beyond the edge repeat the last one: reads stay inside, and the results are not stored.
    var rows: array<u32, ROWS>;
    for (var i = 0u; i < ROWS; i++) {
        rows[i] = min(row + i, params.m - 1u) * select(params.k, 1u, FORM == 2u);
    }
    var columns: vec4<u32>;
    for (var j = 0u; j < COLUMNS; j++) {
        columns[j] = min(column + j, params.n - 1u) * select(1u, params.k, FORM == 0u);
    }
    let step_a = select(1u, params.m, FORM == 2u);
    let step_b = select(params.n, 1u, FORM == 0u);

    var sums: array<vec4<f32>, ROWS>;
    for (var k = 0u; k < params.k; k++) {
        let at = columns + k * step_b;
        let right = vec4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]);
        for (var i = 0u; i < ROWS; i++) {
            sums[i] = fma(vec4<f32>(a[rows[i] + k * step_a]), right, sums[i]);
        }
    }
    for (var i = 0u; i < min(ROWS, params.m - row); i++) {
        for (var j = 0u; j < min(COLUMNS, params.n - column); j++) {
            store(row + i, column + j, sums[i][j]);
        }
    }
}

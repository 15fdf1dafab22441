// The sum of each column of a matrix. A workgroup sums 16 columns in 16 interleaved strands of
// rows, then adds the strands in order.
struct Params {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> matrix: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

const SIDE: u32 = 16u;
var<workgroup> strands: array<f32, SIDE * SIDE>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let column = group.x * SIDE + local.x;
    var sum = 0.0;
    if (column < params.columns) {
        for (var row = local.y; row < params.rows; row += SIDE) {
            sum += matrix[row * params.columns + column];
        }
    }
    strands[local.y * SIDE + local.x] = sum;
    workgroupBarrier();
    if (local.y == 0u && column < params.columns) {
        for (var strand = 1u; strand < SIDE; strand++) {
            sum += strands[strand * SIDE + local.x];
        }
        sums[column] = sum;
    }
}

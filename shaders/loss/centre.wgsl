// Subtracts the mean of each column. A workgroup takes 16 columns, whose rows it sums in 16 interleaved strands and adds
// in order.
struct Params {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> matrix: array<f32>;
@group(0) @binding(2) var<storage, read_write> centred: array<f32>;

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
    var mean = 0.0;
    for (var strand = 0u; strand < SIDE; strand++) {
        mean += strands[strand * SIDE + local.x];
    }
    mean /= f32(params.rows);
    if (column < params.columns) {
        for (var row = local.y; row < params.rows; row += SIDE) {
            let at = row * params.columns + column;
            centred[at] = matrix[at] - mean;
        }
    }
}

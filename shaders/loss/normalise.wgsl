// Rows of length one. One workgroup per row.
struct Params {
    rows: u32,
    width: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> unit: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    for (var row = group.x; row < params.rows; row += groups.x) {
        let start = row * params.width;
        var sum = 0.0;
        for (var k = lane; k < params.width; k += LANES) {
            sum += x[start + k] * x[start + k];
        }
        let length = max(sqrt(sum_of_lanes(lane, sum)), SHORTEST);
        for (var k = lane; k < params.width; k += LANES) {
            unit[start + k] = x[start + k] / length;
        }
    }
}

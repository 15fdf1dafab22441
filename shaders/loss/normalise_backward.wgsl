// The gradient of rows of length one with respect to the rows before: dx = (dunit - unit (unit . dunit)) / |x|.
// One workgroup per row.
struct Params {
    rows: u32,
    width: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> unit: array<f32>;
@group(0) @binding(3) var<storage, read> dunit: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    for (var row = group.x; row < params.rows; row += groups.x) {
        let start = row * params.width;
        var squares = 0.0;
        var along = 0.0;
        for (var k = lane; k < params.width; k += LANES) {
            let i = start + k;
            squares += x[i] * x[i];
            along += unit[i] * dunit[i];
        }
        let length = max(sqrt(sum_of_lanes(lane, squares)), SHORTEST);
        along = sum_of_lanes(lane, along);
        for (var k = lane; k < params.width; k += LANES) {
            let i = start + k;
            dx[i] = (dunit[i] - unit[i] * along) / length;
        }
    }
}

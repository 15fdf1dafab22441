// Scales each row of a matrix to length one, in place. A row of zeros stays.
struct Params {
    rows: u32,
    width: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> matrix: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < params.rows; row += groups.x * 64u) {
        var sum = 0.0;
        for (var i = row * params.width; i < (row + 1u) * params.width; i++) {
            sum += matrix[i] * matrix[i];
        }
        let length = select(1.0, sqrt(sum), sum > 0.0);
        for (var i = row * params.width; i < (row + 1u) * params.width; i++) {
            matrix[i] /= length;
        }
    }
}

// The matrix row of each drawn image.
struct Params {
    rows: u32,
    width: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> views: array<u32>;
@group(0) @binding(2) var<storage, read> matrix: array<f32>; // a row for each image
@group(0) @binding(3) var<storage, read_write> gathered: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.rows * params.width; i += groups.x * 64u) {
        let image = views[(i / params.width) * VIEW_WORDS + VIEW_IMAGE];
        gathered[i] = matrix[image * params.width + i % params.width];
    }
}

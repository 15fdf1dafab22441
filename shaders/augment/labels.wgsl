// The label of each row's image.
struct Params {
    rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> views: array<u32>;
@group(0) @binding(2) var<storage, read> known: array<u32>; // a label for each image
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < params.rows; row += groups.x * 64u) {
        labels[row] = known[views[row * VIEW_WORDS + VIEW_IMAGE]];
    }
}

// Adds a stretch of one tensor to a stretch of another, or copies it.
struct Params {
    count: u32,
    source_first: u32, // the first element that is read
    sums_first: u32,   // the first element that is written
    add: u32,          // 0 overwrites
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        let before = select(0.0, sums[params.sums_first + i], params.add == 1u);
        sums[params.sums_first + i] = before + source[params.source_first + i];
    }
}

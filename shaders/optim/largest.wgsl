// The largest absolute value of a tensor and of what another such pass left, in GROUPS strands: a workgroup writes that of its own.
struct Params {
    count: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> numbers: array<f32>;
@group(0) @binding(2) var<storage, read> before: array<f32>;
@group(0) @binding(3) var<storage, read_write> strands: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    var largest = 0.0;
    if (CONTINUED == 1u && lane == 0u) {
        largest = before[group.x];
    }
    for (var i = group.x * LANES + lane; i < params.count; i += GROUPS * LANES) {
        largest = max(largest, abs(numbers[i]));
    }
    largest = max_of_lanes(lane, largest);
    if (lane == 0u) {
        strands[group.x] = largest;
    }
}

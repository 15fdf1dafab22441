// Of each part of each channel the sum, and the sum of the squared distances from the part's own mean, in two passes. A workgroup sums
// one part.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> moments: array<f32>; // [channels, parts, 2]

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x;
    let part = group.y;
    let first = part * params.slice;
    let end = end_of(first, params.slice);
    let begin = first_element(lane) + vec2<u32>(first, 0u);
    var sum = 0.0;
    for (var at = begin; at.x < end; at = next_element(at)) {
        sum += x[element(at, channel)];
    }
    let total = sum_of_lanes(lane, sum);
    let mean = total / count_of(part);
    sum = 0.0;
    for (var at = begin; at.x < end; at = next_element(at)) {
        let distance = x[element(at, channel)] - mean;
        sum += distance * distance;
    }
    sum = sum_of_lanes(lane, sum);
    if (lane == 0u) {
        let at = 2u * (channel * params.parts + part);
        moments[at] = total;
        moments[at + 1u] = sum;
    }
}

// Of each part of each channel the sum, the sum of the squared distances from the part's own mean, in two passes, and the number of its
// elements. A workgroup sums one part.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> moments: array<f32>; // [channels, parts, 3]

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x;
    let part = group.y;
    let first = part * params.slice;
    let end = end_of(first, params.slice);
    let begin = first_element(lane) + vec2<u32>(first, 0u);
    var sum = 0.0;
    for (var at = begin; at.x < end;) {
        let steps = four_steps(at, end, channel);
        let i = steps.i;
        sum = add_four(sum, vec4<f32>(x[i.x], x[i.y], x[i.z], x[i.w]), steps.within);
        at = steps.next;
    }
    let total = sum_of_lanes(lane, sum);
    let count = f32((max(end, first) - first) * params.area);
    let mean = total / max(count, 1.0);
    sum = 0.0;
    for (var at = begin; at.x < end;) {
        let steps = four_steps(at, end, channel);
        let i = steps.i;
        let distances = vec4<f32>(x[i.x], x[i.y], x[i.z], x[i.w]) - mean;
        sum = add_four(sum, distances * distances, steps.within);
        at = steps.next;
    }
    sum = sum_of_lanes(lane, sum);
    if (lane == 0u) {
        let at = 3u * (channel * params.parts + part);
        moments[at] = total;
        moments[at + 1u] = sum;
        moments[at + 2u] = count;
    }
}

// What the gradients of a batch normalisation are made of: of each channel the mean of x, 1 / deviation and scale / deviation, then of
// each of its parts the sum of g and the sum of g (x - mean), where g is dy, with RELU only where y is positive. A workgroup sums one part.
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> moments: array<f32>; // [members, channels, parts, 3]
@group(0) @binding(5) var<storage, read> scale: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>; // [channels, 3 + 2 parts]

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x;
    let part = group.y;
    let all = whole(channel);
    let first = part * params.slice;
    let end = end_of(first, params.slice);
    var plain = 0.0;
    var weighted = 0.0;
    for (var at = first_element(lane) + vec2<u32>(first, 0u); at.x < end;) {
        let steps = four_steps(at, end, channel);
        let i = steps.i;
        var counts = steps.within;
        if (RELU == 1u) {
            counts = counts & (vec4<f32>(y[i.x], y[i.y], y[i.z], y[i.w]) > vec4<f32>());
        }
        let g = vec4<f32>(dy[i.x], dy[i.y], dy[i.z], dy[i.w]);
        let distances = vec4<f32>(x[i.x], x[i.y], x[i.z], x[i.w]) - all.mean;
        plain = add_four(plain, g, counts);
        weighted = add_four(weighted, g * distances, counts);
        at = steps.next;
    }
    plain = sum_of_lanes(lane, plain);
    weighted = sum_of_lanes(lane, weighted);
    if (lane == 0u) {
        let begin = channel * (3u + 2u * params.parts);
        if (part == 0u) {
            let inverse = 1.0 / sqrt(all.squares / count_of_all() + params.epsilon);
            sums[begin] = all.mean;
            sums[begin + 1u] = inverse;
            sums[begin + 2u] = scale[channel] * inverse;
        }
        sums[begin + 3u + 2u * part] = plain;
        sums[begin + 4u + 2u * part] = weighted;
    }
}

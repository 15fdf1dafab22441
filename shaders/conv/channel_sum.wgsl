// The sum of each channel over the images of each part and all positions: what the gradient of a convolution's bias is made of. A
// workgroup sums one part of one channel.
struct Params {
    images: u32,
    channels: u32,
    area: u32,
    slice: u32, // images of a part
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>; // [parts, channels]

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x;
    let first = group.y * params.slice;
    let end = end_of(first, params.slice);
    var sum = 0.0;
    for (var at = first_element(lane) + vec2<u32>(first, 0u); at.x < end;) {
        let steps = four_steps(at, end, channel);
        let i = steps.i;
        sum = add_four(sum, vec4<f32>(x[i.x], x[i.y], x[i.z], x[i.w]), steps.within);
        at = steps.next;
    }
    sum = sum_of_lanes(lane, sum);
    if (lane == 0u) {
        sums[group.y * params.channels + channel] = sum;
    }
}

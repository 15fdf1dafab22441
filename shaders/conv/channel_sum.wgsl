// The sum of each channel over all images and positions: the gradient of a convolution's bias. A workgroup sums one channel.
struct Params {
    images: u32,
    channels: u32,
    area: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x;
    var sum = 0.0;
    for (var at = first_element(lane); at.x < params.images; at = next_element(at)) {
        sum += x[element(at, channel)];
    }
    sum = sum_of_lanes(lane, sum);
    if (lane == 0u) {
        sums[channel] = sum;
    }
}

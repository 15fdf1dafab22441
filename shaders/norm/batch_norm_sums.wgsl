// The gradients of a batch normalisation's scale and shift, and what the gradient of its input needs of each channel. g is
// dy, with RELU only where y is positive: dshift = sum of g, dscale = sum of g (x - mean) / deviation. A workgroup sums one channel.
struct Params {
    images: u32,
    channels: u32,
    area: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> moments: array<f32>; // [2, channels]: mean, 1 / deviation
@group(0) @binding(5) var<storage, read> scale: array<f32>;
@group(0) @binding(6) var<storage, read_write> dscale: array<f32>;
@group(0) @binding(7) var<storage, read_write> dshift: array<f32>;
// [channels, 4]: mean of x, scale / deviation, mean of g, mean of g (x - mean) over the variance
@group(0) @binding(8) var<storage, read_write> coefficients: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x;
    let mean = moments[channel];
    let inverse = moments[params.channels + channel];
    let count = params.images * params.area;
    var plain = 0.0;
    var weighted = 0.0;
    for (var at = first_element(lane); at.x < params.images; at = next_element(at)) {
        let i = element(at, channel);
        if (RELU == 0u || y[i] > 0.0) {
            plain += dy[i];
            weighted += dy[i] * (x[i] - mean);
        }
    }
    plain = sum_of_lanes(lane, plain);
    weighted = sum_of_lanes(lane, weighted) * inverse;
    if (lane == 0u) {
        dshift[channel] = plain;
        dscale[channel] = weighted;
        coefficients[4u * channel] = mean;
        coefficients[4u * channel + 1u] = scale[channel] * inverse;
        coefficients[4u * channel + 2u] = plain / f32(count);
        coefficients[4u * channel + 3u] = weighted * inverse / f32(count);
    }
}

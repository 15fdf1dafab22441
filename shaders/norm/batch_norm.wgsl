// y = (x - mean) / deviation * scale + shift, then RESIDUAL adds another tensor and RELU clips at zero.
struct Params {
    images: u32,
    channels: u32,
    area: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> moments: array<f32>; // [2, channels]: mean, 1 / deviation
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> shift: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.images * params.channels * params.area; i += groups.x * 64u) {
        let channel = i / params.area % params.channels;
        var value = (x[i] - moments[channel]) * (moments[params.channels + channel] * scale[channel]) + shift[channel];
        if (RESIDUAL == 1u) {
            value += residual[i];
        }
        if (RELU == 1u) {
            value = select(value, 0.0, value < 0.0); // keeps what is not a number
        }
        y[i] = value;
    }
}

// What a batch normalisation normalises with: mean and 1 / sqrt(variance + epsilon) of each channel. In training they are
// the batch's, computed in two passes, and the running ones follow them; in evaluation they are the running ones.
struct Params {
    images: u32,
    channels: u32,
    area: u32,
    momentum: f32,
    epsilon: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> running_var: array<f32>;
@group(0) @binding(4) var<storage, read_write> moments: array<f32>; // [2, channels]

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x;
    if (TRAINING == 0u) {
        if (lane == 0u) {
            moments[channel] = running_mean[channel];
            moments[params.channels + channel] = 1.0 / sqrt(running_var[channel] + params.epsilon);
        }
        return;
    }
    let count = params.images * params.area;
    var sum = 0.0;
    for (var at = first_element(lane); at.x < params.images; at = next_element(at)) {
        sum += x[element(at, channel)];
    }
    let mean = sum_of_lanes(lane, sum) / f32(count);
    sum = 0.0;
    for (var at = first_element(lane); at.x < params.images; at = next_element(at)) {
        let distance = x[element(at, channel)] - mean;
        sum += distance * distance;
    }
    sum = sum_of_lanes(lane, sum);
    if (lane == 0u) {
        moments[channel] = mean;
        moments[params.channels + channel] = 1.0 / sqrt(sum / f32(count) + params.epsilon);
        running_mean[channel] += params.momentum * (mean - running_mean[channel]);
        // The running variance is the unbiased one.
        running_var[channel] += params.momentum * (sum / f32(max(count, 2u) - 1u) - running_var[channel]);
    }
}

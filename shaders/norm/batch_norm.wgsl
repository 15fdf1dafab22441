// y = (x - mean) / deviation * scale + shift, then RESIDUAL adds another tensor and RELU clips at zero. In TRAINING mean and deviation are
// the batch's, and the running ones follow them; else they are the running ones. A workgroup takes some images of one channel.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> moments: array<f32>; // [members, channels, parts, 3]
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> shift: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> running_var: array<f32>;
@group(0) @binding(8) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let channel = group.x;
    var mean: f32;
    var variance: f32;
    if (TRAINING == 1u) {
        let all = whole(channel);
        mean = all.mean;
        variance = all.squares / count_of_all();
        if (group.y == 0u && lane == 0u) {
            running_mean[channel] += params.momentum * (mean - running_mean[channel]);
            // The running variance is the unbiased one.
            let degrees = max(count_of_all(), 2.0) - 1.0;
            running_var[channel] += params.momentum * (all.squares / degrees - running_var[channel]);
        }
    } else {
        mean = running_mean[channel];
        variance = running_var[channel];
    }
    let factor = 1.0 / sqrt(variance + params.epsilon) * scale[channel];
    let images = share(group.y, groups.y);
    for (var at = first_element(lane) + vec2<u32>(images.x, 0u); at.x < images.y; at = next_element(at)) {
        let i = element(at, channel);
        var value = (x[i] - mean) * factor + shift[channel];
        if (RESIDUAL == 1u) {
            value += residual[i];
        }
        if (RELU == 1u) {
            value = select(value, 0.0, value < 0.0); // keeps what is not a number
        }
        y[i] = value;
    }
}

// One direction of a Gaussian blur, with the border reflected as torchvision does: across for VERTICAL = 0, down for 1.
// One invocation per pixel and channel.
struct Params {
    rows: u32,
    channels: u32,
    height: u32,
    width: u32,
    kernel: u32, // taps, odd
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> effects: array<f32>;
@group(0) @binding(2) var<storage, read> sharp: array<f32>;
@group(0) @binding(3) var<storage, read_write> blurred: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let plane = params.height * params.width;
    let size = i32(select(params.width, params.height, VERTICAL == 1u));
    let stride = select(1u, params.width, VERTICAL == 1u);
    let half = i32(params.kernel / 2u);
    for (var i = id.x; i < params.rows * params.channels * plane; i += groups.x * 64u) {
        let sigma = effects[i / (params.channels * plane) * EFFECT_NUMBERS + SIGMA];
        var value = sharp[i];
        if (sigma > 0.0) {
            let at = i32(i / stride % u32(size));
            let first = i - u32(at) * stride;
            var sum = 0.0;
            var weights = 0.0;
            for (var tap = -half; tap <= half; tap++) {
                let distance = f32(tap) / sigma;
                let weight = exp(-0.5 * distance * distance);
                sum += weight * sharp[first + u32(reflect_at(at + tap, size)) * stride];
                weights += weight;
            }
            value = sum / weights;
        }
        blurred[i] = value;
    }
}

// The position inside that a mirror at either end shows; pictures smaller than the kernel are mirrored again.
fn reflect_at(at: i32, size: i32) -> i32 {
    let period = max(2 * (size - 1), 1);
    let within = abs(at) % period;
    return min(within, period - within);
}

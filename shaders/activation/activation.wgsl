// An activation by itself, where no product is at hand to fuse it into. KIND: 0 ReLU, 1 sigmoid.
// BACKWARD = 0: result = f(input). BACKWARD = 1: result = input * f'(.), written in the activation's own output.
struct Params {
    count: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;  // x, or dy
@group(0) @binding(2) var<storage, read> output: array<f32>; // y, in the backward
@group(0) @binding(3) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        if (BACKWARD == 0u) {
            result[i] = select(relu(input[i]), sigmoid(input[i]), KIND == 1u);
        } else {
            let y = output[i];
            // relu' = [y > 0], sigmoid' = y (1 - y)
            result[i] = input[i] * select(select(0.0, 1.0, y > 0.0), y * (1.0 - y), KIND == 1u);
        }
    }
}

// Keeps what is not a number, which `max` may turn into zero.
fn relu(x: f32) -> f32 {
    return select(x, 0.0, x < 0.0);
}

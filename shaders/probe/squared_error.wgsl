// The squared error of each prediction and its gradient, in one pass.
//   term = (prediction - target)^2
struct Params {
    count: u32,
    gradient_scale: f32, // of the loss with respect to a term: 1 / rows
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> predictions: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read_write> terms: array<f32>;
@group(0) @binding(4) var<storage, read_write> dpredictions: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        let error = predictions[i] - targets[i];
        terms[i] = error * error;
        dpredictions[i] = 2.0 * error * params.gradient_scale;
    }
}

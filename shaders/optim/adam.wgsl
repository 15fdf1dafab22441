// Adam (Kingma and Ba, 2015) in PyTorch's form, over all parameters at once; decoupled weight decay (AdamW).
struct Params {
    count: u32,  // parameters over STORED
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    epsilon: f32,
    weight_decay: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rates: array<f32>;
@group(0) @binding(2) var<storage, read> gradients: array<Stored>;
@group(0) @binding(3) var<storage, read_write> weights: array<Stored>;
@group(0) @binding(4) var<storage, read_write> first: array<Stored>;
@group(0) @binding(5) var<storage, read_write> second: array<Stored>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let rate = rates[LEARNING_RATE];
    let correction1 = rates[CORRECTION1];
    let correction2 = rates[CORRECTION2];
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        // All reads come before the first write: a compiler that cannot tell the buffers apart would wait twice.
        let g = gradients[i];
        let w = weights[i];
        let m = params.beta1 * first[i] + params.one_minus_beta1 * g;
        let v = params.beta2 * second[i] + params.one_minus_beta2 * g * g;
        let denominator = sqrt(v) * correction2 + params.epsilon;
        first[i] = m;
        second[i] = v;
        weights[i] = w - rate * (params.weight_decay * w + correction1 * m / denominator);
    }
}

// The reconstruction term of each row, -log p(x given z) without constants, and its gradient with respect to the decoder's
// logits, in one pass. One workgroup per row.
// BERNOULLI = 0: sum (x - s(logit))^2 / (2 variance). BERNOULLI = 1: sum (softplus(logit) - x logit) / variance.
// A part says what the variance is, and what of the normaliser belongs to the term.
struct Params {
    rows: u32,
    width: u32,          // pixels of a row
    inverse_variance: f32,      // 1 / variance
    gradient_scale: f32, // of the loss with respect to a row's term: 1 / rows
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read_write> terms: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let inverse = inverse_variance();
    for (var row = group.x; row < params.rows; row += groups.x) {
        var sum = 0.0;
        for (var k = lane; k < params.width; k += LANES) {
            let i = row * params.width + k;
            let logit = logits[i];
            let x = targets[i];
            let mean = sigmoid(logit);
            var slope = (mean - x) * inverse;      // Bernoulli: d/dlogit = (s - x) / variance
            if (BERNOULLI == 1u) {
                sum += (softplus(logit) - x * logit) * inverse;
            } else {
                sum += 0.5 * (mean - x) * (mean - x) * inverse;
                slope *= mean * (1.0 - mean);           // Gaussian: times ds/dlogit
            }
            dlogits[i] = slope * params.gradient_scale;
        }
        sum = sum_of_lanes(lane, sum);
        if (lane == 0u) {
            terms[row] = density(row, sum);
        }
    }
}

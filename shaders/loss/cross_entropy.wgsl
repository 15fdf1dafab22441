// The softmax cross-entropy of each row's logits with its label, and its gradient, in one pass. One workgroup per row.
//   term = ln sum_c e^(logit_c) - logit_label
struct Params {
    rows: u32,
    classes: u32,
    gradient_scale: f32, // of the loss with respect to a row's term: 1 / rows
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> terms: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    for (var row = group.x; row < params.rows; row += groups.x) {
        let start = row * params.classes;
        var highest = LOWEST;
        for (var c = lane; c < params.classes; c += LANES) {
            highest = max(highest, logits[start + c]);
        }
        highest = max_of_lanes(lane, highest);
        var sum = 0.0;
        for (var c = lane; c < params.classes; c += LANES) {
            sum += exp(logits[start + c] - highest);
        }
        sum = sum_of_lanes(lane, sum);
        let label = labels[row];
        for (var c = lane; c < params.classes; c += LANES) {
            let probability = exp(logits[start + c] - highest) / sum;
            dlogits[start + c] = (probability - select(0.0, 1.0, c == label)) * params.gradient_scale;
        }
        if (lane == 0u) {
            terms[row] = log(sum) + highest - logits[start + label];
        }
    }
}

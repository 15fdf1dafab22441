// Whether a yes-or-no answer is recognised, for the recalls of both: the first half of a row of hits is 1 where the answer is
// yes and the logit says so, the second half where it is no and the logit says that.
struct Params {
    rows: u32,
    outputs: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> answers: array<f32>;
@group(0) @binding(3) var<storage, read_write> hits: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let outputs = params.outputs;
    for (var i = id.x; i < params.rows * outputs; i += groups.x * 64u) {
        let first = 2u * (i / outputs) * outputs + i % outputs;
        let yes = answers[i] >= 0.5;
        hits[first] = select(0.0, 1.0, yes && logits[i] >= 0.0);
        hits[first + outputs] = select(0.0, 1.0, !yes && logits[i] < 0.0);
    }
}

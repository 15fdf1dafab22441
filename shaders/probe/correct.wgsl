// 1 where the largest logit of a row is its label's, else 0. Among equal logits the lowest class counts.
struct Params {
    rows: u32,
    classes: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> hits: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < params.rows; row += groups.x * 64u) {
        let start = row * params.classes;
        var best = 0u;
        for (var c = 1u; c < params.classes; c++) {
            if (logits[start + c] > logits[start + best]) {
                best = c;
            }
        }
        hits[row] = select(0.0, 1.0, best == labels[row]);
    }
}

// z = mu + exp(logvar / 2) * eps, and its backward. A row of `encoded` is [mu, logvar].
// BACKWARD = 0: `result` is z. BACKWARD = 1: `result` is d encoded, from dz; ADD = 1 adds to what is there.
struct Params {
    rows: u32,
    latent: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> encoded: array<f32>;
@group(0) @binding(2) var<storage, read> noise: array<f32>;
@group(0) @binding(3) var<storage, read> dz: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.rows * params.latent; i += groups.x * 64u) {
        let at = (i / params.latent) * 2u * params.latent + i % params.latent; // mu; logvar lies `latent` further on
        let deviation = exp(0.5 * encoded[at + params.latent]);
        if (BACKWARD == 0u) {
            result[i] = encoded[at] + deviation * noise[i];
        } else {
            var dmu = dz[i];                                    // dz/dmu = 1
            var dlogvar = 0.5 * dz[i] * noise[i] * deviation;   // dz/dlogvar = eps exp(logvar / 2) / 2
            if (ADD == 1u) {
                dmu += result[at];
                dlogvar += result[at + params.latent];
            }
            result[at] = dmu;
            result[at + params.latent] = dlogvar;
        }
    }
}

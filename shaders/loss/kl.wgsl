// beta times the divergence KL(N(mu, exp(logvar)) from N(0, 1)) of each latent dimension, and its gradient, in one pass.
//   kl = (mu^2 + e^logvar - logvar - 1) / 2
struct Params {
    rows: u32,
    latent: u32,
    beta: f32,
    gradient_scale: f32, // 1 / rows
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> encoded: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<storage, read_write> dencoded: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let scale = params.beta * params.gradient_scale;
    for (var i = id.x; i < params.rows * params.latent; i += groups.x * 64u) {
        let at = (i / params.latent) * 2u * params.latent + i % params.latent; // mu; logvar lies `latent` further on
        let mu = encoded[at];
        let logvar = encoded[at + params.latent];
        let above = exp_above_line(logvar); // e^logvar - 1 - logvar
        terms[i] = params.beta * 0.5 * (mu * mu + above);
        dencoded[at] = mu * scale;                                    // d kl / d mu = mu
        dencoded[at + params.latent] = 0.5 * (above + logvar) * scale; // d kl / d logvar = (e^logvar - 1) / 2
    }
}

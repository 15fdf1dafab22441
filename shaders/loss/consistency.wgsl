// lambda times the divergence KL(q(z given view), q(z given image)) of each latent dimension, and its gradient with
// respect to both posteriors, added to what is there. Row 2 i is the image's posterior, row 2 i + 1 its view's.
//   kl = (lv0 - lv1 + (e^lv1 + (mu1 - mu0)^2) e^-lv0 - 1) / 2
struct Params {
    pairs: u32,
    latent: u32,
    lambda: f32,
    gradient_scale: f32, // 1 / pairs
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> encoded: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<storage, read_write> dencoded: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let latent = params.latent;
    let scale = params.lambda * params.gradient_scale;
    for (var i = id.x; i < params.pairs * latent; i += groups.x * 64u) {
        let image = (i / latent) * 4u * latent + i % latent; // mu; logvar lies `latent` further on
        let view = image + 2u * latent;
        let inverse_variance = exp(-encoded[image + latent]);
        let apart = encoded[view] - encoded[image];
        let logs = encoded[view + latent] - encoded[image + latent];
        let above = exp_above_line(logs); // e^logs - 1 - logs
        let square = apart * apart * inverse_variance;
        terms[i] = params.lambda * 0.5 * (above + square);
        dencoded[image] -= apart * inverse_variance * scale;
        dencoded[view] += apart * inverse_variance * scale;
        dencoded[image + latent] -= 0.5 * (above + logs + square) * scale;
        dencoded[view + latent] += 0.5 * (above + logs) * scale;
    }
}

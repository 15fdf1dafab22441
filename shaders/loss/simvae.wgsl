// SimVAE's latent terms: -log p(z given y) with y integrated out, and minus the entropy of the posterior, with their
// gradients. One invocation per image and latent dimension; it walks over the image's views.
//   prior   = sum_j (z_j - mean z)^2 / (2 variance)  [+ (mean z)^2 / 2 when p(y) is Gaussian]
//   entropy = -scale / 2 * sum_j logvar_j
// A part says what the variance is, and what of the normaliser belongs to the prior.
struct Params {
    images: u32,
    views: u32,
    latent: u32,
    inverse_variance: f32,      // 1 / s^2, the variance of p(z given y)
    mean_weight: f32, // 1 when p(y) is a standard Gaussian, 0 when it is uniform
    entropy_scale: f32,
    gradient_scale: f32, // 1 / rows
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> encoded: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> prior: array<f32>;
@group(0) @binding(4) var<storage, read_write> entropy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dz: array<f32>;
@group(0) @binding(6) var<storage, read_write> dencoded: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let latent = params.latent;
    let inverse = inverse_variance();
    for (var i = id.x; i < params.images * latent; i += groups.x * 64u) {
        let first = (i / latent) * params.views;
        let l = i % latent;
        var mean = 0.0;
        for (var j = 0u; j < params.views; j++) {
            mean += z[(first + j) * latent + l];
        }
        mean /= f32(params.views);

        var squares = 0.0;
        var logvars = 0.0;
        for (var j = 0u; j < params.views; j++) {
            let row = first + j;
            let deviation = z[row * latent + l] - mean;
            squares += deviation * deviation;
            logvars += encoded[(2u * row + 1u) * latent + l];
            // The deviations sum to zero, so the mean's own derivative drops out of the first term.
            let slope = deviation * inverse + mean * params.mean_weight / f32(params.views);
            dz[row * latent + l] = slope * params.gradient_scale;
            dencoded[2u * row * latent + l] = 0.0;
            dencoded[(2u * row + 1u) * latent + l] = -0.5 * params.entropy_scale * params.gradient_scale;
        }
        prior[i] = 0.5 * (density(i, squares * inverse) + mean * mean * params.mean_weight);
        entropy[i] = -0.5 * params.entropy_scale * logvars;
    }
}

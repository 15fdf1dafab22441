// The variance s^2 of p(z given y) as the exponential of a parameter.
@group(0) @binding(7) var<storage, read> logvar: array<f32>;
@group(0) @binding(8) var<storage, read_write> slopes: array<f32>;

fn inverse_variance() -> f32 {
    return exp(-logvar[0]);
}

// Twice a term, and the derivative of the term. The J views of an image have the density of N(0, s^2 I + 1 1^T), whose determinant is
// s^(2 (J - 1)) (s^2 + J).
fn density(i: u32, energy: f32) -> f32 {
    let variance = exp(logvar[0]);
    let others = f32(params.views) - 1.0;
    let whole = variance + f32(params.views);
    slopes[i] = 0.5 * (others + variance / whole - energy) * params.gradient_scale;
    return energy + others * logvar[0] + log(whole);
}

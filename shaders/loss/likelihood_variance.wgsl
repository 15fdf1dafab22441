// The variance of a Gaussian likelihood as the exponential of a parameter.
@group(0) @binding(5) var<storage, read> logvar: array<f32>;
@group(0) @binding(6) var<storage, read_write> slopes: array<f32>;

fn inverse_variance() -> f32 {
    return exp(-logvar[0]);
}

// The term of a row with its squares over twice the variance, and its derivative: ln variance / 2 for each pixel.
fn density(row: u32, energy: f32) -> f32 {
    let half = 0.5 * f32(params.width);
    slopes[row] = (half - energy) * params.gradient_scale;
    return energy + half * logvar[0];
}

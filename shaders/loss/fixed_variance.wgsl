// A variance that is a setting: what of the density depends on nothing else is left out.
fn inverse_variance() -> f32 {
    return params.inverse_variance;
}

fn density(i: u32, energy: f32) -> f32 {
    return energy;
}

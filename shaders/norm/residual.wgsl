// The gradient of what was added to a batch normalisation's result. RESIDUAL = 1 stores it, 2 adds it to what is there.
@group(0) @binding(8) var<storage, read_write> dresidual: array<f32>;

fn keep(i: u32, g: f32) {
    if (RESIDUAL == 2u) {
        dresidual[i] += g;
    } else {
        dresidual[i] = g;
    }
}

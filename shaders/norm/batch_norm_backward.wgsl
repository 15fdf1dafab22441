// The gradient of a batch normalisation's input, and of what was added to its result (if anything). g is dy, with RELU only where y is
// positive: dx = scale / deviation (g - mean of g - (x - mean) mean of (g (x - mean)) / variance); `keep` takes g along.
struct Params {
    images: u32,
    channels: u32,
    area: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> coefficients: array<f32>; // see `batch_norm_sums`
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.images * params.channels * params.area; i += groups.x * 64u) {
        let at = 4u * (i / params.area % params.channels);
        var g = dy[i];
        if (RELU == 1u) {
            g = select(0.0, g, y[i] > 0.0);
        }
        dx[i] = coefficients[at + 1u]
            * (g - coefficients[at + 2u] - (x[i] - coefficients[at]) * coefficients[at + 3u]);
        keep(i, g);
    }
}

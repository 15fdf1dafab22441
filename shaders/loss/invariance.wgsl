// VICReg's invariance: how far the views of an image lie from their mean, scaled so that two views give their squared
// distance; and its gradient. One invocation per image and dimension. Row = image * views + view.
struct Params {
    images: u32,
    views: u32,
    width: u32,
    weight: f32, // of the mean over images and dimensions
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<storage, read_write> dz: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let scale = params.weight / (f32(params.images) * f32(params.width)) * 2.0 / f32(params.views - 1u);
    for (var i = id.x; i < params.images * params.width; i += groups.x * 64u) {
        let first = (i / params.width) * params.views * params.width + i % params.width;
        var mean = 0.0;
        for (var view = 0u; view < params.views; view++) {
            mean += z[first + view * params.width];
        }
        mean /= f32(params.views);
        var sum = 0.0;
        for (var view = 0u; view < params.views; view++) {
            let at = first + view * params.width;
            let apart = z[at] - mean;
            sum += apart * apart;
            dz[at] = 2.0 * apart * scale;
        }
        terms[i] = sum * scale;
    }
}

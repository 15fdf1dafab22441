// The largest element of each window, and which tap of the window it is (the first of equals). Padding is never the largest.
struct Params {
    planes: u32, // images times channels
    height: u32,
    width: u32,
    rows: u32, // height of the result
    columns: u32, // width of the result
    padding: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> taps: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let area = params.rows * params.columns;
    for (var i = id.x; i < params.planes * area; i += groups.x * 64u) {
        let base = i / area * params.height * params.width;
        // Coordinates below zero wrap around and are thus beyond the edge.
        let top = i % area / params.columns * STRIDE - params.padding;
        let left = i % params.columns * STRIDE - params.padding;
        var best = -3.4028234e38;
        var tap = TAPS;
        for (var t = 0u; t < TAPS; t++) {
            let row = top + t / KERNEL;
            let column = left + t % KERNEL;
            if (row < params.height && column < params.width) {
                let value = x[base + row * params.width + column];
                if (tap == TAPS || value > best) {
                    best = value;
                    tap = t;
                }
            }
        }
        y[i] = best;
        taps[i] = tap;
    }
}

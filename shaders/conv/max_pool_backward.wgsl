// dx = the sum of dy over the windows whose largest element x is, in order.
struct Params {
    planes: u32, // images times channels
    height: u32,
    width: u32,
    rows: u32, // height of the result
    columns: u32, // width of the result
    padding: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> taps: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let area = params.height * params.width;
    for (var i = id.x; i < params.planes * area; i += groups.x * 64u) {
        let base = i / area * params.rows * params.columns;
        var sum = 0.0;
        for (var t = TAPS; t > 0u; t--) {
            // The window in which this element is tap t - 1. Distances below zero wrap around and are thus beyond the edge.
            let down = i % area / params.width + params.padding - (t - 1u) / KERNEL;
            let along = i % params.width + params.padding - (t - 1u) % KERNEL;
            let row = down / STRIDE;
            let column = along / STRIDE;
            if (row * STRIDE == down && column * STRIDE == along && row < params.rows && column < params.columns) {
                let window = base + row * params.columns + column;
                sum += select(0.0, dy[window], taps[window] == t - 1u);
            }
        }
        dx[i] = sum;
    }
}

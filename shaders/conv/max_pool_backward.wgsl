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

// Windows along a side that an element may lie in.
const REACH: u32 = (KERNEL + STRIDE - 1u) / STRIDE;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let area = params.height * params.width;
    for (var i = id.x; i < params.planes * area; i += groups.x * 64u) {
        let base = i / area * params.rows * params.columns;
        let down = i % area / params.width + params.padding;
        let along = i % params.width + params.padding;
        // The first window. Distances below zero wrap around and are thus beyond the edge.
        let top = down / STRIDE - (REACH - 1u);
        let left = along / STRIDE - (REACH - 1u);
        var sum = 0.0;
        for (var w = 0u; w < REACH * REACH; w++) {
            let row = top + w / REACH;
            let column = left + w % REACH;
            // Where in the window the element lies.
            let y = down - row * STRIDE;
            let x = along - column * STRIDE;
            let within = row < params.rows && column < params.columns && y < KERNEL && x < KERNEL;
            // No branch, so that all windows are loaded at once.
            let window = base + select(0u, row * params.columns + column, within);
            let gradient = select(0.0, dy[window], taps[window] == y * KERNEL + x);
            sum += select(0.0, gradient, within);
        }
        dx[i] = sum;
    }
}

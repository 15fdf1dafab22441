// The gradient of filters [map channels, image channels, 3, 3] from that of their places [place, map channels, image channels].
struct Params {
    count: u32, // filters
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> places: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
const INPUTS: u32 = SIDE + 2u;
const OUTPUTS: u32 = 3u;
alias At = u32;

fn element(at: At, row: u32, column: u32) -> f32 {
    return places[(row * INPUTS + column) * params.count + at];
}

fn transform(x: Line) -> Line {
    return of_filter_gradient(x);
}

fn store(at: At, row: u32, column: u32, value: f32) {
    gradient[at * 9u + 3u * row + column] = value;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        square(i);
    }
}

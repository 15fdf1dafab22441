// Filters [map channels, image channels, 3, 3] transformed into places [place, map channels, image channels].
struct Params {
    count: u32, // filters
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> places: array<f32>;
const INPUTS: u32 = 3u;
const OUTPUTS: u32 = SIDE + 2u;
alias At = u32;

fn element(at: At, row: u32, column: u32) -> f32 {
    let tap = 3u * row + column;
    return weight[at * 9u + select(tap, 8u - tap, TURNED == 1u)];
}

fn transform(x: Line) -> Line {
    return of_filter(x);
}

fn store(at: At, row: u32, column: u32, value: f32) {
    places[(row * OUTPUTS + column) * params.count + at] = value;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        square(i);
    }
}

// Planes cut into tiles and transformed: overlapping tiles of what a convolution reads, or tiles of its result's gradient.
const INPUTS: u32 = select(SIDE + 2u, SIDE, GRADIENT == 1u);
const OUTPUTS: u32 = SIDE + 2u;
@group(0) @binding(1) var<storage, read> planes: array<f32>;
@group(0) @binding(2) var<storage, read_write> places: array<f32>;

// Coordinates below zero wrap around and are thus beyond the edge.
fn element(at: At, row: u32, column: u32) -> f32 {
    let y = at.y + row;
    let x = at.x + column;
    let inside = (y < params.height) & (x < params.width);
    return select(0.0, planes[select(0u, at.plane + y * params.width + x, inside)], inside);
}

fn transform(x: Line) -> Line {
    if (GRADIENT == 1u) {
        return of_result_gradient(x);
    }
    return of_data(x);
}

fn store(at: At, row: u32, column: u32, value: f32) {
    places[(row * OUTPUTS + column) * tile_count() + at.place] = value;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < tile_count(); i += groups.x * 64u) {
        square(tile_at(i));
    }
}

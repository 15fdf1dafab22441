// The results of a convolution: tiles of products transformed back, and put together to planes.
const INPUTS: u32 = SIDE + 2u;
const OUTPUTS: u32 = SIDE;
@group(0) @binding(1) var<storage, read> places: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> planes: array<Stored>;

fn element(at: At, row: u32, column: u32) -> f32 {
    return places[(row * INPUTS + column) * tile_count() + at.place];
}

fn transform(x: Line) -> Line {
    return of_result(x);
}

// Results that belong at an element and behind it: one, or four.
fn put(at: At, element: u32, sums: Stored) {
    let to = element / STORED;
    var value = sums;
    if (BIAS == 1u) {
        value += Stored(bias[at.channel]);
    }
    if (ACCUMULATE == 1u) {
        value += planes[to];
    }
    planes[to] = value;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < tile_count(); i += groups.x * 64u) {
        square(tile_at(i));
    }
}

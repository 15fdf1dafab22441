// Inverts the bright pixels of the rows for which that was drawn; with BLACK_AND_WHITE = 1 then makes every pixel black or
// white at one half. One invocation per element.
struct Params {
    rows: u32,
    width: u32,     // elements of a row
    threshold: f32, // values from here on are inverted
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> effects: array<f32>;
@group(0) @binding(2) var<storage, read_write> images: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params.rows * params.width; i += groups.x * 64u) {
        var value = images[i];
        if (effects[i / params.width * EFFECT_NUMBERS + SOLARISE] != 0.0 && value >= params.threshold) {
            value = 1.0 - value;
        }
        if (BLACK_AND_WHITE == 1u) {
            value = select(0.0, 1.0, value >= 0.5);
        }
        images[i] = value;
    }
}

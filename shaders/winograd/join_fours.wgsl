// Results of which the four of a line are stored at once: planes are as wide as some tiles of four.
@group(0) @binding(3) var<storage, read_write> planes: array<vec4<f32>>;

// A tile may reach beyond the lower edge.
fn store_line(at: At, row: u32, sums: Line) {
    let y = at.y + row;
    if (y >= params.height) {
        return;
    }
    let to = (at.plane + y * params.width + at.x) / 4u;
    var value = vec4<f32>(sums[0], sums[1], sums[2], sums[3]);
    if (BIAS == 1u) {
        value += bias[at.channel];
    }
    if (ACCUMULATE == 1u) {
        value += planes[to];
    }
    planes[to] = value;
}

// Results that are stored one by one.
@group(0) @binding(3) var<storage, read_write> planes: array<f32>;

// A tile may reach beyond the edge.
fn store(at: At, row: u32, column: u32, sum: f32) {
    let y = at.y + row;
    let x = at.x + column;
    if (y >= params.height || x >= params.width) {
        return;
    }
    let to = at.plane + y * params.width + x;
    var value = sum;
    if (BIAS == 1u) {
        value += bias[at.channel];
    }
    if (ACCUMULATE == 1u) {
        value += planes[to];
    }
    planes[to] = value;
}

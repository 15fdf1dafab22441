// Results that are stored one by one.

// A tile may reach beyond the edge.
fn store(at: At, row: u32, column: u32, sum: f32) {
    let y = at.y + row;
    let x = at.x + column;
    if (y < params.height && x < params.width) {
        put(at, at.plane + y * params.width + x, sum);
    }
}

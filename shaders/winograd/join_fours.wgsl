// Results of which the four of a line are stored at once: planes are as wide as some tiles of four.

// A tile may reach beyond the lower edge.
fn store_line(at: At, row: u32, sums: Line) {
    let y = at.y + row;
    if (y < params.height) {
        put(at, at.plane + y * params.width + at.x, vec4<f32>(sums[0], sums[1], sums[2], sums[3]));
    }
}

// Results that are stored one by one.

fn first(sum: Stored) -> f32 {
    return sum;
}

// The columns that it stores: where their elements are, and how many exist.
struct Places {
    near: vec4<u32>,
    far: vec4<u32>,
    near_count: u32,
    far_count: u32,
}

fn four_places(column: u32, end: u32, slice: u32) -> vec4<u32> {
    let last = end - 1u;
    return vec4<u32>(
        place(min(column, last), slice),
        place(min(column + 1u, last), slice),
        place(min(column + 2u, last), slice),
        place(min(column + 3u, last), slice),
    );
}

// Four columns from here on, and four so many columns behind them.
fn places(column: u32, behind: u32, end: u32, slice: u32) -> Places {
    let far = column + behind;
    let near_count = end - min(column, end);
    let far_count = end - min(far, end);
    return Places(four_places(column, end, slice), four_places(far, end, slice), near_count, far_count);
}

fn store_four(row: u32, at: vec4<u32>, count: u32, sums: vec4<f32>) {
    if (count > 0u) { store(row, at.x, sums.x); }
    if (count > 1u) { store(row, at.y, sums.y); }
    if (count > 2u) { store(row, at.z, sums.z); }
    if (count > 3u) { store(row, at.w, sums.w); }
}

fn store_row(row: u32, rows: u32, at: Places, sums: Sums) {
    if (row < rows) {
        store_four(row, at.near, at.near_count, sums.near);
        store_four(row, at.far, at.far_count, sums.far);
    }
}

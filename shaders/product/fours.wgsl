// Results that are stored four at a time: those of neighbouring columns are neighbours in memory, and begin at a multiple of four there.

fn first(sum: Stored) -> f32 {
    return sum.x;
}

// The columns that an invocation stores: where the elements of four neighbours are, and whether they exist.
struct Places {
    near: u32,
    far: u32,
    has_near: bool,
    has_far: bool,
}

// Four columns from here on, and four so many columns behind them.
fn places(column: u32, behind: u32, end: u32, slice: u32) -> Places {
    let far = column + behind;
    let near_place = place(select(0u, column, column < end), slice);
    return Places(near_place, place(select(0u, far, far < end), slice), column < end, far < end);
}

fn store_row(row: u32, rows: u32, at: Places, sums: Sums) {
    if (row < rows && at.has_near) {
        store(row, at.near, sums.near);
    }
    if (row < rows && at.has_far) {
        store(row, at.far, sums.far);
    }
}

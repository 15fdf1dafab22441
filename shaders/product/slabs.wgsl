// Slabs of a product's operands, DEPTH deep, on their way through workgroup memory. The loop says which TEAM of invocations passes them, the
// HEIGHT and WIDTH of its tile, how long the memory is (SLABS) and what an element of it is (Staged), and for either operand how many elements
// lie between neighbours ALONG a side of the tile and DOWN its depth.
const LEFT_LOADS: u32 = HEIGHT * DEPTH / TEAM;
const RIGHT_LOADS: u32 = WIDTH * DEPTH / TEAM;
var<workgroup> slabs: array<Staged, SLABS>;

// Where element `i` that an invocation loads lies along a tile's side of this length. Neighbours read neighbouring words.
fn side(thread: u32, i: u32, length: u32, is_deep: bool) -> u32 {
    if (is_deep) {
        return thread / DEPTH + i * (TEAM / DEPTH);
    }
    return thread % length;
}

// How deep in the slab it lies.
fn deep(thread: u32, i: u32, length: u32, is_deep: bool) -> u32 {
    if (is_deep) {
        return thread % DEPTH;
    }
    if (TEAM == length) {
        return i; // the same for the whole team, which a compiler must be told
    }
    return thread / length + i * (TEAM / length);
}

// Rows and columns beyond the edge repeat the last one: reads stay inside, and the results are not stored.
fn left_row(thread: u32, i: u32, top: u32, end: u32, slice: u32) -> u32 {
    return row_at(min(top + side(thread, i, HEIGHT, LEFT_IS_DEEP), end - 1u), slice);
}

fn right_column(thread: u32, i: u32, edge: u32, end: u32, slice: u32) -> Column {
    return column_at(min(edge + side(thread, i, WIDTH, RIGHT_IS_DEEP), end - 1u), slice);
}

// Likewise in depth, where what is beyond counts as zero.
fn left_element(at: u32, thread: u32, i: u32, start: u32, end: u32, slice: u32) -> f32 {
    let k = start + deep(thread, i, HEIGHT, LEFT_IS_DEEP);
    return select(0.0, left_operand(left(at, min(k, end - 1u), slice)), k < end);
}

fn right_element(at: Column, thread: u32, i: u32, start: u32, end: u32, slice: u32) -> f32 {
    let k = start + deep(thread, i, WIDTH, RIGHT_IS_DEEP);
    return select(0.0, right_operand(right(at, min(k, end - 1u), slice)), k < end);
}

fn left_rows(first: u32, thread: u32, top: u32, end: u32, slice: u32) -> array<u32, 8> {
    var rows: array<u32, 8>;
    rows[0] = left_row(thread, first + 0u, top, end, slice);
    rows[1] = left_row(thread, first + 1u, top, end, slice);
    rows[2] = left_row(thread, first + 2u, top, end, slice);
    rows[3] = left_row(thread, first + 3u, top, end, slice);
    rows[4] = left_row(thread, first + 4u, top, end, slice);
    rows[5] = left_row(thread, first + 5u, top, end, slice);
    rows[6] = left_row(thread, first + 6u, top, end, slice);
    rows[7] = left_row(thread, first + 7u, top, end, slice);
    return rows;
}

fn right_columns(first: u32, thread: u32, edge: u32, end: u32, slice: u32) -> array<Column, 8> {
    var columns: array<Column, 8>;
    columns[0] = right_column(thread, first + 0u, edge, end, slice);
    columns[1] = right_column(thread, first + 1u, edge, end, slice);
    columns[2] = right_column(thread, first + 2u, edge, end, slice);
    columns[3] = right_column(thread, first + 3u, edge, end, slice);
    columns[4] = right_column(thread, first + 4u, edge, end, slice);
    columns[5] = right_column(thread, first + 5u, edge, end, slice);
    columns[6] = right_column(thread, first + 6u, edge, end, slice);
    columns[7] = right_column(thread, first + 7u, edge, end, slice);
    return columns;
}

// What an invocation loads of the left operand: eight elements at most, from the `first` on that it loads.
fn load_left(rows: array<u32, 8>, first: u32, thread: u32, start: u32, end: u32, slice: u32) -> array<f32, 8> {
    var next: array<f32, 8>;
    next[0] = left_element(rows[0], thread, first + 0u, start, end, slice);
    if (LEFT_LOADS > 1u) {
        next[1] = left_element(rows[1], thread, first + 1u, start, end, slice);
    }
    if (LEFT_LOADS > 2u) {
        next[2] = left_element(rows[2], thread, first + 2u, start, end, slice);
        next[3] = left_element(rows[3], thread, first + 3u, start, end, slice);
    }
    if (LEFT_LOADS > 4u) {
        next[4] = left_element(rows[4], thread, first + 4u, start, end, slice);
        next[5] = left_element(rows[5], thread, first + 5u, start, end, slice);
        next[6] = left_element(rows[6], thread, first + 6u, start, end, slice);
        next[7] = left_element(rows[7], thread, first + 7u, start, end, slice);
    }
    return next;
}

fn load_right(columns: array<Column, 8>, first: u32, thread: u32, start: u32, end: u32, slice: u32) -> array<f32, 8> {
    var next: array<f32, 8>;
    next[0] = right_element(columns[0], thread, first + 0u, start, end, slice);
    if (RIGHT_LOADS > 1u) {
        next[1] = right_element(columns[1], thread, first + 1u, start, end, slice);
    }
    if (RIGHT_LOADS > 2u) {
        next[2] = right_element(columns[2], thread, first + 2u, start, end, slice);
        next[3] = right_element(columns[3], thread, first + 3u, start, end, slice);
    }
    if (RIGHT_LOADS > 4u) {
        next[4] = right_element(columns[4], thread, first + 4u, start, end, slice);
        next[5] = right_element(columns[5], thread, first + 5u, start, end, slice);
        next[6] = right_element(columns[6], thread, first + 6u, start, end, slice);
        next[7] = right_element(columns[7], thread, first + 7u, start, end, slice);
    }
    return next;
}

// Puts what an invocation loaded, from the `first` element on, into the slab that begins at this one.
fn put(slab: u32, first: u32, thread: u32, length: u32, is_deep: bool, along: u32, down: u32, next: array<f32, 8>) {
    let loads = length * DEPTH / TEAM;
    let step = select(TEAM / length * down, TEAM / DEPTH * along, is_deep);
    let at = slab + deep(thread, 0u, length, is_deep) * down + side(thread, 0u, length, is_deep) * along + first * step;
    slabs[at] = Staged(next[0]);
    if (loads > 1u) {
        slabs[at + step] = Staged(next[1]);
    }
    if (loads > 2u) {
        slabs[at + 2u * step] = Staged(next[2]);
        slabs[at + 3u * step] = Staged(next[3]);
    }
    if (loads > 4u) {
        slabs[at + 4u * step] = Staged(next[4]);
        slabs[at + 5u * step] = Staged(next[5]);
        slabs[at + 6u * step] = Staged(next[6]);
        slabs[at + 7u * step] = Staged(next[7]);
    }
}

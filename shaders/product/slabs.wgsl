// Slabs of a product's operands, DEPTH deep, on their way through workgroup memory. The loop says which TEAM of invocations passes them, the
// HEIGHT and WIDTH of its tile, how long the memory is (SLABS) and what an element of it is (Staged), and for either operand how many elements
// lie between neighbours ALONG a side of the tile and DOWN its depth.
// An invocation loads elements of either operand by reads of one or four of them, and keeps them by fours.
const LEFT_LOADS: u32 = HEIGHT * DEPTH / TEAM;
const RIGHT_LOADS: u32 = WIDTH * DEPTH / TEAM;
// Rows and columns that a read has, and how deep it is.
const LEFT_ROWS: u32 = select(LEFTS, 1u, LEFT_IS_DEEP);
const LEFT_DEEP: u32 = select(1u, LEFTS, LEFT_IS_DEEP);
const RIGHT_COLUMNS: u32 = select(RIGHTS, 1u, RIGHT_IS_DEEP);
const RIGHT_DEEP: u32 = select(1u, RIGHTS, RIGHT_IS_DEEP);
var<workgroup> slabs: array<Staged, SLABS>;

// Where a read of so many elements, which begins with the `i`-th that an invocation loads, lies along a tile's side of this length.
// Neighbours read neighbouring words.
fn side(thread: u32, i: u32, length: u32, is_deep: bool, read: u32) -> u32 {
    if (is_deep) {
        return thread / (DEPTH / read) + i * (TEAM / DEPTH);
    }
    return thread % (length / read) * read;
}

// How deep in the slab it lies.
fn deep(thread: u32, i: u32, length: u32, is_deep: bool, read: u32) -> u32 {
    if (is_deep) {
        return thread % (DEPTH / read) * read;
    }
    if (TEAM * read == length) {
        return i / read; // the same for the whole team, which a compiler must be told
    }
    return thread / (length / read) + i / read * (TEAM * read / length);
}

// Rows and columns beyond the edge repeat the last ones, and so does what is beyond in depth: reads stay inside. Results of rows and columns
// beyond are not stored, and beyond in depth the left operand counts as zero.
fn left_row(thread: u32, i: u32, top: u32, end: u32, slice: u32) -> u32 {
    return row_at(min(top + side(thread, i, HEIGHT, LEFT_IS_DEEP, LEFTS), (end - 1u) / LEFT_ROWS * LEFT_ROWS), slice);
}

fn right_column(thread: u32, i: u32, edge: u32, end: u32, slice: u32) -> Column {
    return column_at(min(edge + side(thread, i, WIDTH, RIGHT_IS_DEEP, RIGHTS), (end - 1u) / RIGHT_COLUMNS * RIGHT_COLUMNS), slice);
}

// What the rows and columns of the reads of eight elements have in common, by fours.
struct Lines {
    rows0: array<u32, 4>,
    rows1: array<u32, 4>,
    columns0: array<Column, 4>,
    columns1: array<Column, 4>,
}

fn left_rows(first: u32, thread: u32, top: u32, end: u32, slice: u32) -> array<u32, 4> {
    return array<u32, 4>(
        left_row(thread, first, top, end, slice),
        left_row(thread, first + 1u, top, end, slice),
        left_row(thread, first + 2u, top, end, slice),
        left_row(thread, first + 3u, top, end, slice),
    );
}

fn right_columns(first: u32, thread: u32, edge: u32, end: u32, slice: u32) -> array<Column, 4> {
    return array<Column, 4>(
        right_column(thread, first, edge, end, slice),
        right_column(thread, first + 1u, edge, end, slice),
        right_column(thread, first + 2u, edge, end, slice),
        right_column(thread, first + 3u, edge, end, slice),
    );
}

// Those of the elements that an invocation loads from the `first` on of a tile that begins at this row and column of a product of this size.
fn lines_at(first: u32, thread: u32, top: u32, edge: u32, size: vec3<u32>, slice: u32) -> Lines {
    return Lines(
        left_rows(first, thread, top, size.x, slice),
        left_rows(first + 4u, thread, top, size.x, slice),
        right_columns(first, thread, edge, size.y, slice),
        right_columns(first + 4u, thread, edge, size.y, slice),
    );
}

// Eight elements of either operand at most on their way from memory to a slab: they, by fours, and a bit for each of the right operand that
// exists. Nothing is computed with them before they are put there: a device would wait for them, and multiplies meanwhile.
struct Loaded {
    left0: vec4<f32>,
    left1: vec4<f32>,
    right0: vec4<f32>,
    right1: vec4<f32>,
    right_bits: u32,
}

fn left_deep(thread: u32, i: u32) -> u32 {
    return deep(thread, i, HEIGHT, LEFT_IS_DEEP, LEFTS);
}

fn right_deep(thread: u32, i: u32) -> u32 {
    return deep(thread, i, WIDTH, RIGHT_IS_DEEP, RIGHTS);
}

fn read_left(at: u32, thread: u32, i: u32, start: u32, end: u32, slice: u32) -> vec4<f32> {
    return vec4<f32>(left(at, min(start + left_deep(thread, i), end - LEFT_DEEP), slice));
}

// A read of the right operand, and whether its elements exist, as 0 or 1.
struct Read {
    elements: vec4<f32>,
    bits: u32,
}

fn read_right(at: Column, thread: u32, i: u32, start: u32, end: u32, slice: u32) -> Read {
    let spot = right_spot(at, min(start + right_deep(thread, i), end - RIGHT_DEEP), slice);
    return Read(vec4<f32>(right(spot.element)), u32(spot.exists));
}

// What an invocation loads of the left operand: four elements at most, from the `first` on that it loads.
fn load_left(rows: array<u32, 4>, first: u32, thread: u32, start: u32, end: u32, slice: u32) -> vec4<f32> {
    var next = read_left(rows[0], thread, first, start, end, slice);
    if (LEFTS == 1u && LEFT_LOADS > 1u) {
        next.y = read_left(rows[1], thread, first + 1u, start, end, slice).x;
    }
    if (LEFTS == 1u && LEFT_LOADS > 2u) {
        next.z = read_left(rows[2], thread, first + 2u, start, end, slice).x;
        next.w = read_left(rows[3], thread, first + 3u, start, end, slice).x;
    }
    return next;
}

// Likewise of the right one, with a bit for each element that exists, the first one's in the first place.
fn load_right(columns: array<Column, 4>, first: u32, thread: u32, start: u32, end: u32, slice: u32) -> Read {
    var next = read_right(columns[0], thread, first, start, end, slice);
    if (RIGHTS == 1u && RIGHT_LOADS > 1u) {
        let second = read_right(columns[1], thread, first + 1u, start, end, slice);
        next.elements.y = second.elements.x;
        next.bits |= second.bits << 1u;
    }
    if (RIGHTS == 1u && RIGHT_LOADS > 2u) {
        let third = read_right(columns[2], thread, first + 2u, start, end, slice);
        let fourth = read_right(columns[3], thread, first + 3u, start, end, slice);
        next.elements.z = third.elements.x;
        next.elements.w = fourth.elements.x;
        next.bits |= (third.bits << 2u) | (fourth.bits << 3u);
    }
    return next;
}

// What an invocation loads, from the `first` element on, of the slabs that begin so deep.
fn load(lines: Lines, first: u32, thread: u32, start: u32, end: u32, slice: u32) -> Loaded {
    var loaded: Loaded;
    if (LEFT_LOADS > first) {
        loaded.left0 = load_left(lines.rows0, first, thread, start, end, slice);
    }
    if (LEFT_LOADS > first + 4u) {
        loaded.left1 = load_left(lines.rows1, first + 4u, thread, start, end, slice);
    }
    if (RIGHT_LOADS > first) {
        let right = load_right(lines.columns0, first, thread, start, end, slice);
        loaded.right0 = right.elements;
        loaded.right_bits = right.bits;
    }
    if (RIGHT_LOADS > first + 4u) {
        let right = load_right(lines.columns1, first + 4u, thread, start, end, slice);
        loaded.right1 = right.elements;
        loaded.right_bits |= right.bits << 4u;
    }
    return loaded;
}

// Puts four elements of an operand, from the `first` on that an invocation loaded, into the slab that begins at this element.
fn stage(slab: u32, first: u32, thread: u32, length: u32, is_deep: bool, along: u32, down: u32, read: u32, next: vec4<f32>) {
    let loads = length * DEPTH / TEAM;
    let over = select(TEAM * read / length * down, TEAM * read / DEPTH * along, is_deep);
    let at = slab + deep(thread, 0u, length, is_deep, read) * down + side(thread, 0u, length, is_deep, read) * along + first / read * over;
    let step = select(over, select(along, down, is_deep), read > 1u);
    slabs[at] = Staged(next.x);
    if (loads > 1u) {
        slabs[at + step] = Staged(next.y);
    }
    if (loads > 2u) {
        slabs[at + 2u * step] = Staged(next.z);
        slabs[at + 3u * step] = Staged(next.w);
    }
}

fn put_left(slab: u32, first: u32, thread: u32, start: u32, end: u32, next: vec4<f32>) {
    let k = vec4<u32>(left_deep(thread, first), left_deep(thread, first + 1u), left_deep(thread, first + 2u), left_deep(thread, first + 3u));
    var there = (vec4<u32>(start) + k) < vec4<u32>(end);
    if (LEFTS > 1u) {
        there = vec4<bool>(there.x);
    }
    let ready = left_operands(select(vec4<f32>(0.0), next, there));
    stage(slab, first, thread, HEIGHT, LEFT_IS_DEEP, LEFT_ALONG, LEFT_DOWN, LEFTS, ready);
}

fn put_right(slab: u32, first: u32, thread: u32, bits: u32, next: vec4<f32>) {
    var there = (vec4<u32>(bits) & vec4<u32>(1u, 2u, 4u, 8u)) != vec4<u32>(0u);
    if (RIGHTS > 1u) {
        there = vec4<bool>(there.x);
    }
    let ready = right_operands(select(vec4<f32>(RIGHT_ELSE), next, there));
    stage(slab, first, thread, WIDTH, RIGHT_IS_DEEP, RIGHT_ALONG, RIGHT_DOWN, RIGHTS, ready);
}

// Puts what an invocation loaded, from the `first` element on, of slabs that begin so deep into those of either operand at these elements.
fn put(slab_left: u32, slab_right: u32, first: u32, thread: u32, start: u32, end: u32, loaded: Loaded) {
    if (LEFT_LOADS > first) {
        put_left(slab_left, first, thread, start, end, loaded.left0);
    }
    if (LEFT_LOADS > first + 4u) {
        put_left(slab_left, first + 4u, thread, start, end, loaded.left1);
    }
    if (RIGHT_LOADS > first) {
        put_right(slab_right, first, thread, loaded.right_bits, loaded.right0);
    }
    if (RIGHT_LOADS > first + 4u) {
        put_right(slab_right, first + 4u, thread, loaded.right_bits >> 4u, loaded.right1);
    }
}

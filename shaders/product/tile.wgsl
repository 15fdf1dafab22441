// A matrix product for real GPUs. DOWN x ACROSS invocations compute a tile of it, each 4 rows (8 if TALL) of 4 columns (8 if WIDE).
// Slabs of the operands, DEPTH deep, pass through workgroup memory while the next ones are already on their way in registers.
// A workgroup has SPLIT such teams, each with its share of the depth, where there are too few tiles to occupy a GPU; their sums are added
// in order. Registers are never indexed by a variable: drivers move such arrays to memory.
const TEAM: u32 = DOWN * ACROSS;
const HEIGHT: u32 = DOWN * 4u * (1u + TALL);
const WIDTH: u32 = ACROSS * 4u * (1u + WIDE);
const DEPTH: u32 = 8u;
const LEFT_LOADS: u32 = HEIGHT * DEPTH / TEAM;
const RIGHT_LOADS: u32 = WIDTH * DEPTH / TEAM;
// Four words of padding: the rows of a slab start in different banks, and four neighbours are still one aligned read.
const LEFT_PITCH: u32 = HEIGHT + 4u;
const RIGHT_PITCH: u32 = WIDTH + 4u;
const SLAB: u32 = DEPTH * (LEFT_PITCH + RIGHT_PITCH);
// Invocations of 32 neighbours share rows and columns in a block of this width.
const BLOCK: u32 = select(ACROSS, min(ACROSS, 8u), DOWN >= 4u);
// The sums of a row that one team leaves for another pass through the same memory.
const ROW: u32 = TEAM * 4u * (1u + WIDE);
const LEFT_OVER: u32 = select(0u, ROW * 4u * (1u + TALL), SPLIT > 1u);
var<workgroup> slabs: array<f32, max(SLAB * SPLIT, LEFT_OVER)>;

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
    return select(0.0, left(at, min(k, end - 1u), slice), k < end);
}

fn right_element(at: Column, thread: u32, i: u32, start: u32, end: u32, slice: u32) -> f32 {
    let k = start + deep(thread, i, WIDTH, RIGHT_IS_DEEP);
    return select(0.0, right(at, min(k, end - 1u), slice), k < end);
}

fn load_left(rows: array<u32, 8>, thread: u32, start: u32, end: u32, slice: u32) -> array<f32, 8> {
    var next: array<f32, 8>;
    next[0] = left_element(rows[0], thread, 0u, start, end, slice);
    if (LEFT_LOADS > 1u) {
        next[1] = left_element(rows[1], thread, 1u, start, end, slice);
    }
    if (LEFT_LOADS > 2u) {
        next[2] = left_element(rows[2], thread, 2u, start, end, slice);
        next[3] = left_element(rows[3], thread, 3u, start, end, slice);
    }
    if (LEFT_LOADS > 4u) {
        next[4] = left_element(rows[4], thread, 4u, start, end, slice);
        next[5] = left_element(rows[5], thread, 5u, start, end, slice);
        next[6] = left_element(rows[6], thread, 6u, start, end, slice);
        next[7] = left_element(rows[7], thread, 7u, start, end, slice);
    }
    return next;
}

fn load_right(columns: array<Column, 8>, thread: u32, start: u32, end: u32, slice: u32) -> array<f32, 8> {
    var next: array<f32, 8>;
    next[0] = right_element(columns[0], thread, 0u, start, end, slice);
    if (RIGHT_LOADS > 1u) {
        next[1] = right_element(columns[1], thread, 1u, start, end, slice);
    }
    if (RIGHT_LOADS > 2u) {
        next[2] = right_element(columns[2], thread, 2u, start, end, slice);
        next[3] = right_element(columns[3], thread, 3u, start, end, slice);
    }
    if (RIGHT_LOADS > 4u) {
        next[4] = right_element(columns[4], thread, 4u, start, end, slice);
        next[5] = right_element(columns[5], thread, 5u, start, end, slice);
        next[6] = right_element(columns[6], thread, 6u, start, end, slice);
        next[7] = right_element(columns[7], thread, 7u, start, end, slice);
    }
    return next;
}

// Puts what an invocation loaded into the slab that begins at this word.
fn put(slab: u32, thread: u32, length: u32, is_deep: bool, next: array<f32, 8>) {
    let loads = length * DEPTH / TEAM;
    let pitch = length + 4u;
    let first = slab + deep(thread, 0u, length, is_deep) * pitch + side(thread, 0u, length, is_deep);
    let step = select(TEAM / length * pitch, TEAM / DEPTH, is_deep);
    slabs[first] = next[0];
    if (loads > 1u) {
        slabs[first + step] = next[1];
    }
    if (loads > 2u) {
        slabs[first + 2u * step] = next[2];
        slabs[first + 3u * step] = next[3];
    }
    if (loads > 4u) {
        slabs[first + 4u * step] = next[4];
        slabs[first + 5u * step] = next[5];
        slabs[first + 6u * step] = next[6];
        slabs[first + 7u * step] = next[7];
    }
}

fn four(at: u32) -> vec4<f32> {
    return vec4<f32>(slabs[at], slabs[at + 1u], slabs[at + 2u], slabs[at + 3u]);
}

// Leaves a row's sums for the first team.
fn leave(row: u32, thread: u32, sums: Sums) {
    let at = row * ROW + thread;
    slabs[at] = sums.near.x;
    slabs[at + TEAM] = sums.near.y;
    slabs[at + 2u * TEAM] = sums.near.z;
    slabs[at + 3u * TEAM] = sums.near.w;
    if (WIDE == 1u) {
        slabs[at + 4u * TEAM] = sums.far.x;
        slabs[at + 5u * TEAM] = sums.far.y;
        slabs[at + 6u * TEAM] = sums.far.z;
        slabs[at + 7u * TEAM] = sums.far.w;
    }
}

// Adds what another team has left.
fn take(row: u32, thread: u32, sums: Sums) -> Sums {
    let at = row * ROW + thread;
    let near = vec4<f32>(slabs[at], slabs[at + TEAM], slabs[at + 2u * TEAM], slabs[at + 3u * TEAM]);
    var far = vec4<f32>(0.0);
    if (WIDE == 1u) {
        far = vec4<f32>(slabs[at + 4u * TEAM], slabs[at + 5u * TEAM], slabs[at + 6u * TEAM], slabs[at + 7u * TEAM]);
    }
    return Sums(sums.near + near, sums.far + far);
}

@compute @workgroup_size(TEAM, SPLIT)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let slice = group.z;
    let size = extent(slice);
    // More columns than a grid is wide go on below.
    let down = (size.x + HEIGHT - 1u) / HEIGHT;
    let top = group.y % down * HEIGHT;
    let edge = (group.x + group.y / down * groups.x) * WIDTH;
    if (top >= size.x || edge >= size.y) {
        return; // the whole workgroup
    }
    let thread = local.x;
    let team = local.y;
    let x = 4u * (thread % BLOCK + thread / 32u % (ACROSS / BLOCK) * BLOCK);
    let y = 4u * (thread % 32u / BLOCK + thread / 32u / (ACROSS / BLOCK) * (32u / BLOCK));
    // The team's share of the depth, as long for every team, as they wait for each other.
    let share = (size.z + SPLIT * DEPTH - 1u) / (SPLIT * DEPTH) * DEPTH;
    let start = team * share;
    let end = min(start + share, size.z);
    let slab_left = team * SLAB;
    let slab_right = slab_left + DEPTH * LEFT_PITCH;

    var rows: array<u32, 8>;
    rows[0] = left_row(thread, 0u, top, size.x, slice);
    rows[1] = left_row(thread, 1u, top, size.x, slice);
    rows[2] = left_row(thread, 2u, top, size.x, slice);
    rows[3] = left_row(thread, 3u, top, size.x, slice);
    rows[4] = left_row(thread, 4u, top, size.x, slice);
    rows[5] = left_row(thread, 5u, top, size.x, slice);
    rows[6] = left_row(thread, 6u, top, size.x, slice);
    rows[7] = left_row(thread, 7u, top, size.x, slice);
    var columns: array<Column, 8>;
    columns[0] = right_column(thread, 0u, edge, size.y, slice);
    columns[1] = right_column(thread, 1u, edge, size.y, slice);
    columns[2] = right_column(thread, 2u, edge, size.y, slice);
    columns[3] = right_column(thread, 3u, edge, size.y, slice);
    columns[4] = right_column(thread, 4u, edge, size.y, slice);
    columns[5] = right_column(thread, 5u, edge, size.y, slice);
    columns[6] = right_column(thread, 6u, edge, size.y, slice);
    columns[7] = right_column(thread, 7u, edge, size.y, slice);

    var sums0: Sums;
    var sums1: Sums;
    var sums2: Sums;
    var sums3: Sums;
    var sums4: Sums;
    var sums5: Sums;
    var sums6: Sums;
    var sums7: Sums;
    if (size.z > 0u) {
        var next_left = load_left(rows, thread, start, end, slice);
        var next_right = load_right(columns, thread, start, end, slice);
        for (var done = 0u; done < share; done += DEPTH) {
            put(slab_left, thread, HEIGHT, LEFT_IS_DEEP, next_left);
            put(slab_right, thread, WIDTH, RIGHT_IS_DEEP, next_right);
            workgroupBarrier();
            next_left = load_left(rows, thread, start + done + DEPTH, end, slice);
            next_right = load_right(columns, thread, start + done + DEPTH, end, slice);
            for (var k = 0u; k < DEPTH; k++) {
                let column = slab_right + k * RIGHT_PITCH + x;
                let near = four(column);
                var far = vec4<f32>(0.0);
                if (WIDE == 1u) {
                    far = four(column + 4u * ACROSS);
                }
                let row = slab_left + k * LEFT_PITCH + y;
                let above = four(row);
                sums0 = add(sums0, above.x, near, far);
                sums1 = add(sums1, above.y, near, far);
                sums2 = add(sums2, above.z, near, far);
                sums3 = add(sums3, above.w, near, far);
                if (TALL == 1u) {
                    let below = four(row + 4u * DOWN);
                    sums4 = add(sums4, below.x, near, far);
                    sums5 = add(sums5, below.y, near, far);
                    sums6 = add(sums6, below.z, near, far);
                    sums7 = add(sums7, below.w, near, far);
                }
            }
            workgroupBarrier();
        }
    }
    for (var other = 1u; other < SPLIT; other++) {
        if (team == other) {
            leave(0u, thread, sums0);
            leave(1u, thread, sums1);
            leave(2u, thread, sums2);
            leave(3u, thread, sums3);
            if (TALL == 1u) {
                leave(4u, thread, sums4);
                leave(5u, thread, sums5);
                leave(6u, thread, sums6);
                leave(7u, thread, sums7);
            }
        }
        workgroupBarrier();
        if (team == 0u) {
            sums0 = take(0u, thread, sums0);
            sums1 = take(1u, thread, sums1);
            sums2 = take(2u, thread, sums2);
            sums3 = take(3u, thread, sums3);
            if (TALL == 1u) {
                sums4 = take(4u, thread, sums4);
                sums5 = take(5u, thread, sums5);
                sums6 = take(6u, thread, sums6);
                sums7 = take(7u, thread, sums7);
            }
        }
        workgroupBarrier();
    }
    if (team > 0u) {
        return;
    }
    let row = top + y;
    let column = edge + x;
    // Without a far half, its columns are those beyond the edge.
    let at = places(column, select(size.y, 4u * ACROSS, WIDE == 1u), size.y, slice);
    store_row(row, size.x, at, sums0);
    store_row(row + 1u, size.x, at, sums1);
    store_row(row + 2u, size.x, at, sums2);
    store_row(row + 3u, size.x, at, sums3);
    if (TALL == 1u) {
        store_row(row + 4u * DOWN, size.x, at, sums4);
        store_row(row + 4u * DOWN + 1u, size.x, at, sums5);
        store_row(row + 4u * DOWN + 2u, size.x, at, sums6);
        store_row(row + 4u * DOWN + 3u, size.x, at, sums7);
    }
}

// A matrix product for real GPUs. DOWN x ACROSS invocations compute a tile of it, each 4 rows (8 if TALL) of 4 columns (8 if WIDE).
// Slabs of the operands, DEPTH deep, pass through workgroup memory while the next ones are already on their way in registers.
// A workgroup has SPLIT such teams, each with its share of the depth, where there are too few tiles to occupy a GPU; their sums are added
// in pairs, always the same ones. Registers are never indexed by a variable: drivers move such arrays to memory.
const TEAM: u32 = DOWN * ACROSS;
const HEIGHT: u32 = DOWN * 4u * (1u + TALL);
const WIDTH: u32 = ACROSS * 4u * (1u + WIDE);
const DEPTH: u32 = 8u;
// The rows of a slab start in different banks, and four neighbours are still one aligned read.
const LEFT_ALONG: u32 = 1u;
const LEFT_DOWN: u32 = HEIGHT + 4u;
const RIGHT_ALONG: u32 = 1u;
const RIGHT_DOWN: u32 = WIDTH + 4u;
const SLAB: u32 = DEPTH * (LEFT_DOWN + RIGHT_DOWN);
alias Staged = f32;
// Invocations of 32 neighbours share rows and columns in a block of this width.
const BLOCK: u32 = select(ACROSS, min(ACROSS, 8u), DOWN >= 4u);
// The sums that teams leave for others pass through the same memory: a row of an invocation, and all of a team.
const ROW: u32 = TEAM * 4u * (1u + WIDE);
const LEFT: u32 = ROW * 4u * (1u + TALL);
const SLABS: u32 = max(SLAB * SPLIT, LEFT * (SPLIT / 2u));

fn four(at: u32) -> vec4<f32> {
    return vec4<f32>(slabs[at], slabs[at + 1u], slabs[at + 2u], slabs[at + 3u]);
}

// Leaves a row's sums for another team.
fn leave(at: u32, sums: Sums) {
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
fn take(at: u32, sums: Sums) -> Sums {
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
    begin();
    let slice = group.z;
    let size = extent(slice);
    let corner = tile_corner(group, groups, size.x, HEIGHT, WIDTH);
    let top = corner.x;
    let edge = corner.y;
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
    let slab_right = slab_left + DEPTH * LEFT_DOWN;

    let rows = left_rows(0u, thread, top, size.x, slice);
    let columns = right_columns(0u, thread, edge, size.y, slice);
    var sums0: Sums;
    var sums1: Sums;
    var sums2: Sums;
    var sums3: Sums;
    var sums4: Sums;
    var sums5: Sums;
    var sums6: Sums;
    var sums7: Sums;
    if (size.z > 0u) {
        var next_left = load_left(rows, 0u, thread, start, end, slice);
        var next_right = load_right(columns, 0u, thread, start, end, slice);
        for (var done = 0u; done < share; done += DEPTH) {
            put(slab_left, 0u, thread, HEIGHT, LEFT_IS_DEEP, LEFT_ALONG, LEFT_DOWN, next_left);
            put(slab_right, 0u, thread, WIDTH, RIGHT_IS_DEEP, RIGHT_ALONG, RIGHT_DOWN, next_right);
            workgroupBarrier();
            next_left = load_left(rows, 0u, thread, start + done + DEPTH, end, slice);
            next_right = load_right(columns, 0u, thread, start + done + DEPTH, end, slice);
            for (var k = 0u; k < DEPTH; k++) {
                let column = slab_right + k * RIGHT_DOWN + x;
                let near = four(column);
                var far = vec4<f32>(0.0);
                if (WIDE == 1u) {
                    far = four(column + 4u * ACROSS);
                }
                let row = slab_left + k * LEFT_DOWN + y;
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
    // Half of the teams leave their sums to the other half, until one team is left.
    for (var takers = SPLIT / 2u; takers > 0u; takers /= 2u) {
        if (team >= takers && team < 2u * takers) {
            let place = (team - takers) * LEFT + thread;
            leave(place, sums0);
            leave(place + ROW, sums1);
            leave(place + 2u * ROW, sums2);
            leave(place + 3u * ROW, sums3);
            if (TALL == 1u) {
                leave(place + 4u * ROW, sums4);
                leave(place + 5u * ROW, sums5);
                leave(place + 6u * ROW, sums6);
                leave(place + 7u * ROW, sums7);
            }
        }
        workgroupBarrier();
        if (team < takers) {
            let place = team * LEFT + thread;
            sums0 = take(place, sums0);
            sums1 = take(place + ROW, sums1);
            sums2 = take(place + 2u * ROW, sums2);
            sums3 = take(place + 3u * ROW, sums3);
            if (TALL == 1u) {
                sums4 = take(place + 4u * ROW, sums4);
                sums5 = take(place + 5u * ROW, sums5);
                sums6 = take(place + 6u * ROW, sums6);
                sums7 = take(place + 7u * ROW, sums7);
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
    store_row(row, size.x, at, unscaled(sums0));
    store_row(row + 1u, size.x, at, unscaled(sums1));
    store_row(row + 2u, size.x, at, unscaled(sums2));
    store_row(row + 3u, size.x, at, unscaled(sums3));
    if (TALL == 1u) {
        store_row(row + 4u * DOWN, size.x, at, unscaled(sums4));
        store_row(row + 4u * DOWN + 1u, size.x, at, unscaled(sums5));
        store_row(row + 4u * DOWN + 2u, size.x, at, unscaled(sums6));
        store_row(row + 4u * DOWN + 3u, size.x, at, unscaled(sums7));
    }
}

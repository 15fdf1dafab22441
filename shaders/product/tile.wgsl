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
// Invocations of 32 neighbours share rows and columns in a block of this width. Its rows are taken in pairs, one invocation of each in turn: half
// of the 32 then read no more than 128 bytes at once, which NVIDIA's memory delivers in one cycle, and all of them in two instead of four.
const BLOCK: u32 = select(ACROSS, min(ACROSS, 8u), DOWN >= 4u);
// The sums that teams leave for others pass through the same memory: a row of an invocation, and all of a team.
const ROW: u32 = TEAM * 4u * (1u + WIDE);
const LEFT: u32 = ROW * 4u * (1u + TALL);
const SLABS: u32 = max(SLAB * SPLIT, LEFT * (SPLIT / 2u));

fn four(at: u32) -> vec4<f32> {
    return vec4<f32>(slabs[at], slabs[at + 1u], slabs[at + 2u], slabs[at + 3u]);
}

// The sums of an invocation, row by row.
struct Block {
    r0: Sums,
    r1: Sums,
    r2: Sums,
    r3: Sums,
    r4: Sums,
    r5: Sums,
    r6: Sums,
    r7: Sums,
}

// Sums with the products of four or eight rows and columns at one depth, which begin at these places in the slabs.
fn multiplied(sums: Block, row: u32, column: u32) -> Block {
    var block = sums;
    let near = four(column);
    var far = vec4<f32>(0.0);
    if (WIDE == 1u) {
        far = four(column + 4u * ACROSS);
    }
    let above = four(row);
    block.r0 = add(block.r0, above.x, near, far);
    block.r1 = add(block.r1, above.y, near, far);
    block.r2 = add(block.r2, above.z, near, far);
    block.r3 = add(block.r3, above.w, near, far);
    if (TALL == 1u) {
        let below = four(row + 4u * DOWN);
        block.r4 = add(block.r4, below.x, near, far);
        block.r5 = add(block.r5, below.y, near, far);
        block.r6 = add(block.r6, below.z, near, far);
        block.r7 = add(block.r7, below.w, near, far);
    }
    return block;
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
    let lane = thread % 32u;
    let x = 4u * (lane / 2u % BLOCK + thread / 32u % (ACROSS / BLOCK) * BLOCK);
    let y = 4u * (lane / (2u * BLOCK) * 2u + lane % 2u + thread / 32u / (ACROSS / BLOCK) * (32u / BLOCK));
    // The team's share of the depth, as long for every team, as they wait for each other.
    let share = (size.z + SPLIT * DEPTH - 1u) / (SPLIT * DEPTH) * DEPTH;
    let start = team * share;
    let end = min(start + share, size.z);
    let slab_left = team * SLAB;
    let slab_right = slab_left + DEPTH * LEFT_DOWN;

    let lines = lines_at(0u, thread, top, edge, size, slice);
    var sums: Block;
    if (size.z > 0u) {
        var loaded = load(lines, 0u, thread, start, end, slice);
        for (var done = 0u; done < share; done += DEPTH) {
            // What is multiplied at length is loaded before the barrier: a driver moves loads behind it down to the next one. Where an
            // invocation has four columns, the registers for it would leave room for fewer workgroups.
            let next = start + done + DEPTH;
            var ahead: Loaded;
            if (WIDE == 1u) {
                ahead = load(lines, 0u, thread, next, end, slice);
            }
            put(slab_left, slab_right, 0u, thread, start + done, end, loaded);
            workgroupBarrier();
            if (WIDE == 0u) {
                ahead = load(lines, 0u, thread, next, end, slice);
            }
            loaded = ahead;
            let row = slab_left + y;
            let column = slab_right + x;
            if (TALL == 1u && WIDE == 1u) {
                // Compilers leave a loop of so many multiply-adds as it is, and wait for the memory in each round.
                sums = multiplied(sums, row, column);
                sums = multiplied(sums, row + 1u * LEFT_DOWN, column + 1u * RIGHT_DOWN);
                sums = multiplied(sums, row + 2u * LEFT_DOWN, column + 2u * RIGHT_DOWN);
                sums = multiplied(sums, row + 3u * LEFT_DOWN, column + 3u * RIGHT_DOWN);
                sums = multiplied(sums, row + 4u * LEFT_DOWN, column + 4u * RIGHT_DOWN);
                sums = multiplied(sums, row + 5u * LEFT_DOWN, column + 5u * RIGHT_DOWN);
                sums = multiplied(sums, row + 6u * LEFT_DOWN, column + 6u * RIGHT_DOWN);
                sums = multiplied(sums, row + 7u * LEFT_DOWN, column + 7u * RIGHT_DOWN);
            } else {
                for (var k = 0u; k < DEPTH; k++) {
                    sums = multiplied(sums, row + k * LEFT_DOWN, column + k * RIGHT_DOWN);
                }
            }
            workgroupBarrier();
        }
    }
    // Half of the teams leave their sums to the other half, until one team is left.
    for (var takers = SPLIT / 2u; takers > 0u; takers /= 2u) {
        if (team >= takers && team < 2u * takers) {
            let place = (team - takers) * LEFT + thread;
            leave(place, sums.r0);
            leave(place + ROW, sums.r1);
            leave(place + 2u * ROW, sums.r2);
            leave(place + 3u * ROW, sums.r3);
            if (TALL == 1u) {
                leave(place + 4u * ROW, sums.r4);
                leave(place + 5u * ROW, sums.r5);
                leave(place + 6u * ROW, sums.r6);
                leave(place + 7u * ROW, sums.r7);
            }
        }
        workgroupBarrier();
        if (team < takers) {
            let place = team * LEFT + thread;
            sums.r0 = take(place, sums.r0);
            sums.r1 = take(place + ROW, sums.r1);
            sums.r2 = take(place + 2u * ROW, sums.r2);
            sums.r3 = take(place + 3u * ROW, sums.r3);
            if (TALL == 1u) {
                sums.r4 = take(place + 4u * ROW, sums.r4);
                sums.r5 = take(place + 5u * ROW, sums.r5);
                sums.r6 = take(place + 6u * ROW, sums.r6);
                sums.r7 = take(place + 7u * ROW, sums.r7);
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
    store_row(row, size.x, at, unscaled(sums.r0));
    store_row(row + 1u, size.x, at, unscaled(sums.r1));
    store_row(row + 2u, size.x, at, unscaled(sums.r2));
    store_row(row + 3u, size.x, at, unscaled(sums.r3));
    if (TALL == 1u) {
        store_row(row + 4u * DOWN, size.x, at, unscaled(sums.r4));
        store_row(row + 4u * DOWN + 1u, size.x, at, unscaled(sums.r5));
        store_row(row + 4u * DOWN + 2u, size.x, at, unscaled(sums.r6));
        store_row(row + 4u * DOWN + 3u, size.x, at, unscaled(sums.r7));
    }
}

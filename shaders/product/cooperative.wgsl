// A matrix product in half precision by cooperative matrices: the subgroups of a team, DOWN x ACROSS of them with 32 invocations each, compute
// a tile of it, each ROWS x COLUMNS squares (1, 2 or 4 either way) of 16 x 16 elements. A square of the left operand times one of the right is
// one instruction of a subgroup; it multiplies numbers in half precision and adds in single precision.
// Slabs of the operands pass through workgroup memory as in the loop of tiles. There are two of each, so that one is filled while the other is
// read. A workgroup has SPLIT such teams, each with its share of the depth; their sums are added in order.
alias Left = coop_mat16x16<f16, A>;
alias Right = coop_mat16x16<f16, B>;
alias Square = coop_mat16x16<f32, C>;
const SIDE: u32 = 16u;
const LANES: u32 = 32u;
const TEAM: u32 = DOWN * ACROSS * LANES;
const HEIGHT: u32 = DOWN * ROWS * SIDE;
const WIDTH: u32 = ACROSS * COLUMNS * SIDE;
alias Staged = f16;
// Neighbours in memory stay neighbours. Sixteen bytes are between the rows, which begin where squares may be loaded from, in different banks.
const PAD: u32 = 8u;
const LEFT_ALONG: u32 = select(1u, DEPTH + PAD, LEFT_IS_DEEP);
const LEFT_DOWN: u32 = select(HEIGHT + PAD, 1u, LEFT_IS_DEEP);
const RIGHT_ALONG: u32 = select(1u, DEPTH + PAD, RIGHT_IS_DEEP);
const RIGHT_DOWN: u32 = select(WIDTH + PAD, 1u, RIGHT_IS_DEEP);
const RIGHT_SLAB: u32 = max(DEPTH * LEFT_DOWN, HEIGHT * LEFT_ALONG);
const SLAB: u32 = RIGHT_SLAB + max(DEPTH * RIGHT_DOWN, WIDTH * RIGHT_ALONG);
// Whether an invocation loads more than eight elements of an operand.
const LOADS_MORE: bool = max(LEFT_LOADS, RIGHT_LOADS) > 8u;
const SLABS: u32 = 2u * SLAB * SPLIT;
// A square of each subgroup on its way to where its elements are stored.
const ELEMENTS: u32 = SIDE * SIDE;
var<workgroup> squares: array<f32, DOWN * ACROSS * SPLIT * ELEMENTS>;

// A square of the left operand at this row of the tile and so deep in a slab.
fn left_square(slab: u32, row: u32, k: u32) -> Left {
    let at = slab + row * LEFT_ALONG + k * LEFT_DOWN;
    if (LEFT_IS_DEEP) {
        return coopLoadT<Left>(&slabs[at], LEFT_ALONG);
    }
    return coopLoad<Left>(&slabs[at], LEFT_DOWN);
}

fn right_square(slab: u32, column: u32, k: u32) -> Right {
    let at = slab + RIGHT_SLAB + column * RIGHT_ALONG + k * RIGHT_DOWN;
    if (RIGHT_IS_DEEP) {
        return coopLoad<Right>(&slabs[at], RIGHT_ALONG);
    }
    return coopLoadT<Right>(&slabs[at], RIGHT_DOWN);
}

fn sum_at(at: u32) -> vec4<f32> {
    var sum = vec4<f32>(squares[at], squares[at + 1u], squares[at + 2u], squares[at + 3u]);
    for (var other = 1u; other < SPLIT; other++) {
        let there = at + other * DOWN * ACROSS * ELEMENTS;
        sum += vec4<f32>(squares[there], squares[there + 1u], squares[there + 2u], squares[there + 3u]);
    }
    return sum;
}

// Stores the elements of a square that begins at this row and column: the first team's subgroups, of whose invocations each takes four
// neighbours in two rows.
fn store_square(square: Square, subgroup: u32, lane: u32, row: u32, column: u32, size: vec3<u32>, slice: u32) {
    let memory = subgroup * ELEMENTS;
    coopStoreT(square, &squares[memory], SIDE);
    workgroupBarrier();
    if (subgroup < DOWN * ACROSS) {
        let y = lane / 4u;
        let x = lane % 4u * 4u;
        let at = places(column + x, size.y, size.y, slice);
        let first = memory + y * SIDE + x;
        let none = vec4<f32>(0.0);
        store_row(row + y, size.x, at, unscaled(Sums(sum_at(first), none)));
        store_row(row + y + 8u, size.x, at, unscaled(Sums(sum_at(first + 8u * SIDE), none)));
    }
    workgroupBarrier();
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
    let thread = local.x;
    let team = local.y;
    let lane = thread % LANES;
    let y = thread / LANES / ACROSS * ROWS * SIDE;
    let x = thread / LANES % ACROSS * COLUMNS * SIDE;
    // The team's share of the depth, as long for every team, as they wait for each other; none where the tile is beyond the edge. A return
    // would do, but naga takes it for one of some invocations, behind which there are no cooperative matrices.
    let inside = top < size.x && edge < size.y;
    let share = select(0u, (size.z + SPLIT * DEPTH - 1u) / (SPLIT * DEPTH) * DEPTH, inside);
    let start = team * share;
    let end = min(start + share, size.z);
    let lines = lines_at(0u, thread, top, edge, size, slice);
    let more_lines = lines_at(8u, thread, top, edge, size, slice);

    var s00: Square;
    var s01: Square;
    var s02: Square;
    var s03: Square;
    var s10: Square;
    var s11: Square;
    var s12: Square;
    var s13: Square;
    var s20: Square;
    var s21: Square;
    var s22: Square;
    var s23: Square;
    var s30: Square;
    var s31: Square;
    var s32: Square;
    var s33: Square;
    var loaded: Loaded;
    var more: Loaded;
    if (share > 0u) {
        loaded = load(lines, 0u, thread, start, end, slice);
        if (LOADS_MORE) {
            more = load(more_lines, 8u, thread, start, end, slice);
        }
    }
    for (var done = 0u; done < share; done += DEPTH) {
        let slab = (2u * team + done / DEPTH % 2u) * SLAB;
        // Before the barrier: a driver moves loads behind it down to the next one.
        let next = start + done + DEPTH;
        let next_loaded = load(lines, 0u, thread, next, end, slice);
        put(slab, slab + RIGHT_SLAB, 0u, thread, start + done, end, loaded);
        loaded = next_loaded;
        if (LOADS_MORE) {
            let next_more = load(more_lines, 8u, thread, next, end, slice);
            put(slab, slab + RIGHT_SLAB, 8u, thread, start + done, end, more);
            more = next_more;
        }
        workgroupBarrier();
        for (var step = 0u; step < DEPTH; step += SIDE) {
            let right_0 = right_square(slab, x, step);
            var right_1: Right;
            var right_2: Right;
            var right_3: Right;
            if (COLUMNS > 1u) {
                right_1 = right_square(slab, x + SIDE, step);
            }
            if (COLUMNS > 2u) {
                right_2 = right_square(slab, x + 2u * SIDE, step);
                right_3 = right_square(slab, x + 3u * SIDE, step);
            }
            let left_0 = left_square(slab, y, step);
            s00 = coopMultiplyAdd(left_0, right_0, s00);
            if (COLUMNS > 1u) {
                s01 = coopMultiplyAdd(left_0, right_1, s01);
            }
            if (COLUMNS > 2u) {
                s02 = coopMultiplyAdd(left_0, right_2, s02);
                s03 = coopMultiplyAdd(left_0, right_3, s03);
            }
            if (ROWS > 1u) {
                let left_1 = left_square(slab, y + SIDE, step);
                s10 = coopMultiplyAdd(left_1, right_0, s10);
                if (COLUMNS > 1u) {
                    s11 = coopMultiplyAdd(left_1, right_1, s11);
                }
                if (COLUMNS > 2u) {
                    s12 = coopMultiplyAdd(left_1, right_2, s12);
                    s13 = coopMultiplyAdd(left_1, right_3, s13);
                }
            }
            if (ROWS > 2u) {
                let left_2 = left_square(slab, y + 2u * SIDE, step);
                s20 = coopMultiplyAdd(left_2, right_0, s20);
                if (COLUMNS > 1u) {
                    s21 = coopMultiplyAdd(left_2, right_1, s21);
                }
                if (COLUMNS > 2u) {
                    s22 = coopMultiplyAdd(left_2, right_2, s22);
                    s23 = coopMultiplyAdd(left_2, right_3, s23);
                }
                let left_3 = left_square(slab, y + 3u * SIDE, step);
                s30 = coopMultiplyAdd(left_3, right_0, s30);
                if (COLUMNS > 1u) {
                    s31 = coopMultiplyAdd(left_3, right_1, s31);
                }
                if (COLUMNS > 2u) {
                    s32 = coopMultiplyAdd(left_3, right_2, s32);
                    s33 = coopMultiplyAdd(left_3, right_3, s33);
                }
            }
        }
    }
    let subgroup = (team * TEAM + thread) / LANES;
    let row = top + y;
    let column = edge + x;
    store_square(s00, subgroup, lane, row, column, size, slice);
    if (COLUMNS > 1u) {
        store_square(s01, subgroup, lane, row, column + SIDE, size, slice);
    }
    if (COLUMNS > 2u) {
        store_square(s02, subgroup, lane, row, column + 2u * SIDE, size, slice);
        store_square(s03, subgroup, lane, row, column + 3u * SIDE, size, slice);
    }
    if (ROWS > 1u) {
        store_square(s10, subgroup, lane, row + SIDE, column, size, slice);
        if (COLUMNS > 1u) {
            store_square(s11, subgroup, lane, row + SIDE, column + SIDE, size, slice);
        }
        if (COLUMNS > 2u) {
            store_square(s12, subgroup, lane, row + SIDE, column + 2u * SIDE, size, slice);
            store_square(s13, subgroup, lane, row + SIDE, column + 3u * SIDE, size, slice);
        }
    }
    if (ROWS > 2u) {
        store_square(s20, subgroup, lane, row + 2u * SIDE, column, size, slice);
        if (COLUMNS > 1u) {
            store_square(s21, subgroup, lane, row + 2u * SIDE, column + SIDE, size, slice);
        }
        if (COLUMNS > 2u) {
            store_square(s22, subgroup, lane, row + 2u * SIDE, column + 2u * SIDE, size, slice);
            store_square(s23, subgroup, lane, row + 2u * SIDE, column + 3u * SIDE, size, slice);
        }
        store_square(s30, subgroup, lane, row + 3u * SIDE, column, size, slice);
        if (COLUMNS > 1u) {
            store_square(s31, subgroup, lane, row + 3u * SIDE, column + SIDE, size, slice);
        }
        if (COLUMNS > 2u) {
            store_square(s32, subgroup, lane, row + 3u * SIDE, column + 2u * SIDE, size, slice);
            store_square(s33, subgroup, lane, row + 3u * SIDE, column + 3u * SIDE, size, slice);
        }
    }
}

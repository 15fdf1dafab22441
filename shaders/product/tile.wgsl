// A matrix product for real GPUs. A workgroup of 16 x 16 invocations computes a square tile of it, 16 * SPAN on a side; slabs of
// the operands, DEPTH deep, pass through workgroup memory while the next ones are already on their way in registers.
// An invocation owns the elements 16 apart, so that neighbours read neighbouring words and write neighbouring columns.
const SIDE: u32 = 16u * SPAN;
const DEPTH: u32 = select(16u, 8u, SPAN == 8u);
const LOADS: u32 = SIDE * DEPTH / 256u;
const PITCH: u32 = SIDE + 1u; // one word of padding: columns of a slab fall into different banks
var<workgroup> slab_left: array<f32, PITCH * DEPTH>;
var<workgroup> slab_right: array<f32, PITCH * DEPTH>;

// Element `e` of a slab: where along the tile's side, and how deep. Neighbouring invocations read neighbouring words.
fn place(e: u32, depth_is_contiguous: bool) -> vec2<u32> {
    if (depth_is_contiguous) {
        return vec2<u32>(e / DEPTH, e % DEPTH);
    }
    return vec2<u32>(e % SIDE, e / SIDE);
}

fn element_left(at: u32, k: u32, depth: u32) -> f32 {
    if (k >= depth) {
        return 0.0;
    }
    return left(at, k);
}

fn element_right(at: Column, k: u32, depth: u32) -> f32 {
    if (k >= depth) {
        return 0.0;
    }
    return right(at, k);
}

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let slice = group.z * SLICED;
    let size = extent(slice);
    let top = group.y * SIDE;
    let edge = (group.x + group.z * groups.x * (1u - SLICED)) * SIDE;
    var rows: array<u32, LOADS>;
    var columns: array<Column, LOADS>;
    var next_left: array<f32, LOADS>;
    var next_right: array<f32, LOADS>;
    var sums: array<f32, SPAN * SPAN>;

    for (var i = 0u; i < LOADS; i++) {
        let l = place(lane + 256u * i, LEFT_IS_DEEP);
        let r = place(lane + 256u * i, RIGHT_IS_DEEP);
        // Rows and columns beyond the edge repeat the last one: reads stay inside, and the results are not stored.
        rows[i] = row_at(min(top + l.x, size.x - 1u), slice);
        columns[i] = column_at(min(edge + r.x, size.y - 1u), slice);
        next_left[i] = element_left(rows[i], l.y, size.z);
        next_right[i] = element_right(columns[i], r.y, size.z);
    }
    for (var start = 0u; start < size.z; start += DEPTH) {
        for (var i = 0u; i < LOADS; i++) {
            let l = place(lane + 256u * i, LEFT_IS_DEEP);
            let r = place(lane + 256u * i, RIGHT_IS_DEEP);
            slab_left[l.y * PITCH + l.x] = next_left[i];
            slab_right[r.y * PITCH + r.x] = next_right[i];
        }
        workgroupBarrier();
        for (var i = 0u; i < LOADS; i++) {
            let l = place(lane + 256u * i, LEFT_IS_DEEP);
            let r = place(lane + 256u * i, RIGHT_IS_DEEP);
            next_left[i] = element_left(rows[i], start + DEPTH + l.y, size.z);
            next_right[i] = element_right(columns[i], start + DEPTH + r.y, size.z);
        }
        for (var k = 0u; k < DEPTH; k++) {
            var column: array<f32, SPAN>;
            for (var j = 0u; j < SPAN; j++) {
                column[j] = slab_right[k * PITCH + local.x + 16u * j];
            }
            for (var i = 0u; i < SPAN; i++) {
                let row = slab_left[k * PITCH + local.y + 16u * i];
                for (var j = 0u; j < SPAN; j++) {
                    sums[i * SPAN + j] = fma(row, column[j], sums[i * SPAN + j]);
                }
            }
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < SPAN; i++) {
        for (var j = 0u; j < SPAN; j++) {
            let row = top + local.y + 16u * i;
            let column = edge + local.x + 16u * j;
            if (row < size.x && column < size.y) {
                store(row, column, slice, sums[i * SPAN + j]);
            }
        }
    }
}

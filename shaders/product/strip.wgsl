// A matrix product for software adapters: each invocation computes 8 rows x 8 columns from memory, without workgroup memory;
// lavapipe runs neighbouring invocations in the lanes of a vector register.

fn right_at(column: Column, k: u32, slice: u32) -> f32 {
    let spot = right_spot(column, k, slice);
    return select(RIGHT_ELSE, right(spot.element), spot.exists);
}

@compute @workgroup_size(8, 8)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    begin();
    let slice = group.z;
    let size = extent(slice);
    let corner = tile_corner(group, groups, size.x, 64u, 64u);
    let row = corner.x + local.y * 8u;
    let column = corner.y + local.x * 8u;
    if (row >= size.x || column >= size.y) {
        return;
    }
    // Rows and columns beyond the edge repeat the last one: reads stay inside, and the results are not stored.
    let last = size.x - 1u;
    let end = size.y - 1u;
    let row0 = row_at(min(row + 0u, last), slice);
    let row1 = row_at(min(row + 1u, last), slice);
    let row2 = row_at(min(row + 2u, last), slice);
    let row3 = row_at(min(row + 3u, last), slice);
    let row4 = row_at(min(row + 4u, last), slice);
    let row5 = row_at(min(row + 5u, last), slice);
    let row6 = row_at(min(row + 6u, last), slice);
    let row7 = row_at(min(row + 7u, last), slice);
    let column0 = column_at(min(column + 0u, end), slice);
    let column1 = column_at(min(column + 1u, end), slice);
    let column2 = column_at(min(column + 2u, end), slice);
    let column3 = column_at(min(column + 3u, end), slice);
    let column4 = column_at(min(column + 4u, end), slice);
    let column5 = column_at(min(column + 5u, end), slice);
    let column6 = column_at(min(column + 6u, end), slice);
    let column7 = column_at(min(column + 7u, end), slice);
    var sums0: Sums;
    var sums1: Sums;
    var sums2: Sums;
    var sums3: Sums;
    var sums4: Sums;
    var sums5: Sums;
    var sums6: Sums;
    var sums7: Sums;
    for (var k = 0u; k < size.z; k++) {
        let near = right_operands(vec4<f32>(right_at(column0, k, slice), right_at(column1, k, slice), right_at(column2, k, slice), right_at(column3, k, slice)));
        let far = right_operands(vec4<f32>(right_at(column4, k, slice), right_at(column5, k, slice), right_at(column6, k, slice), right_at(column7, k, slice)));
        let above = left_operands(vec4<f32>(left(row0, k, slice), left(row1, k, slice), left(row2, k, slice), left(row3, k, slice)));
        sums0 = add(sums0, above.x, near, far);
        sums1 = add(sums1, above.y, near, far);
        sums2 = add(sums2, above.z, near, far);
        sums3 = add(sums3, above.w, near, far);
        let below = left_operands(vec4<f32>(left(row4, k, slice), left(row5, k, slice), left(row6, k, slice), left(row7, k, slice)));
        sums4 = add(sums4, below.x, near, far);
        sums5 = add(sums5, below.y, near, far);
        sums6 = add(sums6, below.z, near, far);
        sums7 = add(sums7, below.w, near, far);
    }
    let at = places(column, 4u, size.y, slice);
    // One by one: the end of a product is long, and compilers take seconds for eight of it. The next ones move up, as drivers keep what a
    // variable indexes in memory.
    let count = min(size.x - row, 8u);
    for (var i = 0u; i < count; i++) {
        store_row(row + i, size.x, at, unscaled(sums0));
        sums0 = sums1;
        sums1 = sums2;
        sums2 = sums3;
        sums3 = sums4;
        sums4 = sums5;
        sums5 = sums6;
        sums6 = sums7;
    }
}

// A convolution's product for software adapters: each invocation computes 8 rows x 8 columns from memory, as in
// `linear/matmul_strip`. Sums and columns are spelt out because lavapipe keeps an indexed array in memory.
// Stores four columns of a row, as far as they exist.
fn store_row(row: u32, column: u32, slice: u32, size: vec3<u32>, sums: vec4<f32>) {
    if (row < size.x && column < size.y) {
        store(row, column, slice, sums.x);
        if (column + 1u < size.y) { store(row, column + 1u, slice, sums.y); }
        if (column + 2u < size.y) { store(row, column + 2u, slice, sums.z); }
        if (column + 3u < size.y) { store(row, column + 3u, slice, sums.w); }
    }
}

@compute @workgroup_size(8, 8)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let slice = group.z * SLICED;
    let size = extent(slice);
    let row = (group.y * 8u + local.y) * 8u;
    let column = ((group.x + group.z * groups.x * (1u - SLICED)) * 8u + local.x) * 8u;
    if (row >= size.x || column >= size.y) {
        return;
    }
    // Rows and columns beyond the edge repeat the last one: reads stay inside, and the results are not stored.
    let last = size.x - 1u;
    let end = size.y - 1u;
    let row0 = min(row + 0u, last);
    let at0 = column_at(min(column + 0u, end));
    let row1 = min(row + 1u, last);
    let at1 = column_at(min(column + 1u, end));
    let row2 = min(row + 2u, last);
    let at2 = column_at(min(column + 2u, end));
    let row3 = min(row + 3u, last);
    let at3 = column_at(min(column + 3u, end));
    let row4 = min(row + 4u, last);
    let at4 = column_at(min(column + 4u, end));
    let row5 = min(row + 5u, last);
    let at5 = column_at(min(column + 5u, end));
    let row6 = min(row + 6u, last);
    let at6 = column_at(min(column + 6u, end));
    let row7 = min(row + 7u, last);
    let at7 = column_at(min(column + 7u, end));
    var left0 = vec4<f32>(0.0);
    var right0 = vec4<f32>(0.0);
    var left1 = vec4<f32>(0.0);
    var right1 = vec4<f32>(0.0);
    var left2 = vec4<f32>(0.0);
    var right2 = vec4<f32>(0.0);
    var left3 = vec4<f32>(0.0);
    var right3 = vec4<f32>(0.0);
    var left4 = vec4<f32>(0.0);
    var right4 = vec4<f32>(0.0);
    var left5 = vec4<f32>(0.0);
    var right5 = vec4<f32>(0.0);
    var left6 = vec4<f32>(0.0);
    var right6 = vec4<f32>(0.0);
    var left7 = vec4<f32>(0.0);
    var right7 = vec4<f32>(0.0);
    for (var k = 0u; k < size.z; k++) {
        let l = vec4<f32>(right(at0, k, slice), right(at1, k, slice), right(at2, k, slice), right(at3, k, slice));
        let r = vec4<f32>(right(at4, k, slice), right(at5, k, slice), right(at6, k, slice), right(at7, k, slice));
        let a0 = vec4<f32>(left(row0, k, slice));
        left0 = fma(a0, l, left0);
        right0 = fma(a0, r, right0);
        let a1 = vec4<f32>(left(row1, k, slice));
        left1 = fma(a1, l, left1);
        right1 = fma(a1, r, right1);
        let a2 = vec4<f32>(left(row2, k, slice));
        left2 = fma(a2, l, left2);
        right2 = fma(a2, r, right2);
        let a3 = vec4<f32>(left(row3, k, slice));
        left3 = fma(a3, l, left3);
        right3 = fma(a3, r, right3);
        let a4 = vec4<f32>(left(row4, k, slice));
        left4 = fma(a4, l, left4);
        right4 = fma(a4, r, right4);
        let a5 = vec4<f32>(left(row5, k, slice));
        left5 = fma(a5, l, left5);
        right5 = fma(a5, r, right5);
        let a6 = vec4<f32>(left(row6, k, slice));
        left6 = fma(a6, l, left6);
        right6 = fma(a6, r, right6);
        let a7 = vec4<f32>(left(row7, k, slice));
        left7 = fma(a7, l, left7);
        right7 = fma(a7, r, right7);
    }
    store_row(row + 0u, column, slice, size, left0);
    store_row(row + 0u, column + 4u, slice, size, right0);
    store_row(row + 1u, column, slice, size, left1);
    store_row(row + 1u, column + 4u, slice, size, right1);
    store_row(row + 2u, column, slice, size, left2);
    store_row(row + 2u, column + 4u, slice, size, right2);
    store_row(row + 3u, column, slice, size, left3);
    store_row(row + 3u, column + 4u, slice, size, right3);
    store_row(row + 4u, column, slice, size, left4);
    store_row(row + 4u, column + 4u, slice, size, right4);
    store_row(row + 5u, column, slice, size, left5);
    store_row(row + 5u, column + 4u, slice, size, right5);
    store_row(row + 6u, column, slice, size, left6);
    store_row(row + 6u, column + 4u, slice, size, right6);
    store_row(row + 7u, column, slice, size, left7);
    store_row(row + 7u, column + 4u, slice, size, right7);
}

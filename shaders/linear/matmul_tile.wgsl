// C = op(A) op(B) for real GPUs. A workgroup of 16 x 16 invocations computes a square tile of C, 16 * SPAN on a side; slabs of
// A and B, DEPTH deep, pass through workgroup memory while the next ones are already on their way in registers.
// An invocation owns the elements 16 apart, so that neighbours read neighbouring words and write neighbouring columns.
struct Params {
    m: u32,
    n: u32,
    k: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> aux: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

const SIDE: u32 = 16u * SPAN;
const DEPTH: u32 = select(16u, 8u, SPAN == 8u);
const LOADS: u32 = SIDE * DEPTH / 256u;
const PITCH: u32 = SIDE + 1u; // one word of padding: columns of a slab fall into different banks
var<workgroup> slab_a: array<f32, PITCH * DEPTH>;
var<workgroup> slab_b: array<f32, PITCH * DEPTH>;

// Element `e` of a slab: where along the tile's side, and how deep. Neighbouring invocations read neighbouring words.
fn place(e: u32, depth_is_contiguous: bool) -> vec2<u32> {
    if (depth_is_contiguous) {
        return vec2<u32>(e / DEPTH, e % DEPTH);
    }
    return vec2<u32>(e % SIDE, e / SIDE);
}

fn element_a(row: u32, k: u32) -> f32 {
    if (row >= params.m || k >= params.k) {
        return 0.0;
    }
    if (FORM == 2u) {
        return a[k * params.m + row];
    }
    return a[row * params.k + k];
}

fn element_b(column: u32, k: u32) -> f32 {
    if (column >= params.n || k >= params.k) {
        return 0.0;
    }
    if (FORM == 0u) {
        return b[column * params.k + k];
    }
    return b[k * params.n + column];
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let top = group.y * SIDE;
    let left = group.x * SIDE;
    var next_a: array<f32, LOADS>;
    var next_b: array<f32, LOADS>;
    var sums: array<f32, SPAN * SPAN>;

    for (var i = 0u; i < LOADS; i++) {
        let pa = place(lane + 256u * i, FORM != 2u);
        let pb = place(lane + 256u * i, FORM == 0u);
        next_a[i] = element_a(top + pa.x, pa.y);
        next_b[i] = element_b(left + pb.x, pb.y);
    }
    for (var start = 0u; start < params.k; start += DEPTH) {
        for (var i = 0u; i < LOADS; i++) {
            let pa = place(lane + 256u * i, FORM != 2u);
            let pb = place(lane + 256u * i, FORM == 0u);
            slab_a[pa.y * PITCH + pa.x] = next_a[i];
            slab_b[pb.y * PITCH + pb.x] = next_b[i];
        }
        workgroupBarrier();
        for (var i = 0u; i < LOADS; i++) {
            let pa = place(lane + 256u * i, FORM != 2u);
            let pb = place(lane + 256u * i, FORM == 0u);
            next_a[i] = element_a(top + pa.x, start + DEPTH + pa.y);
            next_b[i] = element_b(left + pb.x, start + DEPTH + pb.y);
        }
        for (var k = 0u; k < DEPTH; k++) {
            var column: array<f32, SPAN>;
            for (var j = 0u; j < SPAN; j++) {
                column[j] = slab_b[k * PITCH + local.x + 16u * j];
            }
            for (var i = 0u; i < SPAN; i++) {
                let row = slab_a[k * PITCH + local.y + 16u * i];
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
            let column = left + local.x + 16u * j;
            if (row < params.m && column < params.n) {
                store(row, column, sums[i * SPAN + j]);
            }
        }
    }
}

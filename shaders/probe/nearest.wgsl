// The K nearest points of each query, by |p|^2 - 2 q.p: the squared distance less |q|^2, which is the same for all points.
// Of points at the same distance the lower index comes first. A workgroup takes a query: each lane keeps the K nearest of
// its points, sorted, and then the lanes' lists are merged in pairs.
struct Params {
    points: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> products: array<f32>;      // q.p, [queries, points]
@group(0) @binding(2) var<storage, read> squares: array<f32>;       // |p|^2
@group(0) @binding(3) var<storage, read_write> nearest: array<u32>; // [queries, K], the nearest first

const LANES: u32 = 64u;
const FARTHEST: f32 = 3.4028234e38;
const NOBODY: u32 = 0xffffffffu;
// Entry i of a lane's list lies at i * LANES + lane. K = 32 fills WebGPU's 16 KiB of workgroup memory.
var<workgroup> keys: array<f32, K * LANES>;
var<workgroup> indices: array<u32, K * LANES>;

fn precedes(key: f32, index: u32, at: u32) -> bool {
    return key < keys[at] || (key == keys[at] && index < indices[at]);
}

// Puts a point into a lane's list, whose last entry falls out. False where it is no nearer than the last.
fn insert(lane: u32, key: f32, index: u32) -> bool {
    var at = (K - 1u) * LANES + lane;
    if (!precedes(key, index, at)) {
        return false;
    }
    while (at >= LANES && precedes(key, index, at - LANES)) {
        keys[at] = keys[at - LANES];
        indices[at] = indices[at - LANES];
        at -= LANES;
    }
    keys[at] = key;
    indices[at] = index;
    return true;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    for (var at = lane; at < K * LANES; at += LANES) {
        keys[at] = FARTHEST;
        indices[at] = NOBODY;
    }
    for (var point = lane; point < params.points; point += LANES) {
        insert(lane, squares[point] - 2.0 * products[group.x * params.points + point], point);
    }
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) {
            for (var at = lane + half; at < K * LANES; at += LANES) {
                if (!insert(lane, keys[at], indices[at])) {
                    break;
                }
            }
        }
    }
    workgroupBarrier();
    if (lane < K) {
        nearest[group.x * K + lane] = indices[lane * LANES];
    }
}

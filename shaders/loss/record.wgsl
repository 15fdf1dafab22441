// Sums loss terms in a fixed order and writes them into the step's row of the log: [total, term 0, term 1, ...].
struct Params {
    first: u32,    // elements of each term; 0 of one that is not there
    second: u32,
    third: u32,
    scale: f32,    // 1 / rows
    capacity: u32, // rows of the log, a ring
    columns: u32,
    column: u32,   // the first term's, 1..; column 1 also begins the total
    add: u32,      // 1 adds to what an earlier part of the step has written
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> first: array<f32>;
@group(0) @binding(3) var<storage, read> second: array<f32>;
@group(0) @binding(4) var<storage, read> third: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;

fn write(at: u32, sum: f32) -> f32 {
    let mean = sum * params.scale;
    losses[at] = select(0.0, losses[at], params.add == 1u) + mean;
    return mean;
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sums = vec3<f32>();
    for (var i = lane; i < max(params.first, max(params.second, params.third)); i += LANES) {
        if (i < params.first) { sums.x += first[i]; }
        if (i < params.second) { sums.y += second[i]; }
        if (i < params.third) { sums.z += third[i]; }
    }
    sums.x = sum_of_lanes(lane, sums.x);
    sums.y = sum_of_lanes(lane, sums.y);
    sums.z = sum_of_lanes(lane, sums.z);
    if (lane == 0u) {
        let at = (clock[STEP] % params.capacity) * params.columns;
        var total = select(losses[at], 0.0, params.column == 1u && params.add == 0u);
        total += write(at + params.column, sums.x);
        if (params.second > 0u) { total += write(at + params.column + 1u, sums.y); }
        if (params.third > 0u) { total += write(at + params.column + 2u, sums.z); }
        losses[at] = total;
    }
}

// Sums a loss term in a fixed order and writes it into the step's row of the log: [total, term 0, term 1, ...].
struct Params {
    count: u32,
    scale: f32,    // 1 / rows
    capacity: u32, // rows of the log, a ring
    columns: u32,
    column: u32,   // 1.. ; the first term also begins the total
    add: u32,      // 1 adds to what an earlier part of the step has written
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> terms: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var i = lane; i < params.count; i += LANES) {
        sum += terms[i];
    }
    sum = sum_of_lanes(lane, sum);
    if (lane == 0u) {
        let at = (clock[STEP] % params.capacity) * params.columns;
        let mean = sum * params.scale;
        let total = select(losses[at], 0.0, params.column == 1u && params.add == 0u);
        let term = select(0.0, losses[at + params.column], params.add == 1u);
        losses[at] = total + mean;
        losses[at + params.column] = term + mean;
    }
}

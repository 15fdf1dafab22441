// Reductions over the LANES invocations of a workgroup, a power of two, in a fixed order. Every invocation must call them.
const LOWEST: f32 = -3.4028234e38;
var<workgroup> lanes: array<f32, LANES>;

fn sum_of_lanes(lane: u32, value: f32) -> f32 {
    workgroupBarrier(); // an earlier result has been read
    lanes[lane] = value;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) {
            lanes[lane] += lanes[lane + half];
        }
    }
    workgroupBarrier();
    return lanes[0];
}

fn max_of_lanes(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    lanes[lane] = value;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) {
            lanes[lane] = max(lanes[lane], lanes[lane + half]);
        }
    }
    workgroupBarrier();
    return lanes[0];
}

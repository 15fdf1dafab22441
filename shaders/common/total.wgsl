// The sum over the 256 invocations of a workgroup, in a fixed order. Every invocation must call it.
var<workgroup> totals: array<f32, 256>;

fn total(lane: u32, value: f32) -> f32 {
    workgroupBarrier(); // an earlier result has been read
    totals[lane] = value;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) {
            totals[lane] += totals[lane + half];
        }
    }
    workgroupBarrier();
    return totals[0];
}

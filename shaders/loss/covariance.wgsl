// VICReg's variance and covariance terms from the products C = Zc^T Zc of the centred columns of all views, which it
// replaces by the matrix W that gives the gradient, dZ = Zc W. One workgroup per row of C. Columns are
// view * width + dimension; only those of the same view are compared.
//   covariance: sum_{i != j} (C_ij / (n - 1))^2 / width
//   variance: max(0, 1 - sqrt(C_ii / (n - 1) + epsilon)) / (width views)
struct Params {
    images: u32, // n
    views: u32,
    width: u32,
    variance_weight: f32,
    covariance_weight: f32,
    epsilon: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> products: array<f32>; // then W
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;   // a term for each column
@group(0) @binding(3) var<storage, read_write> covariance: array<f32>; // a term for each column

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let columns = params.views * params.width;
    let share = 1.0 / f32(params.images - 1u);
    let covariance_scale = params.covariance_weight / f32(params.width);
    let variance_scale = params.variance_weight / f32(columns);
    for (var i = group.x; i < columns; i += groups.x) {
        var sum = 0.0;
        for (var j = lane; j < columns; j += LANES) {
            let at = i * columns + j;
            let c = products[at] * share;
            var slope = 0.0;
            if (i == j) {
                let deviation = sqrt(c + params.epsilon);
                variance[i] = max(0.0, 1.0 - deviation) * variance_scale;
                slope = select(0.0, -share / deviation * variance_scale, deviation < 1.0);
            } else if (i / params.width == j / params.width) {
                sum += c * c;
                slope = 4.0 * c * share * covariance_scale; // C_ij stands for C_ji as well
            }
            products[at] = slope;
        }
        sum = sum_of_lanes(lane, sum);
        if (lane == 0u) {
            covariance[i] = sum * covariance_scale;
        }
    }
}

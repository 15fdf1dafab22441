// InfoNCE over the similarities of all rows, one workgroup per row: the term of the row, and in place of its similarities
// their gradient. Rows of one image are adjacent; each row's positives are the image's other views.
//   term = ln sum_{j != i} e^(s_ij / tau) - mean_{j positive} s_ij / tau
struct Params {
    rows: u32,
    views: u32,
    inverse_temperature: f32,
    gradient_scale: f32, // of the loss with respect to a row's term: 1 / rows
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> similarity: array<f32>; // then its gradient
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let share = 1.0 / f32(params.views - 1u);
    for (var row = group.x; row < params.rows; row += groups.x) {
        let start = row * params.rows;
        let image = row / params.views;
        var highest = LOWEST;
        for (var j = lane; j < params.rows; j += LANES) {
            if (j != row) {
                highest = max(highest, similarity[start + j]);
            }
        }
        highest = max_of_lanes(lane, highest);
        var sum = 0.0;
        var positive = 0.0; // below the highest
        for (var j = lane; j < params.rows; j += LANES) {
            if (j != row) {
                let below = (similarity[start + j] - highest) * params.inverse_temperature;
                sum += exp(below);
                positive += select(0.0, below * share, j / params.views == image);
            }
        }
        sum = sum_of_lanes(lane, sum);
        positive = sum_of_lanes(lane, positive);
        if (lane == 0u) {
            terms[row] = log(sum) - positive;
        }
        let scale = params.inverse_temperature * params.gradient_scale;
        for (var j = lane; j < params.rows; j += LANES) {
            let probability = exp((similarity[start + j] - highest) * params.inverse_temperature) / sum;
            let wanted = select(0.0, share, j / params.views == image);
            similarity[start + j] = select((probability - wanted) * scale, 0.0, j == row);
        }
    }
}

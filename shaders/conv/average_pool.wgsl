// The mean of each plane. BACKWARD = 1: the gradient of the mean, spread evenly.
struct Params {
    planes: u32, // images times channels
    area: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let count = select(params.planes, params.planes * params.area, BACKWARD == 1u);
    for (var i = id.x; i < count; i += groups.x * 64u) {
        var sum = 0.0;
        if (BACKWARD == 1u) {
            sum = input[i / params.area];
        } else {
            for (var j = 0u; j < params.area; j++) {
                sum += input[i * params.area + j];
            }
        }
        result[i] = sum / f32(params.area);
    }
}

// y = the sum of 16 numbers that begin at x, x + 1, ... and are ROUNDS times multiplied by FACTOR with TERM added: multiply-adds in
// registers, sixteen of which wait for no other.
struct Params {
    count: u32,
    rounds: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let factor = vec4<f32>(FACTOR);
    let term = vec4<f32>(TERM);
    for (var i = id.x; i < params.count; i += groups.x * 64u) {
        var a = vec4<f32>(x[i]) + vec4<f32>(0.0, 1.0, 2.0, 3.0);
        var b = a + 4.0;
        var c = a + 8.0;
        var d = a + 12.0;
        for (var round = 0u; round < params.rounds; round++) {
            a = fma(a, factor, term);
            b = fma(b, factor, term);
            c = fma(c, factor, term);
            d = fma(d, factor, term);
        }
        y[i] = dot(a + b + c + d, vec4<f32>(1.0));
    }
}

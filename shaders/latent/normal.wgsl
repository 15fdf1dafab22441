// Standard normal noise by Box and Muller (1958), four numbers to an invocation, from (seed, step, index).
struct Params {
    first: u32, // index of the first element
    count: u32,
    purpose: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read_write> noise: array<f32>;

fn pair(word0: u32, word1: u32) -> vec2<f32> {
    // 1 - u is exact and in (0, 1], so the logarithm is finite. Near one, -ln(1 - u) = ln(1 + u / (1 - u)).
    let u = unit(word0);
    let rest = 1.0 - u;
    let radius = sqrt(2.0 * select(-log(rest), log1p(u / rest), u < 0.5));
    return radius * sin_cos_turns(unit(word1)).yx;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let seed = vec2<u32>(clock[SEED], clock[SEED + 1u]);
    // A block of four may have begun before the first element.
    let begun = params.first % 4u;
    for (var block = id.x; block * 4u < begun + params.count; block += groups.x * 64u) {
        let words = philox(seed, vec4<u32>(params.first / 4u + block, clock[STEP], 0u, params.purpose));
        let normals = vec4<f32>(pair(words.x, words.y), pair(words.z, words.w));
        for (var lane = select(0u, begun, block == 0u); lane < min(4u, begun + params.count - block * 4u); lane++) {
            noise[block * 4u + lane - begun] = normals[lane];
        }
    }
}

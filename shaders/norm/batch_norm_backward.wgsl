// The gradients of a batch normalisation: of its scale and shift, of its input, and of what was added to its result (if anything). g is dy,
// with RELU only where y is positive: dshift = sum of g, dscale = sum of g (x - mean) / deviation, dx = scale / deviation (g - mean of g -
// (x - mean) mean of (g (x - mean)) / variance); `keep` takes g along. The sums are those of all devices, but for dshift and dscale, which
// are added up later. A workgroup takes some images of one channel.
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> sums: array<f32>; // of each member as `batch_norm_sums` has them
@group(0) @binding(5) var<storage, read_write> dscale: array<f32>;
@group(0) @binding(6) var<storage, read_write> dshift: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let channel = group.x;
    let stride = 3u + 2u * params.parts;
    let begin = (params.member * params.channels + channel) * stride;
    let mean = sums[begin];
    let inverse = sums[begin + 1u];
    let factor = sums[begin + 2u];
    var plain = 0.0;
    var weighted = 0.0;
    for (var member = 0u; member < params.members; member++) {
        let begin = (member * params.channels + channel) * stride;
        var own_plain = 0.0;
        var own_weighted = 0.0;
        for (var first = 0u; first < params.parts; first += 4u) {
            let parts = four_parts(first);
            let i = begin + 3u + 2u * parts.i;
            let j = i + 1u;
            own_plain = add_four(own_plain, vec4<f32>(sums[i.x], sums[i.y], sums[i.z], sums[i.w]), parts.within);
            own_weighted = add_four(own_weighted, vec4<f32>(sums[j.x], sums[j.y], sums[j.z], sums[j.w]), parts.within);
        }
        if (member == params.member && group.y == 0u && lane == 0u) {
            dshift[channel] = own_plain;
            dscale[channel] = own_weighted * inverse;
        }
        plain += own_plain;
        weighted += own_weighted;
    }
    plain /= count_of_all();
    weighted = weighted * inverse * inverse / count_of_all();
    let images = share(group.y, groups.y);
    for (var at = first_element(lane) + vec2<u32>(images.x, 0u); at.x < images.y; at = next_element(at)) {
        let i = element(at, channel);
        var g = dy[i];
        if (RELU == 1u) {
            g = select(0.0, g, y[i] > 0.0);
        }
        dx[i] = factor * (g - plain - (x[i] - mean) * weighted);
        keep(i, g);
    }
}

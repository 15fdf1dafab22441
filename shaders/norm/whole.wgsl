// The mean of a channel and the sum of its squared distances from that, of the sums of its parts on all devices: see `moments`.
struct Whole {
    mean: f32,
    squares: f32,
}

fn whole(channel: u32) -> Whole {
    var sum = 0.0;
    for (var member = 0u; member < params.members; member++) {
        for (var first = 0u; first < params.parts; first += 4u) {
            let parts = four_parts(first);
            sum = add_four(sum, sums_of(member, channel, parts), parts.within);
        }
    }
    let mean = sum / count_of_all();
    var squares = 0.0;
    for (var member = 0u; member < params.members; member++) {
        for (var first = 0u; first < params.parts; first += 4u) {
            let parts = four_parts(first);
            let i = moment(member, channel, parts) + 1u;
            let own = vec4<f32>(moments[i.x], moments[i.y], moments[i.z], moments[i.w]);
            let counts = counts_of(parts);
            let distances = sums_of(member, channel, parts) / counts - mean;
            squares = add_four(squares, own + counts * distances * distances, parts.within);
        }
    }
    return Whole(mean, squares);
}

// Where the moments of parts lie.
fn moment(member: u32, channel: u32, parts: Parts) -> vec4<u32> {
    return 2u * ((member * params.channels + channel) * params.parts + parts.i);
}

fn sums_of(member: u32, channel: u32, parts: Parts) -> vec4<f32> {
    let i = moment(member, channel, parts);
    return vec4<f32>(moments[i.x], moments[i.y], moments[i.z], moments[i.w]);
}

// Elements of a channel in parts.
fn counts_of(parts: Parts) -> vec4<f32> {
    let first = parts.i * params.slice;
    return vec4<f32>((min(first + params.slice, vec4<u32>(params.images)) - first) * params.area);
}

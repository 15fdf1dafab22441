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
            sum = add_four(sum, numbers_of(member, channel, parts, 0u), parts.within);
        }
    }
    let mean = sum / count_of_all();
    var squares = 0.0;
    for (var member = 0u; member < params.members; member++) {
        for (var first = 0u; first < params.parts; first += 4u) {
            let parts = four_parts(first);
            let own = numbers_of(member, channel, parts, 1u);
            let counts = numbers_of(member, channel, parts, 2u);
            // A part without an element has a sum of zero.
            let distances = numbers_of(member, channel, parts, 0u) / max(counts, vec4<f32>(1.0)) - mean;
            squares = add_four(squares, own + counts * distances * distances, parts.within);
        }
    }
    return Whole(mean, squares);
}

// Of each of four parts its sum, squared distances, or elements: the number at 0, 1 or 2.
fn numbers_of(member: u32, channel: u32, parts: Parts, at: u32) -> vec4<f32> {
    let i = 3u * ((member * params.channels + channel) * params.parts + parts.i) + at;
    return vec4<f32>(moments[i.x], moments[i.y], moments[i.z], moments[i.w]);
}

// A walk over the elements of a channel of [images, channels, area] in steps of LANES: image and position in the plane. It divides only
// before the loop, since GPUs take dozens of instructions for a division.
fn first_element(lane: u32) -> vec2<u32> {
    return vec2<u32>(lane / params.area, lane % params.area);
}

fn next_element(at: vec2<u32>) -> vec2<u32> {
    let next = at + vec2<u32>(LANES / params.area, LANES % params.area);
    return select(next, vec2<u32>(next.x + 1u, next.y - params.area), next.y >= params.area);
}

fn element(at: vec2<u32>, channel: u32) -> u32 {
    return (at.x * params.channels + channel) * params.area + at.y;
}

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

// The first image behind those that begin here.
fn end_of(first: u32, images: u32) -> u32 {
    return min(first + images, params.images);
}

// Four steps of a walk: a lane that loads four elements before it needs the first one waits for memory a quarter as often.
struct Steps {
    i: vec4<u32>,       // the elements; in the place of one behind the end the first of them
    within: vec4<bool>, // whether they lie before the end
    next: vec2<u32>,    // where the walk goes on
}

fn four_steps(at: vec2<u32>, end: u32, channel: u32) -> Steps {
    let b = next_element(at);
    let c = next_element(b);
    let d = next_element(c);
    let i = vec4<u32>(element(at, channel), element(b, channel), element(c, channel), element(d, channel));
    let within = vec4<u32>(at.x, b.x, c.x, d.x) < vec4<u32>(end);
    return Steps(select(vec4<u32>(i.x), i, within), within, next_element(d));
}

// A sum with those of four values that count, in order.
fn add_four(sum: f32, values: vec4<f32>, counts: vec4<bool>) -> f32 {
    let four = select(vec4<f32>(), values, counts);
    return sum + four.x + four.y + four.z + four.w;
}

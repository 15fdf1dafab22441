// What the kernels of a batch normalisation share: the sizes of x [images, channels, area], and the parts in which its channels are
// summed, each of `slice` images, so that few channels with many elements occupy a card as well. Where `members` devices share a step,
// this one is `member`, and all have `images_of_all` together and as many parts: the last ones of who has fewer images may be empty.
struct Params {
    images: u32,
    channels: u32,
    area: u32,
    slice: u32,
    parts: u32,
    members: u32,
    member: u32,
    images_of_all: u32,
    momentum: f32,
    epsilon: f32,
}
@group(0) @binding(0) var<uniform> params: Params;

// The images that one of several workgroups of a channel takes: the first, and the first behind them.
fn share(group: u32, groups: u32) -> vec2<u32> {
    let images = (params.images + groups - 1u) / groups;
    return vec2<u32>(group * images, end_of(group * images, images));
}

// Elements of a channel on all devices.
fn count_of_all() -> f32 {
    return f32(params.images_of_all * params.area);
}

// Four parts of a channel, which are loaded at once for the same reason as four elements.
struct Parts {
    i: vec4<u32>,       // their numbers; in the place of one behind the last part the last
    within: vec4<bool>, // whether there are as many
}

fn four_parts(first: u32) -> Parts {
    let i = first + vec4<u32>(0u, 1u, 2u, 3u);
    return Parts(min(i, vec4<u32>(params.parts - 1u)), i < vec4<u32>(params.parts));
}

// What the kernels of a batch normalisation share: the sizes of x [images, channels, area], and the parts in which its channels are
// summed, each of `slice` images, so that few channels with many elements occupy a card as well. Where `members` devices share a step,
// each has as many images, and this one is `member`.
struct Params {
    images: u32,
    channels: u32,
    area: u32,
    slice: u32,
    parts: u32,
    members: u32,
    member: u32,
    momentum: f32,
    epsilon: f32,
}
@group(0) @binding(0) var<uniform> params: Params;

// The first image behind those that begin here.
fn end_of(first: u32, images: u32) -> u32 {
    return min(first + images, params.images);
}

// The images that one of several workgroups of a channel takes: the first, and the first behind them.
fn share(group: u32, groups: u32) -> vec2<u32> {
    let images = (params.images + groups - 1u) / groups;
    return vec2<u32>(group * images, end_of(group * images, images));
}

// Elements of a channel on all devices.
fn count_of_all() -> f32 {
    return f32(params.images * params.area) * f32(params.members);
}

// Elements of a channel in a part.
fn count_of(part: u32) -> f32 {
    let first = part * params.slice;
    return f32((end_of(first, params.slice) - first) * params.area);
}

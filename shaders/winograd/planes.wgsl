// Planes and the tiles that they are cut into. Of a tensor of places, those of a channel's tiles lie side by side:
// [place, channel, image, tile down, tile across].
struct Params {
    images: u32,
    channels: u32,
    height: u32,
    width: u32,
    down: u32, // tiles
    across: u32,
    padding: u32,
}
@group(0) @binding(0) var<uniform> params: Params;

// A tile: where its channel's plane begins, the row and column in it at which the tile does, and its first place.
struct At {
    plane: u32,
    y: u32,
    x: u32,
    place: u32,
    channel: u32,
}

fn tile_count() -> u32 {
    return params.channels * params.images * params.down * params.across;
}

fn tile_at(index: u32) -> At {
    let tiles = params.down * params.across;
    let image = index / tiles % params.images;
    let channel = index / tiles / params.images;
    let y = index % tiles / params.across * SIDE - params.padding;
    let x = index % params.across * SIDE - params.padding;
    return At((image * params.channels + channel) * params.height * params.width, y, x, index, channel);
}

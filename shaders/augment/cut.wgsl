// Renders the views of a step from pictures that are kept larger or smaller than the views: crop, one antialiased resize (a triangle
// as wide as the reduction, as PIL and torchvision have it), flips, threshold. One invocation per pixel and channel. Weights are whole
// multiples of 1 / (2 * size) pixels, and sums of whole numbers take two words, so devices agree on every picture to a rounding, and
// on black and white ones exactly.
struct Params {
    rows: u32,
    channels: u32,
    stored_height: u32, // of a picture; all sides are at most 1024, so that the weighted sum of a line fits 32 bits
    stored_width: u32,
    height: u32,        // of a view
    width: u32,
    threshold: u32,     // 1 gives black and white: value >= 0.5
    views: u32,         // rows of an image
    ring: u32,          // steps whose images `pixels` holds, in turn; 0 where it holds all images
    stride: u32,        // bytes of a step in the ring
    before: u32,        // of them, before the first image that is wanted
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> views: array<u32>;
@group(0) @binding(3) var<storage, read> pixels: array<u32>; // planar bytes, four to a word
@group(0) @binding(4) var<storage, read_write> images: array<f32>;

// The pixels of a crop that make an output position: those nearer than `reach` to its centre, in units of 1 / (2 * size).
struct Taps {
    first: u32,
    end: u32,
    size: u32,
    centre: u32,
    reach: u32,
}

fn taps(at: u32, size: u32, crop: u32) -> Taps {
    let centre = (2u * at + 1u) * crop;
    let reach = 2u * max(crop, size);
    let first = (max(centre + size, reach) - reach) / (2u * size);
    let end = min((centre + reach + size - 1u) / (2u * size), crop);
    return Taps(first, end, size, centre, reach);
}

// How much the pixel `at` weighs, above 0 and at most 2048.
fn weight(taps: Taps, at: u32) -> u32 {
    let place = (2u * at + 1u) * taps.size;
    return taps.reach - (max(place, taps.centre) - min(place, taps.centre));
}

// A sum of two words, the lower one first, and `weight * x` added to it.
fn plus(sum: vec2<u32>, weight: u32, x: u32) -> vec2<u32> {
    let low = sum.x + weight * x;
    let high = (weight * (x >> 16u) + ((weight * (x & 0xffffu)) >> 16u)) >> 16u;
    return vec2<u32>(low, sum.y + high + select(0u, 1u, low < sum.x));
}

fn real(sum: vec2<u32>) -> f32 {
    return f32(sum.y) * 0x1p32 + f32(sum.x);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let plane = params.height * params.width;
    let stored_plane = params.stored_height * params.stored_width;
    let count = params.rows * params.channels * plane;
    for (var i = id.x; i < count; i += groups.x * 64u) {
        let row = i / (params.channels * plane);
        let at = row * VIEW_WORDS;
        let flips = views[at + VIEW_FLIPS];
        let x = i % params.width;
        let y = (i / params.width) % params.height;
        let across = taps(unflipped(x, params.width, flips, 1u), params.width, views[at + VIEW_WIDTH]);
        let down = taps(unflipped(y, params.height, flips, 2u), params.height, views[at + VIEW_HEIGHT]);

        let channel = (i / plane) % params.channels;
        let corner = first_byte(row, params.channels * stored_plane) + channel * stored_plane
            + views[at + VIEW_TOP] * params.stored_width + views[at + VIEW_LEFT];
        var sum = vec2<u32>(0u, 0u);
        var full = vec2<u32>(0u, 0u); // what white pixels would give
        for (var v = down.first; v < down.end; v++) {
            let line = corner + v * params.stored_width;
            var of_line = 0u;
            var of_white = 0u;
            for (var h = across.first; h < across.end; h++) {
                let w = weight(across, h);
                of_line += w * pixel(line + h);
                of_white += w * 255u;
            }
            let w = weight(down, v);
            sum = plus(sum, w, of_line);
            full = plus(full, w, of_white);
        }
        var value = real(sum) / real(full);
        if (params.threshold != 0u) {
            let twice = vec2<u32>(sum.x << 1u, (sum.y << 1u) | (sum.x >> 31u));
            value = select(0.0, 1.0, twice.y > full.y || (twice.y == full.y && twice.x >= full.x));
        }
        images[i] = value;
    }
}

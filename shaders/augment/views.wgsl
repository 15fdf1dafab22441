// Renders the views of a step: crop, bilinear resize to the image's own size, flips, threshold. One invocation per pixel
// and channel. All arithmetic but one last division is on integers: source positions are multiples of 1 / (2 * size), so
// devices agree on every picture to a rounding, and on black and white ones exactly.
struct Params {
    rows: u32,
    channels: u32,
    height: u32,    // at most 1024, so that the sums fit 32 bits
    width: u32,
    threshold: u32, // 1 gives black and white: value >= 0.5
    views: u32,     // rows of an image
    ring: u32,      // steps whose images `pixels` holds, in turn; 0 where it holds all images
    stride: u32,    // bytes of a step in the ring
    before: u32,    // of them, before the first image that is wanted
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> views: array<u32>;
@group(0) @binding(3) var<storage, read> pixels: array<u32>; // planar bytes, four to a word
@group(0) @binding(4) var<storage, read_write> images: array<f32>;

// Source of output position `at`: first and second pixel within the crop, and the second's weight out of 2 * size.
fn source(at: u32, size: u32, crop: u32) -> vec3<u32> {
    let position = u32(max(i32((2u * at + 1u) * crop) - i32(size), 0));
    let first = min(position / (2u * size), crop - 1u);
    let second = min(first + 1u, crop - 1u);
    return vec3<u32>(first, second, position % (2u * size));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let plane = params.height * params.width;
    let count = params.rows * params.channels * plane;
    for (var i = id.x; i < count; i += groups.x * 64u) {
        let row = i / (params.channels * plane);
        let at = row * VIEW_WORDS;
        let flips = views[at + VIEW_FLIPS];
        let x = i % params.width;
        let y = (i / params.width) % params.height;
        let across = source(unflipped(x, params.width, flips, 1u), params.width, views[at + VIEW_WIDTH]);
        let down = source(unflipped(y, params.height, flips, 2u), params.height, views[at + VIEW_HEIGHT]);

        let channel = (i / plane) % params.channels;
        let corner = first_byte(row, params.channels * plane) + channel * plane + views[at + VIEW_TOP] * params.width
            + views[at + VIEW_LEFT];
        let top = corner + down.x * params.width;
        let bottom = corner + down.y * params.width;
        let stay = 2u * params.width - across.z;
        let upper = pixel(top + across.x) * stay + pixel(top + across.y) * across.z;
        let lower = pixel(bottom + across.x) * stay + pixel(bottom + across.y) * across.z;
        let sum = upper * (2u * params.height - down.z) + lower * down.z;

        let full = 4u * plane * 255u;
        var value = f32(sum) / f32(full);
        if (params.threshold != 0u) {
            value = select(0.0, 1.0, 2u * sum >= full);
        }
        images[i] = value;
    }
}

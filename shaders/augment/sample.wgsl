// Draws the views of a step: for each row, which image, which crop and which flips. One invocation per row.
struct Params {
    images: u32,
    first: u32,           // of the batch's images, the first that is drawn
    rows: u32,            // drawn images * views
    views: u32,           // J; row = image * J + view
    plain: u32,           // the first so many views are the whole image as it is
    height: u32,
    width: u32,
    shuffle: u32,         // 0 takes the images in order
    crop: u32,            // 0 takes the whole image
    area_low: f32,        // crop area, as a fraction of the image
    area_high: f32,
    log_aspect_low: f32,  // natural logarithm of width / height
    log_aspect_high: f32,
    horizontal_flip: f32, // probabilities
    vertical_flip: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read_write> views: array<u32>;

const ATTEMPTS: u32 = 10u; // as torchvision's RandomResizedCrop

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < params.rows; row += groups.x * 64u) {
        draw(row);
    }
}

fn draw(row: u32) {
    let seed = vec2<u32>(clock[SEED], clock[SEED + 1u]);
    var epoch = clock[EPOCH];
    var position = clock[CURSOR] + params.first + row / params.views;
    if (position >= params.images) {
        position -= params.images;
        epoch += 1u;
    }
    var image = position;
    if (params.shuffle != 0u) {
        image = permute(position, params.images, philox(seed, vec4<u32>(epoch, 0u, 0u, PURPOSE_SHUFFLE)));
    }

    let view = row % params.views;
    var box = vec4<u32>(0u, 0u, params.width, params.height); // left, top, width, height
    let plain = view < params.plain;
    if (params.crop != 0u && !plain) {
        box = random_crop(seed, image, epoch, view);
    }
    let coin = philox(seed, vec4<u32>(image, epoch, view * 16u + ATTEMPTS, PURPOSE_VIEW));
    let flips = select(0u, 1u, !plain && unit(coin.x) < params.horizontal_flip)
        + select(0u, 2u, !plain && unit(coin.y) < params.vertical_flip);

    let at = row * VIEW_WORDS;
    views[at + VIEW_IMAGE] = image;
    views[at + VIEW_LEFT] = box.x;
    views[at + VIEW_TOP] = box.y;
    views[at + VIEW_WIDTH] = box.z;
    views[at + VIEW_HEIGHT] = box.w;
    views[at + VIEW_FLIPS] = flips;
    views[at + VIEW_EPOCH] = epoch;
    views[at + VIEW_NUMBER] = view;
}

// torchvision's RandomResizedCrop: ten attempts at a random area and aspect, else the largest central crop whose
// aspect is allowed.
fn random_crop(seed: vec2<u32>, image: u32, epoch: u32, view: u32) -> vec4<u32> {
    let whole = vec2<f32>(f32(params.width), f32(params.height));
    for (var attempt = 0u; attempt < ATTEMPTS; attempt++) {
        let words = philox(seed, vec4<u32>(image, epoch, view * 16u + attempt, PURPOSE_VIEW));
        let area = whole.x * whole.y * mix_exact(params.area_low, params.area_high, unit(words.x));
        let aspect = exp(mix_exact(params.log_aspect_low, params.log_aspect_high, unit(words.y)));
        let width = u32(round(sqrt(area * aspect)));
        let height = u32(round(sqrt(area / aspect)));
        if (width >= 1u && height >= 1u && width <= params.width && height <= params.height) {
            return vec4<u32>(
                below(words.z, params.width - width + 1u),
                below(words.w, params.height - height + 1u),
                width,
                height,
            );
        }
    }
    let aspect = clamp(whole.x / whole.y, exp(params.log_aspect_low), exp(params.log_aspect_high));
    let width = clamp(u32(round(whole.y * aspect)), 1u, params.width);
    let height = clamp(u32(round(whole.x / aspect)), 1u, params.height);
    return vec4<u32>((params.width - width) / 2u, (params.height - height) / 2u, width, height);
}

fn mix_exact(low: f32, high: f32, t: f32) -> f32 {
    return low + (high - low) * t;
}

// A word as an integer in 0..n (Lemire's multiplication).
fn below(word: u32, n: u32) -> u32 {
    return mul_high(word, n);
}

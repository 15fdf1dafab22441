// Draws what changes the colours and the sharpness of each view: for each row, eight numbers. One invocation per row.
struct Params {
    rows: u32,
    plain: u32,           // the first so many views of an image stay as they are
    jitter: f32,          // probabilities
    grey: f32,
    blur: f32,
    solarise: f32,
    brightness_low: f32,  // ranges of the factors
    brightness_high: f32,
    contrast_low: f32,
    contrast_high: f32,
    saturation_low: f32,
    saturation_high: f32,
    hue: f32,             // greatest turn in either direction
    sigma_low: f32,       // pixels
    sigma_high: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> views: array<u32>;
@group(0) @binding(3) var<storage, read_write> effects: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let seed = vec2<u32>(clock[SEED], clock[SEED + 1u]);
    for (var row = id.x; row < params.rows; row += groups.x * 64u) {
        let image = views[row * VIEW_WORDS + VIEW_IMAGE];
        let epoch = views[row * VIEW_WORDS + VIEW_EPOCH];
        let view = views[row * VIEW_WORDS + VIEW_NUMBER];
        let factors = philox(seed, vec4<u32>(image, epoch, view * 2u, PURPOSE_JITTER));
        let jitter = philox(seed, vec4<u32>(image, epoch, view * 2u + 1u, PURPOSE_JITTER));
        let grey = philox(seed, vec4<u32>(image, epoch, view, PURPOSE_GREY));
        let blur = philox(seed, vec4<u32>(image, epoch, view, PURPOSE_BLUR));
        let solarise = philox(seed, vec4<u32>(image, epoch, view, PURPOSE_SOLARISE));
        let free = view >= params.plain;
        let jitters = free && unit(jitter.x) < params.jitter;

        let at = row * EFFECT_NUMBERS;
        effects[at + BRIGHTNESS] =
            select(1.0, between(params.brightness_low, params.brightness_high, factors.x), jitters);
        effects[at + CONTRAST] = select(1.0, between(params.contrast_low, params.contrast_high, factors.y), jitters);
        effects[at + SATURATION] =
            select(1.0, between(params.saturation_low, params.saturation_high, factors.z), jitters);
        effects[at + HUE] = select(0.0, between(-params.hue, params.hue, factors.w), jitters);
        effects[at + ORDER] = f32(order(mul_high(jitter.y, 24u)));
        effects[at + GREY] = select(0.0, 1.0, free && unit(grey.x) < params.grey);
        effects[at + SIGMA] =
            select(0.0, between(params.sigma_low, params.sigma_high, blur.y), free && unit(blur.x) < params.blur);
        effects[at + SOLARISE] = select(0.0, 1.0, free && unit(solarise.x) < params.solarise);
    }
}

fn between(low: f32, high: f32, word: u32) -> f32 {
    return low + (high - low) * unit(word);
}

// Order `code` of the 24 of four operations, two bits each: a digit says which of those left comes next.
fn order(code: u32) -> u32 {
    var left = 0xe4u; // 3, 2, 1, 0
    var rest = code;
    var packed = 0u;
    for (var place = 0u; place < 4u; place++) {
        let shift = 2u * (rest % (4u - place));
        rest /= 4u - place;
        packed |= ((left >> shift) & 3u) << (2u * place);
        let below = (1u << shift) - 1u;
        left = (left & below) | ((left >> 2u) & ~below);
    }
    return packed;
}

// Renders the procedural data set: glyphs (the content) drawn with random position, size, rotation, stroke, brightness and
// hue (the style). One invocation per word of four pixels.
struct Params {
    images: u32,
    channels: u32,
    size: u32,      // height and width, a multiple of 4
    classes: u32,
    segments: u32,  // of a glyph
    stream: u32,    // 0 training, 1 test
    seed_low: u32,
    seed_high: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> glyphs: array<f32>;         // [classes, segments, 4]: from and to, in -1..1
@group(0) @binding(2) var<storage, read_write> pixels: array<u32>;   // planar bytes, four to a word
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;  // [images, 7], each in 0..1

const FACTORS: u32 = 7u;

fn draw(image: u32, block: u32) -> vec4<f32> {
    let words = philox(vec2<u32>(params.seed_low, params.seed_high), vec4<u32>(image, block, params.stream, PURPOSE_SPRITES));
    return vec4<f32>(unit(words.x), unit(words.y), unit(words.z), unit(words.w));
}

fn distance_to_segment(p: vec2<f32>, from_point: vec2<f32>, to_point: vec2<f32>) -> f32 {
    let along = to_point - from_point;
    let t = clamp(dot(p - from_point, along) / dot(along, along), 0.0, 1.0);
    return length(p - from_point - t * along);
}

// Full saturation hue circle, lifted towards white so that every hue stays visible.
fn hue_weight(hue: f32, channel: u32) -> f32 {
    let k = fract(hue + f32(channel) / 3.0);
    return 0.35 + 0.65 * clamp(abs(k * 6.0 - 3.0) - 1.0, 0.0, 1.0);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let size = params.size;
    let words = params.channels * size * size / 4u;
    for (var word = id.x; word < params.images * words; word += groups.x * 64u) {
        let image = word / words;
        let first = (word % words) * 4u;
        let channel = first / (size * size);
        let shape = draw(image, 0u);  // x, y, scale, rotation
        let ink = draw(image, 1u);    // stroke, brightness, hue
        if (first == 0u) {
            let at = image * FACTORS;
            for (var f = 0u; f < 4u; f++) {
                factors[at + f] = shape[f];
            }
            for (var f = 0u; f < 3u; f++) {
                factors[at + 4u + f] = ink[f];
            }
        }
        let radius = f32(size) * (0.22 + 0.16 * shape.z);
        let centre = f32(size) * (0.5 + 0.24 * (shape.xy - 0.5));
        let turn = sin_cos_turns(fract(0.10 * (shape.w - 0.5) + 1.0));
        let stroke = 0.10 + 0.16 * ink.x;
        var level = 0.45 + 0.55 * ink.y;
        if (params.channels > 1u) {
            level *= hue_weight(ink.z, channel);
        }
        var packed = 0u;
        for (var lane = 0u; lane < 4u; lane++) {
            let pixel = (first + lane) % (size * size);
            let offset = (vec2<f32>(f32(pixel % size), f32(pixel / size)) + 0.5 - centre) / radius;
            let p = vec2<f32>(offset.x * turn.y + offset.y * turn.x, offset.y * turn.y - offset.x * turn.x);
            var nearest = 1e9;
            for (var s = 0u; s < params.segments; s++) {
                let at = ((image % params.classes) * params.segments + s) * 4u;
                nearest = min(nearest, distance_to_segment(
                    p, vec2<f32>(glyphs[at], glyphs[at + 1u]), vec2<f32>(glyphs[at + 2u], glyphs[at + 3u])));
            }
            let coverage = clamp(0.5 + (stroke - nearest) * radius, 0.0, 1.0);
            packed |= u32(round(255.0 * level * coverage)) << (8u * lane);
        }
        pixels[word] = packed;
    }
}

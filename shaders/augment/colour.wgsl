// Brightness, contrast, saturation and hue in the drawn order, then grey: torchvision's formulas. One workgroup per row;
// each invocation reads and writes pixels of its own, so that only the mean of the contrast needs the others.
struct Params {
    rows: u32,
    channels: u32, // 1 or 3
    plane: u32,    // height * width
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> effects: array<f32>;
@group(0) @binding(2) var<storage, read_write> images: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    for (var row = group.x; row < params.rows; row += groups.x) {
        let at = row * EFFECT_NUMBERS;
        let order = u32(effects[at + ORDER]);
        var contrast = 0u; // its place in the order
        while (contrast < 3u && ((order >> (2u * contrast)) & 3u) != CONTRAST) {
            contrast++;
        }

        var sum = 0.0;
        for (var pixel = lane; pixel < params.plane; pixel += LANES) {
            var colour = load(row, pixel);
            for (var place = 0u; place < contrast; place++) {
                let operation = (order >> (2u * place)) & 3u;
                colour = change(operation, effects[at + operation], colour, 0.0);
            }
            store(row, pixel, colour);
            sum += luma(colour);
        }
        let mean = sum_of_lanes(lane, sum) / f32(params.plane);
        for (var pixel = lane; pixel < params.plane; pixel += LANES) {
            var colour = load(row, pixel);
            for (var place = contrast; place < 4u; place++) {
                let operation = (order >> (2u * place)) & 3u;
                colour = change(operation, effects[at + operation], colour, mean);
            }
            if (effects[at + GREY] != 0.0) {
                colour = vec3<f32>(luma(colour));
            }
            store(row, pixel, colour);
        }
    }
}

fn load(row: u32, pixel: u32) -> vec3<f32> {
    let at = row * params.channels * params.plane + pixel;
    if (params.channels == 1u) {
        return vec3<f32>(images[at]);
    }
    return vec3<f32>(images[at], images[at + params.plane], images[at + 2u * params.plane]);
}

fn store(row: u32, pixel: u32, colour: vec3<f32>) {
    let at = row * params.channels * params.plane + pixel;
    images[at] = colour.x;
    if (params.channels == 3u) {
        images[at + params.plane] = colour.y;
        images[at + 2u * params.plane] = colour.z;
    }
}

// Grey pictures have neither saturation nor hue.
fn change(operation: u32, factor: f32, colour: vec3<f32>, mean: f32) -> vec3<f32> {
    switch (operation) {
        case BRIGHTNESS: { return blend(colour, 0.0, factor); }
        case CONTRAST: { return blend(colour, mean, factor); }
        case SATURATION: {
            if (params.channels == 1u) { return colour; }
            return blend(colour, luma(colour), factor);
        }
        default: {
            if (params.channels == 1u || factor == 0.0) { return colour; }
            return turned(colour, factor);
        }
    }
}

fn blend(colour: vec3<f32>, other: f32, factor: f32) -> vec3<f32> {
    return clamp(factor * colour + (1.0 - factor) * other, vec3<f32>(0.0), vec3<f32>(1.0));
}

fn luma(colour: vec3<f32>) -> f32 {
    if (params.channels == 1u) {
        return colour.x;
    }
    return 0.2989 * colour.x + 0.587 * colour.y + 0.114 * colour.z;
}

// The colour with its hue turned, by way of hue, chroma and value.
fn turned(colour: vec3<f32>, turn: f32) -> vec3<f32> {
    let value = max(max(colour.x, colour.y), colour.z);
    let chroma = value - min(min(colour.x, colour.y), colour.z);
    if (chroma == 0.0) {
        return colour;
    }
    var hue = 4.0 + (colour.x - colour.y) / chroma; // in sixths of the circle
    if (value == colour.x) {
        hue = (colour.y - colour.z) / chroma;
    } else if (value == colour.y) {
        hue = 2.0 + (colour.z - colour.x) / chroma;
    }
    hue = wrap(hue + 6.0 * turn);
    return value - chroma * vec3<f32>(lack(wrap(hue + 5.0)), lack(wrap(hue + 3.0)), lack(wrap(hue + 1.0)));
}

// Into 0..6, from at most one circle outside.
fn wrap(hue: f32) -> f32 {
    return select(select(hue, hue - 6.0, hue >= 6.0), hue + 6.0, hue < 0.0);
}

// How much of the chroma a channel lacks at a hue counted from its own full lack's beginning.
fn lack(hue: f32) -> f32 {
    return clamp(2.0 - abs(hue - 2.0), 0.0, 1.0);
}

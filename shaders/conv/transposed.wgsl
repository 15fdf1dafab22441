// ConvTranspose2d's forward and Conv2d's input gradient, as a product of weights [channels, filters * taps] and unfolded maps:
// image[n, c, y, x] = sum over f, ky, kx of weight[f, c, ky, kx] map[n, f, (y + p - ky) / s, (x + p - kx) / s], where those are whole.
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> image: array<f32>;

const LEFT_IS_DEEP: bool = true;
const RIGHT_IS_DEEP: bool = false;

fn extent(slice: u32) -> vec3<u32> {
    return vec3<u32>(params.channels, params.images * params.height * params.width, params.filters * TAPS);
}

fn row_at(row: u32, slice: u32) -> u32 {
    return row * TAPS;
}

fn left(at: u32, k: u32) -> f32 {
    return weight[at + k / TAPS * params.channels * TAPS + k % TAPS];
}

// A column is a pixel of an image.
fn column_at(column: u32, slice: u32) -> Column {
    let area = params.height * params.width;
    let pixel = column % area;
    let y = pixel / params.width + params.padding;
    let x = pixel % params.width + params.padding;
    return Column(column / area * params.filters * params.rows * params.columns, y, x);
}

fn right(at: Column, k: u32) -> f32 {
    let tap = k % TAPS;
    // Distances below zero wrap around and are thus beyond the edge.
    let down = at.y - tap / KERNEL;
    let along = at.x - tap % KERNEL;
    let y = down / STRIDE;
    let x = along / STRIDE;
    if (y * STRIDE != down || x * STRIDE != along || y >= params.rows || x >= params.columns) {
        return 0.0;
    }
    return map[at.base + (k / TAPS * params.rows + y) * params.columns + x];
}

fn store(row: u32, column: u32, slice: u32, sum: f32) {
    let area = params.height * params.width;
    let at = (column / area * params.channels + row) * area + column % area;
    var value = sum;
    if (BIAS == 1u) {
        value += bias[row];
    }
    if (ACCUMULATE == 1u) {
        value += image[at];
    }
    image[at] = value;
}

// The weight gradient of both convolutions, one part for each slice of the images, as a product of maps [filters, positions] and
// unfolded images [positions, taps]: part[f, c, ky, kx] = sum over n, y, x of map[n, f, y, x] image[n, c, y s - p + ky, x s - p + kx].
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> map: array<f32>;
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;

const SLICED: u32 = 1u;
const RIGHT_IS_DEEP: bool = true;

// Rows, columns and depth of the product.
fn extent(slice: u32) -> vec3<u32> {
    let images = min(params.slice, params.images - slice * params.slice);
    return vec3<u32>(params.filters, params.channels * TAPS, images * params.rows * params.columns);
}

fn left(row: u32, k: u32, slice: u32) -> f32 {
    let area = params.rows * params.columns;
    let n = slice * params.slice + k / area;
    return map[(n * params.filters + row) * area + k % area];
}

// A column is a tap of a channel.
fn column_at(column: u32) -> Column {
    let tap = column % TAPS;
    let channel = column / TAPS;
    return Column(channel * params.height * params.width, tap / KERNEL - params.padding, tap % KERNEL - params.padding);
}

fn right(at: Column, k: u32, slice: u32) -> f32 {
    let area = params.rows * params.columns;
    let position = k % area;
    // Coordinates below zero wrap around and are thus beyond the edge.
    let y = at.y + position / params.columns * STRIDE;
    let x = at.x + position % params.columns * STRIDE;
    if (y >= params.height || x >= params.width) {
        return 0.0;
    }
    let n = slice * params.slice + k / area;
    return image[at.base + (n * params.channels * params.height + y) * params.width + x];
}

fn store(row: u32, column: u32, slice: u32, sum: f32) {
    parts[(slice * params.filters + row) * params.channels * TAPS + column] = sum;
}

// The weight gradient of both convolutions, one part for each slice of the images, as a product of maps [filters, positions] and
// unfolded images [positions, taps]: part[f, c, ky, kx] = sum over n, y, x of map[n, f, y, x] image[n, c, y s - p + ky, x s - p + kx].
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> map: array<Lefts>;
@group(0) @binding(3) var<storage, read_write> parts: array<Stored>;

const LEFT_IS_DEEP: bool = true;
const RIGHT_IS_DEEP: bool = true;

fn extent(slice: u32) -> vec3<u32> {
    let images = min(params.slice, params.images - slice * params.slice);
    return vec3<u32>(params.filters, params.channels * TAPS, images * params.rows * params.columns);
}

fn row_at(row: u32, slice: u32) -> u32 {
    return (slice * params.slice * params.filters + row) * params.rows * params.columns;
}

fn left(at: u32, k: u32, slice: u32) -> Lefts {
    let area = params.rows * params.columns;
    return map[(at + k / area * params.filters * area + k % area) / LEFTS];
}

// A column is a tap of a channel.
fn column_at(column: u32, slice: u32) -> Column {
    let tap = column % TAPS;
    let plane = slice * params.slice * params.channels + column / TAPS;
    return Column(plane * params.height * params.width, tap / KERNEL - params.padding, tap % KERNEL - params.padding);
}

fn right_spot(at: Column, k: u32, slice: u32) -> Spot {
    let area = params.rows * params.columns;
    let position = k % area;
    // Coordinates below zero wrap around and are thus beyond the edge.
    let y = at.y + position / params.columns * STRIDE;
    let x = at.x + position % params.columns * STRIDE;
    let inside = (y < params.height) & (x < params.width);
    let element = at.base + k / area * params.channels * params.height * params.width + y * params.width + x;
    return Spot(select(0u, element, inside), inside);
}

fn right(element: u32) -> f32 {
    return image[element];
}

fn place(column: u32, slice: u32) -> u32 {
    return slice * params.filters * params.channels * TAPS + column;
}

fn store(row: u32, place: u32, sum: Stored) {
    parts[(place + row * params.channels * TAPS) / STORED] = sum;
}

// Conv2d's forward and ConvTranspose2d's input gradient, as a product of weights [filters, taps] and unfolded images [taps, positions]:
// map[n, f, y, x] = sum over c, ky, kx of weight[f, c, ky, kx] image[n, c, y s - p + ky, x s - p + kx].
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<Lefts>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> map: array<Stored>;

const LEFT_IS_DEEP: bool = true;
const RIGHT_IS_DEEP: bool = false;

fn extent(slice: u32) -> vec3<u32> {
    return vec3<u32>(params.filters, params.images * params.rows * params.columns, params.channels * TAPS);
}

fn row_at(row: u32, slice: u32) -> u32 {
    return row * params.channels * TAPS;
}

fn left(at: u32, k: u32, slice: u32) -> Lefts {
    return weight[(at + k) / LEFTS];
}

// A column is a position of a map. Coordinates below zero wrap around and are thus beyond the edge.
fn column_at(column: u32, slice: u32) -> Column {
    let area = params.rows * params.columns;
    let position = column % area;
    let y = position / params.columns * STRIDE - params.padding;
    let x = position % params.columns * STRIDE - params.padding;
    return Column(column / area * params.channels * params.height * params.width, y, x);
}

fn right_spot(at: Column, k: u32, slice: u32) -> Spot {
    let tap = k % TAPS;
    let y = at.y + tap / KERNEL;
    let x = at.x + tap % KERNEL;
    let inside = (y < params.height) & (x < params.width);
    let element = at.base + (k / TAPS * params.height + y) * params.width + x;
    return Spot(select(0u, element, inside), inside);
}

fn right(element: u32) -> f32 {
    return image[element];
}

fn place(column: u32, slice: u32) -> u32 {
    let area = params.rows * params.columns;
    return column / area * params.filters * area + column % area;
}

fn store(row: u32, place: u32, sum: Stored) {
    let at = (place + row * params.rows * params.columns) / STORED;
    var value = sum;
    if (BIAS == 1u) {
        value += Stored(bias[row]);
    }
    if (ACCUMULATE == 1u) {
        value += map[at];
    }
    map[at] = value;
}

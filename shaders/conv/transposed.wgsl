// ConvTranspose2d's forward and Conv2d's input gradient, as a product of weights [channels, filters * taps] and unfolded maps:
// image[n, c, y, x] = sum over f, ky, kx of weight[f, c, ky, kx] map[n, f, (y + p - ky) / s, (x + p - kx) / s], where those are whole.
//
// With a stride s, the pixels of every s-th row and column see the same taps, every s-th one, and all others are zero for them. Each of
// these s * s lattices is a slice: a product of its own, with its own taps only.
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> image: array<Stored>;

const LEFT_IS_DEEP: bool = true;
const RIGHT_IS_DEEP: bool = false;
// Taps along an axis: some lattices see one more than others.
const MORE: u32 = (KERNEL + STRIDE - 1u) / STRIDE;
const FEW: u32 = max(KERNEL / STRIDE, 1u);

// A lattice's first row and column.
fn origin(slice: u32) -> vec2<u32> {
    return vec2<u32>(slice / STRIDE, slice % STRIDE);
}

// Its rows and columns.
fn lattice(slice: u32) -> vec2<u32> {
    return (vec2<u32>(params.height, params.width) + STRIDE - 1u - origin(slice)) / STRIDE;
}

// Its first tap along each axis, and how many it sees.
fn first_tap(slice: u32) -> vec2<u32> {
    return (origin(slice) + params.padding) % STRIDE;
}

fn taps(slice: u32) -> vec2<u32> {
    return (KERNEL + STRIDE - 1u - first_tap(slice)) / STRIDE;
}

// Quotient and remainder by a number of taps: division by a constant is a multiplication.
fn divided(k: u32, taps: u32) -> vec2<u32> {
    if (taps == MORE) {
        return vec2<u32>(k / MORE, k % MORE);
    }
    return vec2<u32>(k / FEW, k % FEW);
}

// Filter, and which of the lattice's taps down and along.
fn tap_at(k: u32, slice: u32) -> vec3<u32> {
    let count = taps(slice);
    let along = divided(k, count.y);
    let down = divided(along.x, count.x);
    return vec3<u32>(down.x, down.y, along.y);
}

fn extent(slice: u32) -> vec3<u32> {
    let sides = lattice(slice);
    let count = taps(slice);
    return vec3<u32>(params.channels, params.images * sides.x * sides.y, params.filters * count.x * count.y);
}

fn row_at(row: u32, slice: u32) -> u32 {
    return row * TAPS;
}

fn left(at: u32, k: u32, slice: u32) -> f32 {
    let tap = tap_at(k, slice);
    let kernel = first_tap(slice) + STRIDE * tap.yz;
    return weight[at + tap.x * params.channels * TAPS + kernel.x * KERNEL + kernel.y];
}

// A column is a pixel of the lattice.
fn column_at(column: u32, slice: u32) -> Column {
    let sides = lattice(slice);
    let area = sides.x * sides.y;
    let pixel = column % area;
    // Where the map lies under the first tap: a whole number, since that is the tap which fits.
    let start = (origin(slice) + params.padding) / STRIDE;
    let base = column / area * params.filters * params.rows * params.columns;
    return Column(base, start.x + pixel / sides.y, start.y + pixel % sides.y);
}

fn right_spot(at: Column, k: u32, slice: u32) -> Spot {
    let tap = tap_at(k, slice);
    // Distances below zero wrap around and are thus beyond the edge.
    let y = at.y - tap.y;
    let x = at.x - tap.z;
    let inside = (y < params.rows) & (x < params.columns);
    let element = at.base + (tap.x * params.rows + y) * params.columns + x;
    return Spot(select(0u, element, inside), inside);
}

fn right(element: u32) -> f32 {
    return map[element];
}

fn place(column: u32, slice: u32) -> u32 {
    let sides = lattice(slice);
    let area = sides.x * sides.y;
    let pixel = column % area;
    let at = origin(slice) + STRIDE * vec2<u32>(pixel / sides.y, pixel % sides.y);
    return column / area * params.channels * params.height * params.width + at.x * params.width + at.y;
}

fn store(row: u32, place: u32, sum: Stored) {
    let at = (place + row * params.height * params.width) / STORED;
    var value = sum;
    if (BIAS == 1u) {
        value += Stored(bias[row]);
    }
    if (ACCUMULATE == 1u) {
        value += image[at];
    }
    image[at] = value;
}

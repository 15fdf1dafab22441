// A product C = op(A) op(B) for each place, all of one size. The places are the slices.
@group(0) @binding(3) var<storage, read_write> c: array<Stored>;

fn place(column: u32, slice: u32) -> u32 {
    return slice * params.m * params.n + column;
}

fn store(row: u32, place: u32, sum: Stored) {
    c[(place + row * params.n) / STORED] = sum;
}

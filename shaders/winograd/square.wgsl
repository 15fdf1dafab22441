// A transform of a square along both its dimensions: INPUTS rows and columns become OUTPUTS. A kernel says what an element of its square is
// (`element`), how a line is transformed (`transform`), and what becomes of a line (`store_line`). Spelt out, because a driver keeps an
// array that it indexes in a loop in memory unless it unrolls that loop.
fn transformed_column(at: At, column: u32) -> Line {
    var x: Line;
    x[0] = element(at, 0u, column);
    x[1] = element(at, 1u, column);
    if (INPUTS > 2u) {
        x[2] = element(at, 2u, column);
    }
    if (INPUTS > 3u) {
        x[3] = element(at, 3u, column);
    }
    if (INPUTS > 4u) {
        x[4] = element(at, 4u, column);
        x[5] = element(at, 5u, column);
    }
    return transform(x);
}

fn store_row(at: At, row: u32, x: Line) {
    store_line(at, row, transform(x));
}

fn square(at: At) {
    var c2: Line;
    var c3: Line;
    var c4: Line;
    var c5: Line;
    let c0 = transformed_column(at, 0u);
    let c1 = transformed_column(at, 1u);
    if (INPUTS > 2u) {
        c2 = transformed_column(at, 2u);
    }
    if (INPUTS > 3u) {
        c3 = transformed_column(at, 3u);
    }
    if (INPUTS > 4u) {
        c4 = transformed_column(at, 4u);
        c5 = transformed_column(at, 5u);
    }
    store_row(at, 0u, Line(c0[0], c1[0], c2[0], c3[0], c4[0], c5[0]));
    store_row(at, 1u, Line(c0[1], c1[1], c2[1], c3[1], c4[1], c5[1]));
    if (OUTPUTS > 2u) {
        store_row(at, 2u, Line(c0[2], c1[2], c2[2], c3[2], c4[2], c5[2]));
    }
    if (OUTPUTS > 3u) {
        store_row(at, 3u, Line(c0[3], c1[3], c2[3], c3[3], c4[3], c5[3]));
    }
    if (OUTPUTS > 4u) {
        store_row(at, 4u, Line(c0[4], c1[4], c2[4], c3[4], c4[4], c5[4]));
        store_row(at, 5u, Line(c0[5], c1[5], c2[5], c3[5], c4[5], c5[5]));
    }
}

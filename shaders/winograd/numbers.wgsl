// Lines that are stored number by number.
fn store_line(at: At, row: u32, y: Line) {
    store(at, row, 0u, y[0]);
    store(at, row, 1u, y[1]);
    if (OUTPUTS > 2u) {
        store(at, row, 2u, y[2]);
    }
    if (OUTPUTS > 3u) {
        store(at, row, 3u, y[3]);
    }
    if (OUTPUTS > 4u) {
        store(at, row, 4u, y[4]);
        store(at, row, 5u, y[5]);
    }
}

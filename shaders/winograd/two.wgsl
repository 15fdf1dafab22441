// Winograd's transforms along a line for two results with four products (src/kernels/conv/winograd/tile.rs). Numbers beyond a line's
// end are zero, and nothing is made of them.
alias Line = array<f32, 6>;

fn of_data(d: Line) -> Line {
    return Line(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3], 0.0, 0.0);
}

fn of_filter(g: Line) -> Line {
    let even = 0.5 * (g[0] + g[2]);
    let odd = 0.5 * g[1];
    return Line(g[0], even + odd, even - odd, g[2], 0.0, 0.0);
}

fn of_result(m: Line) -> Line {
    return Line(m[0] + m[1] + m[2], m[1] - m[2] - m[3], 0.0, 0.0, 0.0, 0.0);
}

fn of_result_gradient(y: Line) -> Line {
    return Line(y[0], y[0] + y[1], y[0] - y[1], -y[1], 0.0, 0.0);
}

fn of_filter_gradient(m: Line) -> Line {
    let sum = 0.5 * (m[1] + m[2]);
    let difference = 0.5 * (m[1] - m[2]);
    return Line(m[0] + sum, difference, sum + m[3], 0.0, 0.0, 0.0);
}

// Winograd's transforms along a line for four results with six products (src/kernels/conv/winograd/tile.rs). Numbers beyond a line's
// end are zero, and nothing is made of them.
alias Line = array<f32, 6>;

fn of_data(d: Line) -> Line {
    let far = d[4] - 4.0 * d[2];
    let odd_far = d[3] - 4.0 * d[1];
    let near = d[4] - d[2];
    let odd_near = 2.0 * (d[3] - d[1]);
    return Line(
        4.0 * d[0] - 5.0 * d[2] + d[4],
        far + odd_far,
        far - odd_far,
        near + odd_near,
        near - odd_near,
        4.0 * d[1] - 5.0 * d[3] + d[5],
    );
}

fn of_filter(g: Line) -> Line {
    let even = -1.0 / 6.0 * (g[0] + g[2]);
    let odd = 1.0 / 6.0 * g[1];
    let far = 1.0 / 24.0 * g[0] + 1.0 / 6.0 * g[2];
    let odd_far = 1.0 / 12.0 * g[1];
    return Line(0.25 * g[0], even - odd, even + odd, far + odd_far, far - odd_far, g[2]);
}

fn of_result(m: Line) -> Line {
    let sum = m[1] + m[2];
    let difference = m[1] - m[2];
    let far_sum = m[3] + m[4];
    let far_difference = m[3] - m[4];
    return Line(
        m[0] + sum + far_sum,
        difference + 2.0 * far_difference,
        sum + 4.0 * far_sum,
        difference + 8.0 * far_difference + m[5],
        0.0,
        0.0,
    );
}

fn of_result_gradient(y: Line) -> Line {
    let even = y[0] + y[2];
    let odd = y[1] + y[3];
    let far = y[0] + 4.0 * y[2];
    let odd_far = 2.0 * y[1] + 8.0 * y[3];
    return Line(y[0], even + odd, even - odd, far + odd_far, far - odd_far, y[3]);
}

fn of_filter_gradient(m: Line) -> Line {
    let sum = 1.0 / 6.0 * (m[1] + m[2]);
    let difference = 1.0 / 6.0 * (m[2] - m[1]);
    let far_sum = m[3] + m[4];
    let far_difference = 1.0 / 12.0 * (m[3] - m[4]);
    return Line(
        0.25 * m[0] - sum + 1.0 / 24.0 * far_sum,
        difference + far_difference,
        1.0 / 6.0 * far_sum - sum + m[5],
        0.0,
        0.0,
        0.0,
    );
}

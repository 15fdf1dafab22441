// Functions that WGSL lacks, or leaves less exact than training needs.

// 1 - e^x for x <= 0, without cancellation near zero: Adam's bias corrections.
fn one_minus_exp(x: f32) -> f32 {
    if (x < -0.5) {
        return 1.0 - exp(x);
    }
    // The Taylor series to x^9 / 9!: below 1e-9 on [-0.5, 0].
    return -x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0
        * (1.0 + x / 7.0 * (1.0 + x / 8.0 * (1.0 + x / 9.0))))))));
}

// e^x - 1 - x, without cancellation near zero: divergences of nearly equal distributions.
fn exp_above_line(x: f32) -> f32 {
    if (abs(x) > 0.5) {
        return exp(x) - 1.0 - x;
    }
    // The Taylor series to x^9 / 9!.
    return x * x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0
        * (1.0 + x / 7.0 * (1.0 + x / 8.0 * (1.0 + x / 9.0)))))));
}

// ln(1 + e) for e in [0, 1]: 2 atanh(s) with s = e / (2 + e), arranged so that a small e keeps its bits. WGSL's own log may be
// off by 2^-21 near one. No rounding error is put back here, so a compiler that reorders sums changes no more than rounding does.
fn log1p(e: f32) -> f32 {
    let s = e / (2.0 + e);
    let z = s * s;
    let series = 2.0 / 3.0 + z * (2.0 / 5.0 + z * (2.0 / 7.0 + z * (2.0 / 9.0 + z * (2.0 / 11.0 + z * (2.0 / 13.0
        + z * (2.0 / 15.0 + z * (2.0 / 17.0)))))));
    let half_square = 0.5 * e * e;
    return e - (half_square - s * (half_square + series * z));
}

// ln(1 + e^x), without overflow and exact for very negative x.
fn softplus(x: f32) -> f32 {
    return max(x, 0.0) + log1p(exp(-abs(x)));
}

// 1 / (1 + e^-x), without overflow.
fn sigmoid(x: f32) -> f32 {
    let e = exp(-abs(x));
    return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// (sin, cos) of 2 pi u for u in [0, 1]. WGSL's own sine may be off by 2^-11.
fn sin_cos_turns(u: f32) -> vec2<f32> {
    let quadrant = round(u * 4.0);
    let x = (u - quadrant * 0.25) * 6.283185307179586;
    let y = x * x;
    let s = x * (1.0 - y / 6.0 * (1.0 - y / 20.0 * (1.0 - y / 42.0 * (1.0 - y / 72.0))));
    let c = 1.0 - y / 2.0 * (1.0 - y / 12.0 * (1.0 - y / 30.0 * (1.0 - y / 56.0 * (1.0 - y / 90.0))));
    switch (u32(quadrant) & 3u) {
        case 0u: { return vec2<f32>(s, c); }
        case 1u: { return vec2<f32>(c, -s); }
        case 2u: { return vec2<f32>(-s, -c); }
        default: { return vec2<f32>(-c, s); }
    }
}

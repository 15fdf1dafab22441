// A product of operands in half precision. Where they pass through memory of that precision (STAGED), they are rounded there; else by their bits
// to the nearest, ties to even, the same on every device.
const SIGN: u32 = 0x80000000u;
const INFINITY: u32 = 0x7f800000u;
const LARGEST_BITS: u32 = 0x477fe000u; // 65504
const LEAST_NORMAL: f32 = 6.103515625e-5; // 2^-14
const SMALL: f32 = 16777216.0; // below that they are multiples of 2^-24
const OVER_SMALL: f32 = 1.0 / SMALL;

fn rounded(x: vec4<f32>) -> vec4<f32> {
    if (STAGED == 1u) {
        return x;
    }
    // Thirteen digits fewer, the carry runs into the exponent.
    let bits = bitcast<vec4<u32>>(x);
    var nearest = (bits + 0xfffu + ((bits >> vec4<u32>(13u)) & vec4<u32>(1u))) & vec4<u32>(0xffffe000u);
    nearest = select(nearest, (bits & vec4<u32>(SIGN)) | vec4<u32>(INFINITY), (nearest & vec4<u32>(~SIGN)) > vec4<u32>(LARGEST_BITS));
    return select(bitcast<vec4<f32>>(nearest), round(x * SMALL) * OVER_SMALL, abs(x) < vec4<f32>(LEAST_NORMAL));
}

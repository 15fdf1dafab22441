// The loss scale: the power of two that brings the largest gradient of a loss into [2^TARGET, 2^(TARGET + 1)), and one over it.
struct Params {
    strands: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> strands: array<f32>;
@group(0) @binding(2) var<storage, read_write> scale: array<f32>;

@compute @workgroup_size(1)
fn main() {
    var largest = 0.0;
    for (var i = 0u; i < params.strands; i++) {
        largest = max(largest, strands[i]);
    }
    // Of a number of the form 2^e, e + BIAS is what its bits begin with.
    let exponent = clamp(bitcast<u32>(largest) >> DIGITS, BIAS + TARGET - MOST, BIAS + TARGET + MOST);
    scale[0] = bitcast<f32>((2u * BIAS + TARGET - exponent) << DIGITS);
    scale[1] = bitcast<f32>((exponent - TARGET) << DIGITS);
}

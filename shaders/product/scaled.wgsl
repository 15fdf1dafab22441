// A product in half precision of which one operand, the left one or else the right one, is a gradient: it is multiplied by the loss scale before
// it is rounded, and the sums by what undoes that. Both are powers of two.
@group(0) @binding(SCALE) var<storage, read> scale: array<f32>;
var<private> loss_scale: f32;
var<private> over_loss_scale: f32;

// The largest number in half precision.
const LARGEST: f32 = 65504.0;

fn begin() {
    loss_scale = scale[0];
    over_loss_scale = scale[1];
}

fn gradients(x: vec4<f32>) -> vec4<f32> {
    return rounded(clamp(x * loss_scale, vec4<f32>(-LARGEST), vec4<f32>(LARGEST)));
}

fn left_operands(x: vec4<f32>) -> vec4<f32> {
    if (GRADIENT_IS_LEFT == 1u) {
        return gradients(x);
    }
    return rounded(x);
}

fn right_operands(x: vec4<f32>) -> vec4<f32> {
    if (GRADIENT_IS_LEFT == 1u) {
        return rounded(x);
    }
    return gradients(x);
}

fn unscaled(sums: Sums) -> Sums {
    return Sums(sums.near * over_loss_scale, sums.far * over_loss_scale);
}

// Begins a step: advances the clock and computes the step's learning rate and Adam's bias corrections.
struct Params {
    images: u32,          // in the data set
    batch: u32,           // images in a step, at most `images`
    warmup_steps: u32,    // linear warm-up
    total_steps: u32,     // end of the cosine; 0 keeps the rate constant
    learning_rate: f32,
    log_beta1: f32,
    log_beta2: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: array<u32>;
@group(0) @binding(2) var<storage, read_write> rates: array<f32>;

@compute @workgroup_size(1)
fn main() {
    let step = clock[STEP] + 1u;
    let start = clock[NEXT_CURSOR];
    clock[STEP] = step;
    clock[EPOCH] = clock[NEXT_EPOCH];
    clock[CURSOR] = start;
    let end = start + params.batch;
    let wraps = end >= params.images;
    clock[NEXT_CURSOR] = select(end, end - params.images, wraps);
    clock[NEXT_EPOCH] += select(0u, 1u, wraps);

    var rate = params.learning_rate;
    if (step <= params.warmup_steps) {
        rate *= f32(step) / f32(params.warmup_steps);
    } else if (params.total_steps > params.warmup_steps) {
        let progress = f32(step - params.warmup_steps) / f32(params.total_steps - params.warmup_steps);
        rate *= 0.5 + 0.5 * sin_cos_turns(min(progress, 1.0) * 0.5).y;
    }
    rates[LEARNING_RATE] = rate;
    rates[CORRECTION1] = 1.0 / one_minus_exp(f32(step) * params.log_beta1);
    rates[CORRECTION2] = inverseSqrt(one_minus_exp(f32(step) * params.log_beta2));
}

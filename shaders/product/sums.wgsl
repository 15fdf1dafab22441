// What an invocation knows of a row of its product: four neighbouring columns, and four more.
// Spelt out, because a driver keeps an array that it indexes in a loop in memory unless it unrolls that loop.
struct Sums {
    near: vec4<f32>,
    far: vec4<f32>,
}

fn add(sums: Sums, l: f32, near: vec4<f32>, far: vec4<f32>) -> Sums {
    return Sums(fma(vec4<f32>(l), near, sums.near), fma(vec4<f32>(l), far, sums.far));
}

// The mean of a channel and the sum of its squared distances from that, of the sums of its parts: see `moments`.
struct Whole {
    mean: f32,
    squares: f32,
}

fn whole(channel: u32) -> Whole {
    let begin = 2u * channel * params.parts;
    var sum = 0.0;
    for (var part = 0u; part < params.parts; part++) {
        sum += moments[begin + 2u * part];
    }
    let mean = sum / count_of_all();
    var squares = 0.0;
    for (var part = 0u; part < params.parts; part++) {
        let distance = moments[begin + 2u * part] / count_of(part) - mean;
        squares += moments[begin + 2u * part + 1u] + count_of(part) * distance * distance;
    }
    return Whole(mean, squares);
}

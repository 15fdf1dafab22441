// The mean of a channel and the sum of its squared distances from that, of the sums of its parts on all devices: see `moments`.
struct Whole {
    mean: f32,
    squares: f32,
}

fn whole(channel: u32) -> Whole {
    var sum = 0.0;
    for (var member = 0u; member < params.members; member++) {
        let begin = 2u * (member * params.channels + channel) * params.parts;
        for (var part = 0u; part < params.parts; part++) {
            sum += moments[begin + 2u * part];
        }
    }
    let mean = sum / count_of_all();
    var squares = 0.0;
    for (var member = 0u; member < params.members; member++) {
        let begin = 2u * (member * params.channels + channel) * params.parts;
        for (var part = 0u; part < params.parts; part++) {
            let distance = moments[begin + 2u * part] / count_of(part) - mean;
            squares += moments[begin + 2u * part + 1u] + count_of(part) * distance * distance;
        }
    }
    return Whole(mean, squares);
}

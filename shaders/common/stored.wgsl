// The bytes of the data set, for shaders that bind `clock`, `views` and `pixels` and have the parameters `views`, `ring`,
// `stride` and `before`.

// A byte; four lie in a word.
fn pixel(index: u32) -> u32 {
    return (pixels[index >> 2u] >> (8u * (index & 3u))) & 255u;
}

// The first byte of a row's image, of so many bytes.
fn first_byte(row: u32, bytes: u32) -> u32 {
    if (params.ring == 0u) {
        return views[row * VIEW_WORDS + VIEW_IMAGE] * bytes;
    }
    return (clock[STEP] - 1u) % params.ring * params.stride + params.before + row / params.views * bytes;
}

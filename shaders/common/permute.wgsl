// A shuffle without memory: a Feistel network over the smallest square power of two that holds n, walked until it lands
// inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). Position -> image, one to one. The walk ends: the
// network is one to one, so a walk that begins inside comes back to where it began, if not inside before.

fn mix(word: u32) -> u32 {
    var x = word;
    x = (x ^ (x >> 16u)) * 0x7feb352du;
    x = (x ^ (x >> 15u)) * 0x846ca68bu;
    return x ^ (x >> 16u);
}

// The bits of one half of the network.
fn half_bits(n: u32) -> u32 {
    var bits = 1u;
    while (bits < 16u && (1u << (2u * bits)) < n) {
        bits++;
    }
    return bits;
}

fn permute(position: u32, n: u32, key: vec4<u32>) -> u32 {
    let bits = half_bits(n);
    let mask = (1u << bits) - 1u;
    let inside = max(n, 1u);
    var x = position % inside;
    loop {
        var left = x >> bits;
        var right = x & mask;
        for (var round = 0u; round < 8u; round++) {
            let next = left ^ (mix(mix(right ^ key[round & 3u]) + round * 0x9e3779b9u) & mask);
            left = right;
            right = next;
        }
        x = (left << bits) | right;
        if (x < inside) {
            break;
        }
    }
    return x;
}

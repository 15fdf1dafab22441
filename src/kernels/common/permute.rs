//! Twin of `shaders/common/permute.wgsl`: the order of the images in an epoch, computed rather than stored.

/// The shared WGSL.
pub const WGSL: &str = wgsl!("common/permute");

fn mix(word: u32) -> u32 {
    let x = (word ^ (word >> 16)).wrapping_mul(0x7feb_352d);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

fn half_bits(n: u32) -> u32 {
    (1..16).find(|bits| 1u64 << (2 * bits) >= u64::from(n)).unwrap_or(16)
}

/// The image at `position < n` of the shuffle that `key` names; one to one over `0..n`. Positions beyond begin anew, so that the walk
/// ends for every number: the network is one to one, so a walk that begins inside `0..n` comes back to where it began, if not inside
/// before.
pub fn permute(position: u32, n: u32, key: [u32; 4]) -> u32 {
    let n = n.max(1);
    let bits = half_bits(n);
    let mask = ((1u64 << bits) - 1) as u32;
    let mut x = position % n;
    loop {
        let (mut left, mut right) = (x >> bits, x & mask);
        for round in 0..8u32 {
            let scrambled = mix(mix(right ^ key[round as usize & 3]).wrapping_add(round.wrapping_mul(0x9e37_79b9)));
            (left, right) = (right, left ^ (scrambled & mask));
        }
        x = (left << bits) | right;
        if x < n {
            return x;
        }
    }
}

/// All numbers of `0..n` in the order of the shuffle that `key` names.
pub fn order(n: usize, key: [u32; 4]) -> Vec<usize> {
    (0..n as u32).map(|position| permute(position, n as u32, key) as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::permute;

    #[test]
    fn is_one_to_one() {
        for n in [1, 2, 3, 5, 16, 17, 97, 1000, 60_000] {
            let mut seen = vec![false; n as usize];
            for position in 0..n {
                let image = permute(position, n, [n, 7, 11, 13]) as usize;
                assert!(!std::mem::replace(&mut seen[image], true), "{image} of {n} came twice");
            }
        }
    }

    #[test]
    fn every_position_ends_inside() {
        for n in [0, 1, 3, 5, 54, 1000] {
            for position in (0..1000).chain([u32::MAX - 1, u32::MAX]) {
                assert!(permute(position, n, [position, 7, 11, 13]) < n.max(1));
            }
        }
    }

    #[test]
    fn keys_give_other_orders_without_bias() {
        // Where the first position lands over many keys: each of ten images about equally often.
        let mut counts = [0u32; 10];
        for key in 0..10_000 {
            counts[permute(0, 10, [key, 0, 5, key ^ 9]) as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (850..1150).contains(&count)), "{counts:?}");
    }
}

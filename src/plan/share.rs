//! Which images of a step each member of a group computes.

/// Which part of each step a member of a group computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The member's number.
    pub rank: usize,
    /// Members.
    pub size: usize,
    /// Whether the members' devices are of one kind.
    pub alike: bool,
    /// Images of a step that each member computes; about as many each where this is empty.
    pub images: Vec<usize>,
}

impl Share {
    /// Nobody else is there.
    pub const ALONE: Self = Self { rank: 0, size: 1, alike: true, images: Vec::new() };

    /// How many of so many images, a step's or a part's, each member computes: in proportion to its images of a step, and at least one.
    pub fn split(&self, images: usize) -> Vec<usize> {
        deal(images, self.size, |member, count| count as f64 / self.images.get(member).map_or(1.0, |&all| all as f64))
    }
}

/// Deals images to members: first one to each, then the next always to the one that would be done first with it, where
/// `cost(member, images)` is what so many cost a member, which grows with them. The first of equals takes it.
pub fn deal(images: usize, members: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let mut dealt = vec![1; members];
    for _ in members..images {
        let with_one_more = |member: usize| cost(member, dealt[member] + 1);
        let first_done = (0..members).min_by(|&a, &b| with_one_more(a).total_cmp(&with_one_more(b)));
        first_done.into_iter().for_each(|member| dealt[member] += 1);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_part_are_in_proportion() {
        let share = |images: &[usize]| Share { size: images.len(), images: images.to_vec(), ..Share::ALONE };
        for images in [vec![12], vec![9, 3], vec![1, 10, 1], vec![7, 3, 2]] {
            assert_eq!(share(&images).split(12), images, "of the whole step");
        }
        assert_eq!(share(&[9, 3]).split(4), [3, 1]);
        assert_eq!(share(&[9, 3]).split(6), [5, 1], "the larger share takes what is left over");
        assert_eq!(share(&[11, 1]).split(3), [2, 1], "nobody goes without");
        let equal = Share { size: 5, ..Share::ALONE };
        assert_eq!((equal.split(10), equal.split(12)), (vec![2; 5], vec![3, 3, 2, 2, 2]));
    }

    #[test]
    fn whoever_is_done_first_takes_the_next_image() {
        // Seconds that a step takes whatever it computes, and those of each image.
        let dealt =
            |costs: &[(f64, f64)]| deal(64, costs.len(), |member, n| costs[member].0 + costs[member].1 * n as f64);
        assert_eq!(dealt(&[(0.0, 1.0), (0.0, 1.0)]), [32, 32]);
        assert_eq!(dealt(&[(0.0, 1.0), (0.0, 7.0)]), [56, 8]);
        assert_eq!(dealt(&[(5.0, 0.5), (1.0, 0.1)]), [4, 60], "7 seconds each");
        assert_eq!(dealt(&[(1.0, 1e-3), (100.0, 1e-3)]), [63, 1]);
    }
}

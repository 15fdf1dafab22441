//! Which tile suits each product of a plan: those that the cost model puts first are timed, the heaviest product first, until the time is up.

use crate::kernels::cost::RTX_3090;
use crate::kernels::product::Tile;
use crate::kernels::{AnyKernel, Tuning};
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Tiles of a product that are timed: the model's best.
pub const CANDIDATES: usize = 4;
/// How much of the time of the model's own tile another may take to be chosen for it: differences below are noise.
const BETTER: f64 = 0.97;

/// A product whose tile is wanted.
pub struct Wanted {
    pub name: String,
    /// A kernel that is this product.
    pub kernel: Arc<dyn AnyKernel>,
    /// The tiles to choose from, the model's best first; at least one.
    pub tiles: Vec<Tile>,
    /// Seconds that all of its dispatches in a step take by the model.
    seconds: f64,
}

/// The distinct products of a plan, the heaviest first, each with so many tiles at most. None where they are computed by strips.
pub fn wanted(plan: &Plan, tuning: &Tuning, candidates: usize) -> Vec<Wanted> {
    let mut all: BTreeMap<String, Wanted> = BTreeMap::new();
    for dispatch in &plan.dispatches {
        let kernel = &dispatch.kernel;
        let Some(product) = kernel.product() else { continue };
        let mut tiles = product.tiles(tuning);
        tiles.truncate(candidates);
        if tiles.is_empty() {
            continue;
        }
        let name = product.name().to_owned();
        let seconds = RTX_3090.seconds(&kernel.work(tuning), kernel.launch(tuning).workgroups);
        let new = || Wanted { name: name.clone(), kernel: kernel.clone(), tiles, seconds: 0.0 };
        all.entry(name.clone()).or_insert_with(new).seconds += seconds;
    }
    let mut all: Vec<Wanted> = all.into_values().collect();
    all.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    all
}

/// Chooses tiles. `clock` says how much time has passed, `time` how long each tile of so many products at once takes, or nothing where the
/// device cannot tell. Products that were not reached are left out.
///
/// # Errors
/// Those of `time`.
pub fn choose<E>(
    wanted: &[Wanted],
    at_once: usize,
    budget: Duration,
    mut clock: impl FnMut() -> Duration,
    mut time: impl FnMut(&[Wanted]) -> Result<Option<Vec<Vec<f64>>>, E>,
) -> Result<BTreeMap<String, Tile>, E> {
    let mut chosen = BTreeMap::new();
    for wanted in wanted.chunks(at_once) {
        if clock() >= budget {
            break;
        }
        let Some(seconds) = time(wanted)? else { break };
        let tiles = wanted.iter().zip(seconds).map(|(wanted, seconds)| (wanted.name.clone(), wanted.fastest(&seconds)));
        chosen.extend(tiles.filter_map(|(name, tile)| Some((name, tile?))));
    }
    Ok(chosen)
}

impl Wanted {
    /// The tile to choose where each takes so long: the model's, unless another is faster by more than noise.
    fn fastest(&self, seconds: &[f64]) -> Option<Tile> {
        let mut times = self.tiles.iter().zip(seconds);
        let (mut best, own) = times.next()?;
        let mut least = own * BETTER;
        for (tile, &seconds) in times {
            if seconds < least {
                (best, least) = (tile, seconds);
            }
        }
        Some(*best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::DType;
    use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
    use crate::kernels::product::Variant;
    use crate::plan::{Graph, Layout};

    /// Two products, of which the first is there twice.
    fn plan() -> Plan {
        let mut layout = Layout::default();
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| layout.add(name, DType::Real, [2048, 512]));
        let mut graph = Graph::new("products");
        for (m, epilogue, to) in [(8, Epilogue::None, c), (2048, Epilogue::None, d), (8, Epilogue::Accumulate, c)] {
            graph.push("product", Matmul { form: Form::Nt, m, n: 512, k: 512, epilogue }, &[a, b, a, to]);
        }
        graph.finish().expect("a plan")
    }

    /// What is chosen where each product's tiles take these seconds and each trial a second.
    fn chosen(budget: u64, seconds: &[f64]) -> Vec<(String, usize)> {
        let wanted = wanted(&plan(), &Tuning::default(), CANDIDATES);
        let mut passed = 0;
        let time = |all: &[Wanted]| Ok::<_, ()>((!seconds.is_empty()).then(|| vec![seconds.to_vec(); all.len()]));
        let clock = || {
            passed += 1;
            Duration::from_secs(passed - 1)
        };
        let tiles = choose(&wanted, 1, Duration::from_secs(budget), clock, time).expect("no error");
        let place = |wanted: &Wanted| {
            let tile = tiles.get(&wanted.name)?;
            Some((wanted.name.clone(), wanted.tiles.iter().position(|other| other == tile)?))
        };
        wanted.iter().filter_map(place).collect()
    }

    #[test]
    fn the_fastest_tile_of_each_product_is_chosen_heaviest_first() {
        let [large, small] = ["linear nt 2048x512x512", "linear nt 8x512x512"].map(str::to_owned);
        let both = |at| vec![(large.clone(), at), (small.clone(), at)];
        assert_eq!(chosen(9, &[3.0, 4.0, 1.0, 2.0]), both(2));
        assert_eq!(chosen(9, &[1.0, 0.99, 0.98, 0.975]), both(0), "noise");
        assert_eq!(chosen(9, &[1.0, f64::NAN, f64::INFINITY, 0.9]), both(3));
        assert_eq!(chosen(1, &[3.0, 4.0, 1.0, 2.0]), [(large.clone(), 2)], "the time is up");
        assert_eq!(chosen(0, &[3.0, 1.0]), []);
        assert_eq!(chosen(9, &[]), [], "no clock");
    }

    #[test]
    fn strips_have_no_tiles_and_light_loops_light_ones() {
        let wanted = |variant| wanted(&plan(), &Tuning::of(variant), CANDIDATES);
        assert!(wanted(Variant::Strip).is_empty());
        let light = Tile::ALL.map(|tile| tile.to_string()).into_iter().filter(|name| name.starts_with("32x"));
        assert!(light.count() > 2);
        let of_light: Vec<_> = wanted(Variant::Light).into_iter().flat_map(|wanted| wanted.tiles).collect();
        assert!(of_light.iter().all(|tile| tile.sides()[0] <= 64 && !tile.to_string().starts_with("128")));
    }
}

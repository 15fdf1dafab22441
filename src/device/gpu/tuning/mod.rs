//! The kernels that suit an adapter: which loop computes matrix products, and by which tile each product of a plan. Both are timed on it
//! once and kept in the user's cache folder, per adapter, driver and version of the program. Software adapters need none of it: their
//! workgroup memory is plain memory, and tiles only copy.

mod loops;
mod products;
mod trial;

pub use loops::trial;

use super::AdapterEntry;
use crate::device::DeviceError;
use crate::kernels::Tuning;
use crate::kernels::product::{Tile, Variant};
use crate::plan::{Dispatch, Plan};
pub use products::CANDIDATES;
use products::{Wanted, choose, wanted};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use trial::Trial;

/// Where the outcomes are kept, in the user's cache folder.
const FILE: &str = "tuning.json";
/// Part of an outcome's key: raise it when the loops change between versions of the program.
const LOOPS: u32 = 5;
/// Seconds that the device works before anything is timed, and when it has waited for shaders again. An idle card's clock is slow: an H200 took
/// five times as long for the first three products, and whichever tiles it was awake for by then were chosen.
const WARM_UP: f64 = 0.5;
const AWAKE: f64 = 0.1;
/// How long the products of a plan are timed, with what it takes to compile them; then the cost model has the rest.
pub const BUDGET: Duration = Duration::from_secs(4);

/// The tuning of an adapter where nothing is timed: strips for a software adapter, else the tiles that the cost model suggests.
pub fn guess(adapter: &AdapterEntry) -> Tuning {
    Tuning::of(if adapter.is_software() { Variant::Strip } else { Variant::Tile })
}

/// The loop that suits an adapter: strips for a software adapter, else from the cache or by a trial. A cache that cannot be read or written
/// only costs the trial.
///
/// # Errors
/// When the adapter fails during the trial.
pub fn cached(adapter: &AdapterEntry) -> Result<Tuning, DeviceError> {
    if adapter.is_software() {
        return Ok(guess(adapter));
    }
    let file = file();
    if let Some(known) = file.as_deref().and_then(|file| read(file).ok()?.remove(&key(adapter))) {
        return Ok(Tuning::of(known.matmul));
    }
    let tuning = loops::trial(adapter)?;
    if let Some(file) = file {
        keep(&file, key(adapter), tuning.clone());
    }
    Ok(tuning)
}

/// The tiles of a plan's products by the loop of this tuning: from the cache, or timed for about so long as the budget says; none
/// of those that it does not reach, and none at all where the device has no clock. `file` is the cache, and `note` is told of a trial.
pub fn timed(
    adapter: &AdapterEntry,
    tuning: &Tuning,
    plan: &Plan,
    budget: Duration,
    file: Option<&Path>,
    note: &mut dyn FnMut(&str),
) -> BTreeMap<String, Tile> {
    let mut wanted = wanted(plan, tuning, CANDIDATES);
    let all = wanted.len();
    let known = match file.map(read) {
        Some(Ok(mut known)) => known.remove(&key(adapter)).map(|known| known.tiles).unwrap_or_default(),
        Some(Err(problem)) => {
            note(&format!("warning: {problem}; products are timed again"));
            BTreeMap::new()
        }
        None => BTreeMap::new(),
    };
    // A tile of another loop is none of this one's.
    let usable = |wanted: &Wanted| known.get(&wanted.name).copied().filter(|tile| wanted.tiles.contains(tile));
    let mut tiles: BTreeMap<String, Tile> =
        wanted.iter().filter_map(|wanted| Some((wanted.name.clone(), usable(wanted)?))).collect();
    wanted.retain(|wanted| !tiles.contains_key(&wanted.name));
    if wanted.is_empty() {
        return tiles;
    }
    let start = Instant::now();
    // Enough shaders to occupy the threads that compile them.
    let at_once = rayon::current_num_threads();
    let found = Trial::open(adapter, tuning, &wanted)
        .and_then(|mut trial| choose(&wanted, at_once, budget, || start.elapsed(), |some| trial.seconds(some)));
    match found {
        Ok(found) if found.is_empty() => {}
        Ok(found) => {
            let seconds = start.elapsed().as_secs_f64();
            note(&format!("timed {} of {all} matrix products on the device in {seconds:.1} s", found.len()));
            if let Some(file) = file {
                keep(file, key(adapter), Tuning { tiles: found.clone(), ..tuning.clone() });
            }
            tiles.extend(found);
        }
        Err(error) => note(&format!("warning: matrix products were not timed: {error}")),
    }
    tiles
}

/// Whether a plan's products in half precision are to be computed by cooperative matrices: where the adapter has such.
pub fn cooperates(adapter: &AdapterEntry, plan: &Plan) -> bool {
    let halves = |dispatch: &Dispatch| dispatch.kernel.product().is_some_and(|product| product.is_half());
    adapter.cooperative && plan.dispatches.iter().any(halves)
}

/// Adds the tile that the cost model suggests for each product of a plan that has none yet.
pub fn complete(mut tuning: Tuning, plan: &Plan) -> Tuning {
    if tuning.tile.is_none() {
        for Wanted { name, tiles, .. } in wanted(plan, &tuning, 1) {
            tuning.tiles.entry(name).or_insert(tiles[0]);
        }
    }
    tuning
}

/// Tiles and the seconds that a product takes by each.
pub type TileTimes = Vec<(Tile, f64)>;

/// Seconds of each product of a plan by every tile of a tuning's loop, those that the cost model puts first coming first: what
/// `benches/tiles.rs` judges the model by. None where the loop has no tiles or the device no clock.
///
/// # Errors
/// When the adapter fails.
pub fn by_tile(adapter: &AdapterEntry, tuning: &Tuning, plan: &Plan) -> Result<Vec<(String, TileTimes)>, DeviceError> {
    let wanted = wanted(plan, tuning, usize::MAX);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let seconds = Trial::open(adapter, tuning, &wanted)?.seconds(&wanted)?.unwrap_or_default();
    let timed = wanted.into_iter().zip(seconds);
    Ok(timed.map(|(wanted, seconds)| (wanted.name, wanted.tiles.into_iter().zip(seconds).collect())).collect())
}

/// The cache of this machine's user.
pub(crate) fn file() -> Option<PathBuf> {
    crate::files::cached(FILE)
}

/// What outcomes are kept by.
fn key(adapter: &AdapterEntry) -> String {
    format!("{}, loops {LOOPS}, {}", adapter.describe(), env!("CARGO_PKG_VERSION"))
}

/// Every outcome that is kept; none where there is no file. The error says what is wrong with the file.
fn read(file: &Path) -> Result<BTreeMap<String, Tuning>, String> {
    let problem = |problem: &dyn std::fmt::Display| format!("{}: {problem}", file.display());
    match crate::files::read_if_there(file).map_err(|error| error.to_string())? {
        Some(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| problem(&format!("the file is damaged ({error})")))
        }
        None => Ok(BTreeMap::new()),
    }
}

/// Adds an outcome to the file. One that cannot be written only costs the next run its time.
fn keep(file: &Path, key: String, tuning: Tuning) {
    let mut all = read(file).unwrap_or_default();
    let known = all.entry(key).or_default();
    known.matmul = tuning.matmul;
    known.tiles.extend(tuning.tiles);
    if let Ok(json) = serde_json::to_vec_pretty(&all) {
        let _best_effort = crate::files::write_atomically(file, &json);
    }
}

#[test]
fn outcomes_are_kept_and_a_damaged_file_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(FILE);
    assert_eq!(read(&file), Ok(BTreeMap::new()), "nothing is there");
    let tuning = |name: &str, tile: Tile| Tuning {
        tiles: BTreeMap::from([(name.to_owned(), tile)]),
        ..Tuning::of(Variant::Light)
    };
    keep(&file, "card".to_owned(), tuning("one", Tile::ALL[4]));
    keep(&file, "card".to_owned(), tuning("two", Tile::ALL[5]));
    keep(&file, "other".to_owned(), tuning("one", Tile::ALL[6]));
    let known = read(&file).expect("it is whole");
    let both = BTreeMap::from([("one".to_owned(), Tile::ALL[4]), ("two".to_owned(), Tile::ALL[5])]);
    assert_eq!(known["card"], Tuning { tiles: both, ..Tuning::of(Variant::Light) });
    let text = std::fs::read_to_string(&file).expect("text");
    for damaged in [&text[..text.len() / 2], &text.replace("32x64", "32x65"), "[]"] {
        std::fs::write(&file, damaged).expect("it is damaged");
        assert!(read(&file).is_err_and(|problem| problem.contains("damaged") && problem.contains(FILE)), "{damaged}");
    }
    keep(&file, "card".to_owned(), tuning("one", Tile::ALL[4]));
    assert_eq!(read(&file).expect("it is begun anew").len(), 1);
}

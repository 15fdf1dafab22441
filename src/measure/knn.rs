//! k nearest neighbours, exact: distances and selection on the device, votes on the host.
//!
//! Squared distances are `|q|^2 - 2 q.p + |p|^2`, the middle term one matrix product. In f32 that loses what is small
//! beside `|q|^2` and `|p|^2`, so the mean of the known points is subtracted first: two points are told apart when their
//! distances from the query differ by more than about 1e-7 `(|q|^2 + |p|^2) / distance`, lengths taken from that mean.
//! Cosine distances are taken from the origin and resolve to 1e-7.

use super::{EvalError, Labelled, Rows};
use crate::device::{Device, Values};
use crate::kernels::DType;
use crate::kernels::common::permute::order;
use crate::kernels::common::philox::{Purpose, philox, split};
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::loss::normalise::Normalise;
use crate::kernels::probe::nearest::{MAX_K, Nearest};
use crate::kernels::probe::squares::Squares;
use crate::plan::{Graph, Layout, Tensor};

/// Products that a block of queries may have: 64 MiB, half of what every adapter can bind.
const BLOCK_PRODUCTS: usize = 1 << 24;
/// Queries of a block, at most.
const BLOCK: usize = 512;
/// Blocks begin at multiples of this, so that their slices are aligned.
const ALIGN: usize = 64;
/// The largest k that [`choose_k`] tries.
const MOST_NEIGHBOURS: usize = 20;
/// [`choose_k`] holds out one training point of this many.
const HELD_OUT: usize = 10;

/// What near means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// Euclidean distance.
    #[default]
    Euclidean,
    /// One minus the cosine of the angle at the origin; a point at the origin has distance 1 from all others.
    Cosine,
}

/// The nearest known points of each query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// Neighbours of a query.
    pub k: usize,
    /// Their indices, `[queries, k]`, nearest first; of equally near points the lower index first.
    pub indices: Vec<u32>,
    /// Their classes, like `indices`.
    pub classes: Vec<u8>,
}

impl Neighbours {
    /// The class most common among the `k` nearest of each query, ties to the class of the nearest among the tied. `k` is
    /// clamped to `1..=self.k`.
    pub fn vote(&self, k: usize) -> Vec<u8> {
        self.classes.chunks_exact(self.k).map(|classes| vote(&classes[..k.clamp(1, self.k)])).collect()
    }

    /// The fraction of queries whose class [`Neighbours::vote`] finds; 0 where there is no query.
    pub fn accuracy(&self, labels: &[u8], k: usize) -> f64 {
        fraction_equal(&self.vote(k), labels)
    }
}

fn fraction_equal(found: &[u8], labels: &[u8]) -> f64 {
    let right = found.iter().zip(labels).filter(|(found, label)| found == label).count();
    right as f64 / labels.len().max(1) as f64
}

/// The most common class, the one seen first among equals.
fn vote(classes: &[u8]) -> u8 {
    let mut counts = [0; 256];
    classes.iter().for_each(|&class| counts[usize::from(class)] += 1);
    // The last of equal maxima wins, hence the reversal.
    classes.iter().rev().copied().max_by_key(|&class| counts[usize::from(class)]).unwrap_or_default()
}

/// Finds the `k` nearest `known` points of each query on a device.
///
/// # Errors
/// When known points and queries have different widths, `k` is not in `1..=32` or larger than the number of known points, or
/// the device fails.
pub fn neighbours(
    device: &Device,
    known: Labelled<'_>,
    queries: Rows<'_>,
    k: usize,
    metric: Metric,
) -> Result<Neighbours, EvalError> {
    let (labels, known) = (known.labels(), known.rows());
    known.check_width(queries)?;
    let (n, m, columns) = (known.count(), queries.count(), known.width());
    let most = n.min(MAX_K);
    if !(1..=most).contains(&k) {
        return Err(EvalError::OutOfRange { what: "k", value: k, most });
    }

    let mut layout = Layout::default();
    let points = layout.add("known points", DType::Real, [n, columns]);
    let asked = layout.add("queries", DType::Real, [m, columns]);
    // Stays zero for cosine distances, which rank by the product alone.
    let squares = layout.add("squares", DType::Real, [n]);
    let nearest = layout.add("nearest", DType::Uint, [m, k]);
    let mut g = Graph::new("nearest neighbours");
    let (near, from) = match metric {
        Metric::Euclidean => {
            g.push("squares", Squares { rows: n, width: columns }, &[points, squares]);
            (points, asked)
        }
        Metric::Cosine => {
            let mut directions = |name: &str, x: Tensor| {
                let unit = layout.add(name, DType::Real, x.shape);
                let (rows, width) = x.shape.as_matrix();
                g.push(name, Normalise { rows, width }, &[x, unit]);
                unit
            };
            (directions("known directions", points), directions("query directions", asked))
        }
    };
    let block = (BLOCK_PRODUCTS / n).clamp(ALIGN, BLOCK) / ALIGN * ALIGN;
    for first in (0..m).step_by(block) {
        let rows = block.min(m - first);
        let part = from.slice(first * columns, [rows, columns]);
        let products = g.tensor("products", [rows, n]);
        let product = Matmul { form: Form::Nt, m: rows, n, k: columns, epilogue: Epilogue::None };
        g.push("products", product, &[part, near, near, products]);
        let found = nearest.slice(first * k, [rows, k]);
        g.push("nearest", Nearest { queries: rows, points: n, k }, &[products, squares, found]);
    }

    let mut executor = device.open(&layout)?;
    let frame = Frame::new(known.values(), queries.values(), columns, metric);
    executor.write(points, &Values::F32(frame.apply(known.values())))?;
    executor.write(asked, &Values::F32(frame.apply(queries.values())))?;
    let plan = g.finish()?;
    let dispatches = plan.dispatches.len();
    let plan = executor.load(plan)?;
    // A dispatch to a submission: none then comes near a driver's time limit.
    for dispatch in 0..dispatches {
        executor.run_part(plan, dispatch..dispatch + 1)?;
    }
    let indices = executor.read(nearest)?.words().to_vec();
    let classes = indices.iter().map(|&i| labels[i as usize]).collect();
    Ok(Neighbours { k, indices, classes })
}

/// The frame in which f32 loses the least: the origin at the mean, and the largest coordinate near one, so that no
/// square overflows or vanishes. The scale is a power of two, which changes no digit.
struct Frame {
    origin: Vec<f64>,
    scale: f64,
}

impl Frame {
    fn new(known: &[f32], queries: &[f32], width: usize, metric: Metric) -> Self {
        let mut origin = vec![0.0; width];
        if metric == Metric::Euclidean {
            for row in known.chunks_exact(width) {
                origin.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
            }
            origin.iter_mut().for_each(|sum| *sum /= (known.len() / width) as f64);
        }
        let frame = Self { origin, scale: 1.0 };
        let largest = frame.coordinates(known).chain(frame.coordinates(queries)).fold(0.0, |a: f64, x| a.max(x.abs()));
        let scale = if largest > 0.0 { (-largest.log2().ceil()).exp2() } else { 1.0 };
        Self { scale, ..frame }
    }

    fn coordinates<'a>(&'a self, rows: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
        rows.iter().zip(self.origin.iter().cycle()).map(|(&x, origin)| (f64::from(x) - origin) * self.scale)
    }

    fn apply(&self, rows: &[f32]) -> Vec<f32> {
        self.coordinates(rows).map(|x| x as f32).collect()
    }
}

/// The fraction of `queries` whose class is the one most common among their `k` nearest `known` points.
///
/// # Errors
/// See [`neighbours`].
pub fn accuracy(
    device: &Device,
    known: Labelled<'_>,
    queries: Labelled<'_>,
    k: usize,
    metric: Metric,
) -> Result<f64, EvalError> {
    Ok(neighbours(device, known, queries.rows(), k, metric)?.accuracy(queries.labels(), k))
}

/// A k chosen on training points alone, and what it achieves on others.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The k with the best accuracy on the held-out points, the smallest among equals.
    pub k: usize,
    /// Accuracy on the held-out points for k = 1, 2, ...
    pub held_out: Vec<f64>,
    /// The queries' classes with the chosen k and all training points known.
    pub predictions: Vec<u8>,
    /// Their accuracy.
    pub accuracy: f64,
}

/// Chooses k from 1..=20 on a random tenth of the training points, held out, and reports the accuracy on `queries`.
///
/// # Errors
/// When there are fewer than two training points; see [`neighbours`] for the others.
pub fn choose_k(
    device: &Device,
    train: Labelled<'_>,
    queries: Labelled<'_>,
    metric: Metric,
    seed: u64,
) -> Result<Chosen, EvalError> {
    let (rows, labels) = (train.rows(), train.labels());
    let (n, width) = (rows.count(), rows.width());
    if n < 2 {
        return Err(EvalError::TooFew { what: "training points", found: n, wanted: 2 });
    }
    let key = philox(split(seed), [0, 0, 0, Purpose::HeldOut as u32]);
    let order = order(n, key);
    let (held_out, known) = order.split_at((n / HELD_OUT).max(1));
    let gather = |chosen: &[usize]| -> (Vec<f32>, Vec<u8>) {
        let values = chosen.iter().flat_map(|&i| &rows.values()[i * width..(i + 1) * width]).copied().collect();
        (values, chosen.iter().map(|&i| labels[i]).collect())
    };
    let ((held_values, held_labels), (known_values, known_labels)) = (gather(held_out), gather(known));
    let held_out = Rows::new("held-out points", &held_values, width)?;
    let known = Labelled::new("known points", &known_values, width, &known_labels)?;
    let found = neighbours(device, known, held_out, MOST_NEIGHBOURS.min(known.rows().count()), metric)?;
    let held_out: Vec<f64> = (1..=found.k).map(|k| found.accuracy(&held_labels, k)).collect();
    let best = held_out.iter().copied().fold(0.0, f64::max);
    let k = held_out.iter().position(|&accuracy| accuracy == best).map_or(1, |at| at + 1);
    let predictions = neighbours(device, train, queries.rows(), k, metric)?.vote(k);
    let accuracy = fraction_equal(&predictions, queries.labels());
    Ok(Chosen { k, held_out, predictions, accuracy })
}

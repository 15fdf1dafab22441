//! The judges against scikit-learn's values, brute force, and embeddings that have gone wrong.
//!
//! The known values are scikit-learn 1.9's on the same numbers, which a linear congruential generator draws here and there.

use crate::common::gpu;
use crate::common::words::Words;
use wgpu_simvae::data::{ImageShape, Images};
use wgpu_simvae::device::Device;
use wgpu_simvae::eval::clustering::{Clustering, Settings};
use wgpu_simvae::eval::knn::{Metric, Neighbours, accuracy, choose_k, neighbours};
use wgpu_simvae::eval::metrics::{Contingency, mean_and_deviation, r_squared};
use wgpu_simvae::eval::{EvalError, Labelled, Representation, Rows, clustering};
use wgpu_simvae::train::Embedding;

fn devices() -> Vec<Device> {
    [Device::cpu()].into_iter().chain(gpu()).collect()
}

fn rows(values: &[f32], width: usize) -> Rows<'_> {
    Rows::new("rows", values, width).expect("good rows")
}

fn labelled<'a>(values: &'a [f32], labels: &'a [u8]) -> Labelled<'a> {
    Labelled::new("points", values, values.len() / labels.len(), labels).expect("good points")
}

fn cluster(values: &[f32], width: usize, settings: &Settings) -> Result<Clustering, EvalError> {
    let rows = Rows::new("rows", values, width)?;
    clustering::cluster(rows, rows, settings)
}

/// Three overlapping clusters of 100 points in three dimensions, and their classes.
fn three_clusters() -> (Vec<f32>, Vec<u8>) {
    let mut words = Words(7);
    let mut rows = Vec::new();
    for i in 0..300 {
        let class = (i % 3) as f32;
        let [a, b, c] = [(); 3].map(|()| words.bell());
        rows.extend([a + class * 1.5, b + 0.5 * a, c + (class * class) % 3.0]);
    }
    (rows, (0..300).map(|i| (i % 3) as u8).collect())
}

#[test]
fn scores_are_those_of_scikit_learn() {
    let (a, b) = (Words::labels(1, 500, 7), Words::labels(2, 500, 5));
    let mixed: Vec<u8> =
        a.iter().zip(&b).enumerate().map(|(i, (&x, &y))| if i % 4 == 0 { y } else { (x * 3 + 1) % 7 }).collect();
    let halved: Vec<u8> = a.iter().map(|x| x / 2).collect();
    let singles: Vec<u8> = (0..6).collect();
    let cases = [
        ("independent", &a[..], &b[..], [0.14, 0.18, 0.007502972204, -0.004331295008]),
        ("renamed, with noise", &a[..], &mixed[..], [0.152, 0.782, 0.571039566554, 0.549721633039]),
        ("merged", &a[..], &halved[..], [0.134, 0.588, 0.820700709687, 0.631332119278]),
        ("split", &halved[..], &a[..], [0.134, 0.588, 0.820700709687, 0.631332119278]),
        ("one class", &[0; 5][..], &[0, 1, 2, 0, 1][..], [0.4, 0.4, 0.0, 0.0]),
        ("one cluster", &a[..], &[0; 500][..], [0.134, 0.156, 0.0, 0.0]),
        ("one of each", &[3; 5][..], &[1; 5][..], [0.0, 1.0, 1.0, 1.0]),
        ("equal", &a[..], &a[..], [1.0; 4]),
        ("singletons", &singles[..], &singles[..], [1.0; 4]),
    ];
    for (name, truth, found, want) in cases {
        let table = Contingency::new(truth, found).expect("equal lengths");
        let got = [table.accuracy(), table.matched_accuracy(), table.nmi(), table.ari()];
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-9, "{name}: {got} is not {want}");
        }
    }
}

#[test]
fn the_table_counts_pairs_and_matches_clusters_to_classes() {
    let table = Contingency::new(&[0, 0, 2, 2, 2], &[1, 1, 0, 0, 1]).expect("equal lengths");
    assert_eq!((table.classes, table.found, table.counts.as_slice()), (3, 2, [0, 2, 0, 0, 2, 1].as_slice()));
    assert_eq!(table.matching(), [Some(1), None, Some(0)]);
    assert_eq!((table.count(2, 1), table.count(3, 0), table.count(0, 2)), (1, 0, 0));
    assert!(matches!(Contingency::new(&[0], &[0, 1]), Err(EvalError::Lengths { left: 1, right: 2 })));
    assert!(matches!(Contingency::new(&[], &[]), Err(EvalError::TooFew { .. })));
}

#[test]
fn averages_and_r_squared() {
    let (mean, deviation) = mean_and_deviation(&[0.1, 0.25, 0.4, 0.15]);
    assert!((mean - 0.225).abs() < 1e-15 && (deviation - 0.13228756555322954).abs() < 1e-15);
    assert_eq!(mean_and_deviation(&[0.3]), (0.3, 0.0));
    assert!(mean_and_deviation(&[]).0.is_nan());
    let score = r_squared(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0]).expect("equal lengths");
    assert!((score - 0.948608137045).abs() < 1e-12);
    assert_eq!(r_squared(&[1.0f32; 3], &[1.0, 1.0, 2.0]).expect("equal lengths"), 0.0);
    assert_eq!(r_squared(&[1.0f32; 2], &[1.0; 2]).expect("equal lengths"), 1.0);
    assert!(r_squared(&[1.0], &[]).is_err() && r_squared::<f64>(&[], &[]).is_err());
}

#[test]
fn mixtures_reach_the_likelihood_of_scikit_learn() {
    let (rows, classes) = three_clusters();
    let settings = |components| Settings { tolerance: 1e-10, max_rounds: 5000, ..Settings::new(components) };
    for (components, want) in [(1, -3.5950957385), (2, -3.4460926471), (3, -3.3682168574539157)] {
        let found = cluster(&rows, 3, &settings(components)).expect("a good embedding");
        assert!(found.converged && found.rounds > 1);
        assert!((found.log_likelihood - want).abs() < 1e-6, "{components}: {} is not {want}", found.log_likelihood);
        if components == 3 {
            let table = Contingency::new(&classes, &found.labels).expect("equal lengths");
            let got = [table.nmi(), table.ari(), table.matched_accuracy()];
            let want = [0.7459171169000138, 0.7881226210164082, 0.9233333333333333];
            assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-6), "{got:?} is not {want:?}");
        }
    }
}

#[test]
fn mixtures_tell_the_clusters_of_rows_that_they_were_not_fitted_to() {
    let (values, _) = three_clusters();
    let (known, asked) = (rows(&values[..600], 3), rows(&values[600..], 3));
    let settings = Settings { tolerance: 1e-10, max_rounds: 5000, starts: 20, ..Settings::new(3) };
    let of = |asked| clustering::cluster(known, asked, &settings).expect("a good embedding");
    let (found, own) = (of(asked), of(known));
    assert_eq!((found.labels.len(), own.labels.len(), found.log_likelihood), (100, 200, own.log_likelihood));
    // One row at a time is told the same: the rows asked about take no part in the fit.
    for (row, &label) in values[600..].chunks(3).zip(&found.labels).take(20) {
        assert_eq!(of(rows(row, 3)).labels, [label]);
    }
    // scikit-learn 1.9.1: GaussianMixture(3, tol=1e-10, n_init=50) fitted to the first 200 points.
    assert!((found.log_likelihood + 3.3502875387907602).abs() < 1e-6, "{}", found.log_likelihood);
    let counted = [0, 1, 2].map(|c| found.labels.iter().filter(|&&label| label == c).count());
    let mut counted = counted.to_vec();
    counted.sort_unstable();
    assert_eq!(counted, [29, 35, 36]);
    let narrow = clustering::cluster(known, rows(&values, 2), &settings);
    assert!(matches!(narrow, Err(EvalError::Width { found: 2, known: 3, .. })));
}

#[test]
fn draws_from_a_mixture_are_spread_as_the_rows_that_it_was_fitted_to() {
    let (values, _) = three_clusters();
    let settings = Settings { tolerance: 1e-10, max_rounds: 5000, ..Settings::new(3) };
    let mixture = clustering::fit(rows(&values, 3), &settings).expect("a good embedding");
    let drawn = mixture.draw(60_000, 4);
    assert_eq!((drawn.len(), mixture.draw(2, 4) == drawn[..6]), (180_000, true));
    assert_ne!(mixture.draw(2, 5), drawn[..6]);
    // Expectation and maximisation keep the mean and the covariance of the rows.
    let moments = |values: &[f32]| -> Vec<f64> {
        let mean = |f: &dyn Fn(&[f32]) -> f64| values.chunks(3).map(f).sum::<f64>() * 3.0 / values.len() as f64;
        let means: Vec<f64> = (0..3).map(|i| mean(&|row| f64::from(row[i]))).collect();
        let centred = |row: &[f32], i: usize| f64::from(row[i]) - means[i];
        let covariances = (0..9).map(|at| mean(&|row| centred(row, at / 3) * centred(row, at % 3)));
        means.iter().copied().chain(covariances).collect()
    };
    for (got, want) in moments(&drawn).iter().zip(moments(&values)) {
        assert!((got - want).abs() < 0.03, "{got} is not {want}");
    }
    // And so does each cluster.
    let own = clustering::cluster(rows(&values, 3), rows(&values, 3), &settings).expect("a good embedding").labels;
    let others = clustering::cluster(rows(&values, 3), rows(&drawn, 3), &settings).expect("a good embedding").labels;
    let share = |labels: &[u8], c| labels.iter().filter(|&&label| label == c).count() as f64 / labels.len() as f64;
    for c in 0..3 {
        let (got, want) = (share(&others, c), share(&own, c));
        assert!((got - want).abs() < 0.05, "cluster {c}: {got} is not {want}");
    }
}

#[test]
fn mixtures_repeat_and_depend_on_starts() {
    let (rows, _) = three_clusters();
    let settings = Settings { starts: 1, max_rounds: 3, tolerance: 0.0, ..Settings::new(8) };
    let first = cluster(&rows, 3, &settings).expect("a good embedding");
    assert_eq!(cluster(&rows, 3, &settings).expect("a good embedding"), first);
    assert_eq!((first.rounds, first.converged), (3, false));
    let other = cluster(&rows, 3, &Settings { seed: 1, ..settings }).expect("a good embedding");
    assert_ne!(other.log_likelihood, first.log_likelihood);
    // More starts never find less, and with one seed or another they find more.
    let gains: Vec<f64> = (0..6)
        .map(|seed| {
            let likelihood = |starts| {
                let settings = Settings { starts, seed, ..settings };
                cluster(&rows, 3, &settings).expect("a good embedding").log_likelihood
            };
            likelihood(6) - likelihood(1)
        })
        .collect();
    assert!(gains.iter().all(|&gain| gain >= 0.0) && gains.iter().any(|&gain| gain > 0.0), "{gains:?}");
}

#[test]
fn mixtures_take_nearly_singular_embeddings() {
    let mut words = Words(3);
    let mut rows = Vec::new();
    for i in 0..1000 {
        // Half of the columns repeat the others, and one is constant.
        let half: Vec<f32> = (0..32).map(|j| words.bell() + 3.0 * ((i % 5 * (j + 1)) as f32).sin()).collect();
        rows.extend(half.iter().chain(&half[1..]).copied().chain([7.0]));
    }
    let classes: Vec<u8> = (0..1000).map(|i| (i % 5) as u8).collect();
    let found = cluster(&rows, 64, &Settings::new(5)).expect("reg_covar keeps the covariances invertible");
    assert!(found.converged && found.log_likelihood.is_finite());
    assert_eq!(Contingency::new(&classes, &found.labels).expect("equal lengths").matched_accuracy(), 1.0);
}

#[test]
fn embeddings_that_cannot_be_clustered_are_refused() {
    let (mut rows, _) = three_clusters();
    let of = |rows: &[f32], width, components| cluster(rows, width, &Settings::new(components));
    assert!(matches!(of(&[1.5; 60], 3, 2), Err(EvalError::Collapsed { found: 1, wanted: 2 })));
    assert!(matches!(of(&[1.0, 2.0, 1.0, 2.0], 1, 3), Err(EvalError::Collapsed { found: 2, wanted: 3 })));
    assert!(matches!(of(&rows, 3, 301), Err(EvalError::OutOfRange { most: 256, .. })));
    assert!(matches!(of(&rows, 3, 0), Err(EvalError::OutOfRange { value: 0, .. })));
    assert!(matches!(of(&rows, 7, 2), Err(EvalError::Rows { .. })));
    assert!(matches!(of(&rows, 0, 2), Err(EvalError::TooFew { .. })));
    let singular = Settings { reg_covar: 0.0, ..Settings::new(2) };
    let line: Vec<f32> = (0..50).flat_map(|i| [i as f32; 2]).collect();
    assert!(matches!(cluster(&line, 2, &singular), Err(EvalError::Singular { starts: 5, .. })));
    rows[500] = f32::NAN;
    assert!(matches!(of(&rows, 3, 3), Err(EvalError::NotFinite { row: 166, column: 2, .. })));
}

/// Distances of a query from all points, in f64.
fn distances(known: &[f32], query: &[f32], metric: Metric) -> Vec<f64> {
    let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum() };
    known
        .chunks(query.len())
        .map(|p| match metric {
            Metric::Euclidean => p.iter().zip(query).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum(),
            Metric::Cosine => 1.0 - dot(p, query) / (dot(p, p) * dot(query, query)).sqrt(),
        })
        .collect()
}

/// Every neighbour is as near as the one that brute force finds in its place, and none comes twice.
fn assert_nearest(found: &Neighbours, known: &[f32], queries: &[f32], width: usize, metric: Metric, tolerance: f64) {
    for (row, query) in found.indices.chunks(found.k).zip(queries.chunks(width)) {
        let distances = distances(known, query, metric);
        let mut sorted = distances.clone();
        sorted.sort_by(f64::total_cmp);
        for (&index, want) in row.iter().zip(sorted) {
            let got = distances[index as usize];
            assert!((got - want).abs() <= tolerance, "{metric:?}, width {width}, k {}: {got} is not {want}", found.k);
        }
        let mut indices = row.to_vec();
        indices.sort_unstable();
        assert!(indices.windows(2).all(|pair| pair[0] != pair[1]), "{row:?}");
    }
}

#[test]
fn neighbours_are_those_of_brute_force() {
    for (n, m, width, k) in [(1, 1, 1, 1), (5, 3, 2, 5), (63, 65, 7, 32), (129, 600, 10, 20), (1021, 67, 64, 5)] {
        let mut words = Words((n * m) as u32);
        let mut draw = |count: usize| (0..count * width).map(|_| words.bell()).collect::<Vec<f32>>();
        let (known, queries) = (draw(n), draw(m));
        let labels = vec![1; n];
        for device in devices() {
            for metric in [Metric::Euclidean, Metric::Cosine] {
                let points = labelled(&known, &labels);
                let asked = rows(&queries, width);
                let found = neighbours(&device, points, asked, k, metric).expect("good points");
                assert_eq!((found.k, found.indices.len()), (k, m * k));
                let tolerance = if metric == Metric::Euclidean { 3e-6 * width as f64 } else { 1e-6 };
                assert_nearest(&found, &known, &queries, width, metric, tolerance);
            }
        }
    }
}

#[test]
fn offset_huge_and_tiny_embeddings_keep_their_neighbours() {
    let mut words = Words(11);
    let still: Vec<f32> = (0..300 * 3).map(|_| words.bell()).collect();
    let labels = vec![0; 200];
    for device in devices() {
        for (offset, scale) in [(0.0, 1e30), (0.0, 1e-30), (4000.0, 1.0)] {
            let moved: Vec<f32> = still.iter().map(|x| x * scale + offset).collect();
            let (known, queries) = moved.split_at(200 * 3);
            let points = labelled(known, &labels);
            let asked = rows(queries, 3);
            let found = neighbours(&device, points, asked, 6, Metric::Euclidean).expect("good points");
            let tolerance = 1e-5 * f64::from(scale).powi(2);
            assert_nearest(&found, known, queries, 3, Metric::Euclidean, tolerance);
        }
    }
}

#[test]
fn equally_near_points_come_in_order() {
    // A lattice about zero: every distance is exact, most of them are shared.
    let lattice: Vec<f32> = (0..81).flat_map(|i| [(i % 9 - 4) as f32, (i / 9 - 4) as f32]).collect();
    let labels: Vec<u8> = (0..81).collect();
    let points = labelled(&lattice, &labels);
    for device in devices() {
        let found = neighbours(&device, points, points.rows(), 13, Metric::Euclidean).expect("good points");
        for (i, query) in lattice.chunks(2).enumerate() {
            let mut want: Vec<(f64, u32)> =
                distances(&lattice, query, Metric::Euclidean).into_iter().zip(0..).collect();
            want.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let want: Vec<u32> = want[..13].iter().map(|&(_, index)| index).collect();
            assert_eq!(found.indices[i * 13..][..13], want);
            assert_eq!(found.classes[i * 13], i as u8);
        }
        let origin = rows(&[0.0; 6], 2);
        let found = neighbours(&device, points, origin, 3, Metric::Cosine).expect("good points");
        assert_eq!(found.indices, [0, 1, 2].repeat(3), "every angle at the origin is as good as another");
    }
}

#[test]
fn votes_take_any_k_and_break_ties_by_distance() {
    let found = Neighbours { k: 5, indices: vec![0; 10], classes: vec![7, 8, 8, 7, 9, 3, 2, 1, 1, 2] };
    let votes = |k| found.vote(k);
    assert_eq!([votes(1), votes(2), votes(3), votes(4), votes(5)], [[7, 3], [7, 3], [8, 3], [7, 1], [7, 2]]);
    assert_eq!((votes(0), votes(99)), (votes(1), votes(5)));
    assert_eq!((found.accuracy(&[7, 1], 4), found.accuracy(&[7, 1], 5), found.accuracy(&[], 1)), (1.0, 0.5, 0.0));
}

#[test]
fn accuracy_counts_the_right_classes() {
    // Points on a line: class 0 around 0, class 1 around 10.
    let known = labelled(&[0.0, 1.0, 2.0, 9.0, 10.0, 11.0], &[0, 0, 0, 1, 1, 1]);
    let queries = labelled(&[0.4, 10.2, 5.4, 5.6], &[0, 1, 0, 1]);
    let of = |queries| accuracy(&Device::cpu(), known, queries, 3, Metric::Euclidean).expect("good points");
    assert_eq!(of(queries), 1.0);
    assert_eq!(of(queries.relabelled(&[1, 0, 1, 0]).expect("one label for each")), 0.0);
}

#[test]
fn k_is_chosen_on_held_out_points() {
    // Two far classes, a quarter of the labels wrong: one neighbour is wrong as often, many outvote the wrong ones.
    let mut words = Words(5);
    let mut rows = Vec::new();
    let mut clean = Vec::new();
    let mut noisy = Vec::new();
    for i in 0..2400 {
        let class = (i % 2) as u8;
        rows.extend([words.bell() + 9.0 * f32::from(class), words.bell()]);
        clean.push(class);
        noisy.push(if words.unit() < 0.25 { 1 - class } else { class });
    }
    let train = labelled(&rows[..4000], &noisy[..2000]);
    let test = labelled(&rows[4000..], &clean[2000..]);
    let device = Device::cpu();
    let chosen = choose_k(&device, train, test, Metric::Euclidean, 1).expect("good points");
    assert_eq!(chosen.held_out.len(), 20);
    let best = chosen.held_out.iter().copied().fold(0.0, f64::max);
    assert_eq!(chosen.held_out.iter().position(|&accuracy| accuracy == best), Some(chosen.k - 1));
    assert!(chosen.k > 4 && chosen.accuracy > 0.95, "{chosen:?}");
    assert_eq!(chosen.accuracy, accuracy(&device, train, test, chosen.k, Metric::Euclidean).expect("good points"));
    assert_eq!(choose_k(&device, train, test, Metric::Euclidean, 1).expect("good points"), chosen);
    let other = choose_k(&device, train, test, Metric::Euclidean, 2).expect("good points");
    assert_ne!(other.held_out, chosen.held_out, "another seed holds out other points");
    let few = labelled(&[1.0, 2.0, 3.0], &[0, 1, 1]);
    assert_eq!(choose_k(&device, few, few, Metric::Cosine, 0).expect("good points").held_out.len(), 2);
    let one = labelled(&[1.0], &[0]);
    assert!(matches!(choose_k(&device, one, one, Metric::Cosine, 0), Err(EvalError::TooFew { wanted: 2, .. })));
}

#[test]
fn points_that_do_not_fit_are_refused() {
    let known = labelled(&[0.0, 1.0, 2.0, 3.0], &[0, 1]);
    let of = |queries, k| neighbours(&Device::cpu(), known, queries, k, Metric::Euclidean);
    assert!(matches!(of(known.rows(), 3), Err(EvalError::OutOfRange { value: 3, most: 2, .. })));
    assert!(matches!(of(known.rows(), 0), Err(EvalError::OutOfRange { .. })));
    assert!(matches!(of(rows(&[0.0, 1.0], 1), 1), Err(EvalError::Width { found: 1, known: 2, .. })));

    let make = |values: &'static [f32], width| Rows::new("queries", values, width);
    assert!(matches!(make(&[0.0, 1.0, 2.0], 2), Err(EvalError::Rows { values: 3, width: 2, .. })));
    assert!(matches!(make(&[], 2), Err(EvalError::TooFew { .. })));
    assert!(matches!(make(&[1.0], 0), Err(EvalError::TooFew { .. })));
    let broken = make(&[0.0, 1.0, f32::INFINITY, 3.0], 2);
    assert!(matches!(broken, Err(EvalError::NotFinite { what: "queries", row: 1, column: 0, .. })));
    let short = Labelled::new("known points", &[0.0, 1.0], 1, &[0]);
    assert!(matches!(short, Err(EvalError::Lengths { left: 2, right: 1 })));
    assert!(matches!(known.relabelled(&[0; 3]), Err(EvalError::Lengths { left: 2, right: 3 })));
}

#[test]
fn images_without_a_class_are_left_out_of_the_content() {
    let shape = ImageShape { channels: 1, height: 1, width: 1 };
    let of = |classes: &[&str]| {
        let classes = classes.iter().map(|&class| class.to_owned()).collect();
        Images::new(shape, vec![0; 4], vec![0, 2, 1, 0], classes).expect("images")
    };
    let embedding = Embedding { mu: (0..8u8).map(f32::from).collect(), logvar: Vec::new(), latent: 2 };
    let (images, others) = (of(&["black", "blond", "-"]), of(&["-", "black", "blond"]));
    let found = Representation::new("images", &embedding, &images);
    assert_eq!((images.judged_classes(), found.all().expect("rows").count()), (2, 4));
    let classed = found.classed(&images).expect("three have a class");
    assert_eq!((classed.rows().values(), classed.labels()), (&[0.0, 1.0, 4.0, 5.0, 6.0, 7.0][..], &[0, 1, 0][..]));
    assert_eq!(others.judged_classes(), 3, "only a last class is none");
    let found = Representation::new("images", &embedding, &others);
    assert_eq!(found.classed(&others).expect("all have a class").labels(), others.labels);
}

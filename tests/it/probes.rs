//! Probes: what they can tell from rows, and what they refuse.

use crate::common::words::Words;
use wgpu_simvae::device::Device;
use wgpu_simvae::eval::probe::{Head, LogisticSettings, ProbeSettings, answer, classify, logistic, regress};
use wgpu_simvae::eval::{EvalError, Labelled, Measured, Rows};
use wgpu_simvae::kernels::common::philox::{philox, unit};

const WIDTH: usize = 4;
const ROWS: usize = 600;

/// Uniform numbers in -1..1.
fn noise(stream: u32) -> Vec<f32> {
    (0..(ROWS * WIDTH) as u32).map(|i| 2.0 * unit(philox([stream, 0], [i, 0, 0, 0])[0]) as f32 - 1.0).collect()
}

/// Whether two columns have the same sign: no linear probe can tell.
fn agree(values: &[f32]) -> Vec<u8> {
    values.chunks(WIDTH).map(|x| u8::from(x[0] * x[1] > 0.0)).collect()
}

fn settings(head: Head) -> ProbeSettings {
    ProbeSettings { head, epochs: 40, batch: 32, learning_rate: 0.01, ..ProbeSettings::default() }
}

const MLP: Head = Head::Mlp { hidden: Some(32) };

#[test]
fn a_hidden_layer_tells_what_a_line_cannot() {
    let (x, y) = (noise(1), noise(2));
    let (known, wanted) = (agree(&x), agree(&y));
    let train = Labelled::new("training", &x, WIDTH, &known).expect("good rows");
    let test = Labelled::new("test", &y, WIDTH, &wanted).expect("good rows");
    let of = |head, standardise| {
        let settings = ProbeSettings { standardise, ..settings(head) };
        classify(&Device::cpu(), train, test, 2, &settings).expect("it is trained")
    };
    assert!(of(Head::Linear, false).last < 0.65);
    for standardise in [false, true] {
        let found = of(MLP, standardise);
        assert!(found.last > 0.9 && found.best >= found.last && found.best_epoch > 0, "{found:?}");
        assert_eq!(found.losses.len(), 40);
    }
}

#[test]
fn a_line_explains_a_sum_and_no_constant() {
    let (x, y) = (noise(1), noise(2));
    let factors = |x: &[f32]| x.chunks(WIDTH).flat_map(|x| [x[0] - 3.0 * x[2], 0.5]).collect::<Vec<f32>>();
    let (known, wanted) = (factors(&x), factors(&y));
    let measured = |x, factors| {
        let rows = |values, width| Rows::new("rows", values, width).expect("good rows");
        Measured::new(rows(x, WIDTH), rows(factors, 2)).expect("factors of each")
    };
    let (train, test) = (measured(&x, &known), measured(&y, &wanted));
    let found = regress(&Device::cpu(), train, test, &settings(Head::Linear)).expect("it is trained");
    assert!(found[0].is_some_and(|score| score > 0.99), "{found:?}");
    assert_eq!(found[1], None, "a factor that does not vary");
}

/// A factor that shows in a small difference of two columns is told as quickly as one that has a column.
#[test]
fn correlated_columns_keep_no_factor_from_being_told() {
    let mixed = |x: &[f32]| x.chunks(WIDTH).flat_map(|x| [x[0], x[0] + 0.01 * x[1], x[2], x[3]]).collect::<Vec<f32>>();
    let factors = |x: &[f32]| x.chunks(WIDTH).map(|x| x[1]).collect::<Vec<f32>>();
    let (x, y) = (noise(1), noise(2));
    let (known, wanted, x, y) = (factors(&x), factors(&y), mixed(&x), mixed(&y));
    let measured = |x, factors| {
        let rows = |values, width| Rows::new("rows", values, width).expect("good rows");
        Measured::new(rows(x, WIDTH), rows(factors, 1)).expect("a factor of each")
    };
    for head in [Head::Linear, MLP] {
        let found = regress(&Device::cpu(), measured(&x, &known), measured(&y, &wanted), &settings(head));
        let found = found.expect("it is trained");
        assert!(found[0].is_some_and(|score| score > 0.98), "{head:?}: {found:?}");
    }
}

#[test]
fn one_probe_answers_all_questions_and_a_rare_yes_counts_as_much_as_a_common_no() {
    let (x, y) = (noise(1), noise(2));
    // A sum's sign, the same but rarely yes, whether two signs agree, nothing that the row tells, and what is always so.
    let answers = |x: &[f32]| -> Vec<f32> {
        let of = |(row, x): (usize, &[f32])| {
            let yes = [x[0] + x[1] > 0.0, x[0] + x[1] > 1.2, x[0] * x[1] > 0.0, row % 2 == 0, true];
            yes.map(|yes| f32::from(u8::from(yes)))
        };
        x.chunks(WIDTH).enumerate().flat_map(of).collect()
    };
    let (known, wanted) = (answers(&x), answers(&y));
    let measured = |x, answers| {
        let rows = |values, width| Rows::new("rows", values, width).expect("good rows");
        Measured::new(rows(x, WIDTH), rows(answers, 5)).expect("answers of each")
    };
    let (train, test) = (measured(&x, &known), measured(&y, &wanted));
    let of = |head| answer(&Device::cpu(), train, test, &settings(head)).expect("it is trained");
    let (linear, mlp) = (of(Head::Linear), of(MLP));
    let score = |found: &[Option<f64>], question: usize| found[question].expect("both answers occur");
    assert!(score(&linear, 0) > 0.95 && score(&mlp, 0) > 0.95, "{linear:?}, {mlp:?}");
    assert!(score(&linear, 1) > 0.75 && score(&linear, 1) < score(&linear, 0), "{linear:?}");
    assert!(score(&linear, 2) < 0.6 && score(&mlp, 2) > 0.85, "{linear:?}, {mlp:?}");
    assert!((score(&linear, 3) - 0.5).abs() < 0.08, "{linear:?}");
    assert_eq!((linear[4], mlp[4]), (None, None), "one answer only");
    // Never yes is a constant answer, whatever the share of yes.
    let never: Vec<f32> = vec![0.0; known.len()];
    let constant = answer(&Device::cpu(), measured(&x, &never), test, &settings(Head::Linear)).expect("it is trained");
    assert_eq!(constant[..4], [Some(0.5); 4]);
}

#[test]
fn what_cannot_be_learnt_is_refused() {
    let set = |width| Labelled::new("rows", &[0.5; 6], width, &[0, 1, 2, 0, 1, 2][..6 / width]).expect("good rows");
    let of = |test, classes, settings: &ProbeSettings| {
        classify(&Device::cpu(), set(2), test, classes, settings).expect_err("it is refused")
    };
    let good = ProbeSettings { epochs: 1, ..ProbeSettings::default() };
    assert!(matches!(of(set(3), 3, &good), EvalError::Width { found: 3, known: 2, .. }));
    assert!(matches!(of(set(2), 2, &good), EvalError::Label { row: 2, label: 2, classes: 2, .. }));
    for settings in [
        ProbeSettings { learning_rate: f64::NAN, ..good.clone() },
        ProbeSettings { epochs: 0, ..good.clone() },
        ProbeSettings { batch: 0, ..good.clone() },
        ProbeSettings { evaluate_every: 0, ..good.clone() },
        ProbeSettings { head: Head::Mlp { hidden: Some(0) }, ..good.clone() },
    ] {
        assert!(matches!(of(set(2), 3, &settings), EvalError::Setting { .. }), "{settings:?}");
    }
    let diverging = ProbeSettings { learning_rate: 3e38, epochs: 50, ..good };
    assert!(matches!(of(set(2), 3, &diverging), EvalError::Diverged { .. }));
}

/// 900 rows of five columns whose scales lie 3,000 apart, and their classes of four.
fn scattered() -> (Vec<f32>, Vec<u8>) {
    let mut words = Words(21);
    let row = |_| {
        let class = words.word() % 4;
        let (k, [a, b, c, d, e]) = (class as f32, [(); 5].map(|()| words.bell()));
        ([(a + 0.8 * k) * 0.01, b + k * k * 0.25, (c - a) * 30.0, d * k, e + 5.0], class as u8)
    };
    let (rows, classes): (Vec<[f32; 5]>, Vec<u8>) = (0..900).map(row).unzip();
    (rows.concat(), classes)
}

#[test]
fn the_converged_probe_is_scikit_learns() {
    let (values, classes) = scattered();
    let of = |factor: f32, settings: &LogisticSettings| {
        let values: Vec<f32> = values.iter().map(|x| x * factor).collect();
        let train = Labelled::new("training", &values[..3000], 5, &classes[..600]).expect("good rows");
        let test = Labelled::new("test", &values[3000..], 5, &classes[600..]).expect("good rows");
        logistic(train, test, 4, settings).expect("it is fitted")
    };
    // scikit-learn 1.9.1: LogisticRegression(C=1/penalty, tol=1e-12, solver="newton-cg") on columns standardised in f64: the
    // mean cross-entropy of the training rows, the test rows' accuracy, and how often each class is predicted for them.
    let known =
        [(1.0, 0.425181324072661, 0.78, [79, 76, 69, 76]), (100.0, 0.879899856265569, 2.0 / 3.0, [112, 38, 60, 90])];
    for (penalty, loss, accuracy, counts) in known {
        let settings = LogisticSettings { penalty, gradient_norm: 1e-9, ..LogisticSettings::default() };
        let found = of(1.0, &settings);
        assert!(found.converged && found.gradient_norm <= 1e-9 && found.iterations < 200, "{found:?}");
        assert!((found.loss - loss).abs() < 1e-7, "{} is not {loss}", found.loss);
        assert!((found.accuracy - accuracy).abs() < 1e-12, "{} is not {accuracy}", found.accuracy);
        let counted = [0, 1, 2, 3].map(|class| found.predictions.iter().filter(|&&c| c == class).count());
        assert_eq!(counted, counts);
    }
    // What judges ask for is as good, and the embedding's scale is nothing to it.
    let judged = LogisticSettings::default();
    let (small, large) = (of(1e-3, &judged), of(1024.0, &judged));
    assert_eq!(small.predictions, large.predictions);
    for found in [small, large] {
        assert!((found.loss - 0.425181324072661).abs() < 1e-6, "{found:?}");
    }
    let short = of(1.0, &LogisticSettings { iterations: 2, ..judged });
    assert!(!short.converged && short.iterations == 2 && short.gradient_norm > judged.gradient_norm);
}

#[test]
fn the_converged_probe_refuses_what_it_cannot_fit() {
    let set = |width| Labelled::new("rows", &[0.5; 6], width, &[0, 1, 2, 0, 1, 2][..6 / width]).expect("good rows");
    let of = |test, classes, settings: &LogisticSettings| logistic(set(2), test, classes, settings);
    let good = LogisticSettings::default();
    assert!(matches!(of(set(3), 3, &good), Err(EvalError::Width { found: 3, known: 2, .. })));
    assert!(matches!(of(set(2), 2, &good), Err(EvalError::Label { row: 2, label: 2, classes: 2, .. })));
    let settings = LogisticSettings { penalty: 0.0, ..good };
    assert!(matches!(of(set(2), 3, &settings), Err(EvalError::Setting { .. })));
    let constant = of(set(2), 3, &good).expect("rows without any difference");
    assert!(constant.converged && (constant.loss - 3f64.ln()).abs() < 1e-9, "{constant:?}");
}

//! Eigenvalues of a symmetric matrix: Householder's reflections make it tridiagonal, and QL steps with implicit shifts diagonal
//! (Golub and Van Loan, 8.3).
//!
//! Own code because eigenvalues alone do not justify a linear algebra crate, which would bring nine others.

use super::dot;

/// QL steps for an eigenvalue, at most; two or three are the rule.
const STEPS: usize = 60;

/// The eigenvalues of a symmetric matrix `[n, n]` of finite numbers, in no order, off by some 1e-15 of the largest.
pub fn eigenvalues(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    let (mut diagonal, mut beside) = tridiagonal(&mut a, n);
    let largest = diagonal.iter().chain(&beside).fold(0.0, |most: f64, x| most.max(x.abs()));
    let small = f64::EPSILON * largest;
    for first in 0..n {
        for _ in 0..STEPS {
            let last = (first..n - 1).find(|&at| beside[at].abs() <= small).unwrap_or(n - 1);
            if last == first {
                break;
            }
            step(&mut diagonal, &mut beside, first, last);
        }
    }
    diagonal
}

/// The diagonal `[n]` of a tridiagonal matrix with the same eigenvalues, and what stands beside it `[n]`, the last of which is zero.
fn tridiagonal(a: &mut [f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut beside = vec![0.0; n];
    for k in 0..n.saturating_sub(1) {
        let mut v: Vec<f64> = (k + 1..n).map(|row| a[row * n + k]).collect();
        let length = dot(&v, &v).sqrt();
        beside[k] = if v[0] > 0.0 { -length } else { length };
        v[0] -= beside[k];
        let square = dot(&v, &v);
        if square == 0.0 {
            continue;
        }
        let mut w: Vec<f64> = (k + 1..n).map(|row| 2.0 * dot(&a[row * n + k + 1..][..v.len()], &v) / square).collect();
        let along = dot(&v, &w) / square;
        w.iter_mut().zip(&v).for_each(|(w, v)| *w -= along * v);
        for (row, (vi, wi)) in (k + 1..n).zip(v.iter().zip(&w)) {
            let line = a[row * n + k + 1..][..v.len()].iter_mut();
            line.zip(v.iter().zip(&w)).for_each(|(a, (v, w))| *a -= vi * w + wi * v);
        }
    }
    (a.iter().step_by(n + 1).copied().collect(), beside)
}

/// A QL step with an implicit shift on the block from `first` to `last`.
fn step(diagonal: &mut [f64], beside: &mut [f64], first: usize, last: usize) {
    let ratio = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    let mut g = diagonal[last] - diagonal[first] + beside[first] / (ratio + ratio.hypot(1.0).copysign(ratio));
    let (mut sine, mut cosine, mut p) = (1.0, 1.0, 0.0);
    for i in (first..last).rev() {
        let (f, b) = (sine * beside[i], cosine * beside[i]);
        let r = f64::hypot(f, g);
        beside[i + 1] = r;
        if r == 0.0 {
            diagonal[i + 1] -= p;
            beside[last] = 0.0;
            return;
        }
        (sine, cosine) = (f / r, g / r);
        g = diagonal[i + 1] - p;
        let turned = (diagonal[i] - g) * sine + 2.0 * cosine * b;
        p = sine * turned;
        diagonal[i + 1] = g + p;
        g = cosine * turned - b;
    }
    diagonal[first] -= p;
    beside[first] = g;
    beside[last] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(matrix: Vec<f64>, n: usize) -> Vec<f64> {
        let mut found = eigenvalues(matrix, n);
        found.sort_by(f64::total_cmp);
        found
    }

    #[test]
    fn small_ones_by_hand() {
        assert_eq!(eigenvalues(vec![7.0], 1), [7.0]);
        assert_eq!(sorted(vec![0.0; 9], 3), [0.0; 3]);
        let two = sorted(vec![2.0, 1.0, 1.0, 2.0], 2);
        assert!((two[0] - 1.0).abs() < 1e-15 && (two[1] - 3.0).abs() < 1e-15, "{two:?}");
        let ones = sorted(vec![1.0; 25], 5);
        assert!(ones[..4].iter().all(|x| x.abs() < 1e-14) && (ones[4] - 5.0).abs() < 1e-14, "{ones:?}");
    }

    #[test]
    fn the_second_difference_has_its_cosines() {
        let n = 60;
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            matrix[i * n + i] = 2.0;
            if i > 0 {
                (matrix[i * n + i - 1], matrix[(i - 1) * n + i]) = (-1.0, -1.0);
            }
        }
        // Turned by a reflection, which changes no eigenvalue, so that no entry is zero.
        let v: Vec<f64> = (0..n).map(|i| 1.0 + (i as f64).sin()).collect();
        let square = dot(&v, &v);
        let reflect = |matrix: &mut [f64]| {
            for row in matrix.chunks_exact_mut(n) {
                let along = 2.0 * dot(row, &v) / square;
                row.iter_mut().zip(&v).for_each(|(a, v)| *a -= along * v);
            }
        };
        reflect(&mut matrix);
        let mut turned: Vec<f64> = (0..n * n).map(|at| matrix[at % n * n + at / n]).collect();
        reflect(&mut turned);
        let found = sorted(turned, n);
        for (k, found) in found.iter().enumerate() {
            let wanted = 2.0 - 2.0 * (std::f64::consts::PI * (k + 1) as f64 / (n + 1) as f64).cos();
            assert!((found - wanted).abs() < 1e-13, "{k}: {found} for {wanted}");
        }
    }
}

//! Principal components: the two directions in which an embedding varies most, to draw it on a page.
//!
//! Own code because the eigenvectors of one small symmetric matrix do not justify a linear algebra crate.

use crate::math::dot;

/// Sweeps of Jacobi's method, at most: it converges quadratically, ten suffice for hundreds of columns.
const SWEEPS: usize = 50;
/// Of wider embeddings only the two axes are computed, by powers of their covariance: Jacobi's method takes seconds for 512 columns.
const WIDE: usize = 64;
/// Powers, at most; the nearer the eigenvalues, the more are needed, and the less it matters which plane is drawn.
const POWERS: usize = 300;

/// Projects the rows of `[n, width]` on their first two principal components: `n` points about their mean. With a single
/// column the second coordinate is zero. The sign of each component makes its largest entry positive.
pub fn principal_plane(rows: &[f32], width: usize) -> Vec<[f64; 2]> {
    let n = rows.len().checked_div(width).unwrap_or(0);
    if n == 0 {
        return Vec::new();
    }
    let mut mean = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / n as f64);
    }
    let centred = |row: &[f32]| -> Vec<f64> { row.iter().zip(&mean).map(|(&x, mean)| f64::from(x) - mean).collect() };
    let mut covariance = vec![0.0; width * width];
    for row in rows.chunks_exact(width) {
        let x = centred(row);
        for (line, a) in covariance.chunks_exact_mut(width).zip(&x) {
            line.iter_mut().zip(&x).for_each(|(sum, b)| *sum += a * b / n as f64);
        }
    }
    let axes = if width > WIDE { leading(&covariance, width).into() } else { exact(covariance, width) };
    let axes: Vec<Vec<f64>> = axes.into_iter().map(turned).collect();
    let along =
        |x: &[f64], axis: usize| axes.get(axis).map_or(0.0, |axis| axis.iter().zip(x).map(|(a, x)| a * x).sum());
    rows.chunks_exact(width)
        .map(|row| {
            let x = centred(row);
            [along(&x, 0), along(&x, 1)]
        })
        .collect()
}

/// The first two eigenvectors of a symmetric matrix, or the only one.
fn exact(matrix: Vec<f64>, width: usize) -> Vec<Vec<f64>> {
    let (values, vectors) = eigen(matrix, width);
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.iter().take(2).map(|&column| vectors.iter().skip(column).step_by(width).copied().collect()).collect()
}

/// The first two eigenvectors of a symmetric matrix without negative eigenvalues, by its powers.
fn leading(matrix: &[f64], width: usize) -> [Vec<f64>; 2] {
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|&a, &b| matrix[b * width + b].total_cmp(&matrix[a * width + a]));
    let column = |at: usize| matrix[order[at] * width..(order[at] + 1) * width].to_vec();
    let mut axes = [column(0), column(1)];
    for _ in 0..POWERS {
        let before = axes.clone();
        for axis in &mut axes {
            *axis = matrix.chunks_exact(width).map(|row| dot(row, axis)).collect();
        }
        let [first, second] = &mut axes;
        unit(first);
        let along = dot(first, second);
        second.iter_mut().zip(&*first).for_each(|(x, a)| *x -= along * a);
        unit(second);
        if axes.iter().zip(&before).all(|(now, then)| (1.0 - dot(now, then).abs()).abs() < 1e-13) {
            break;
        }
    }
    axes
}

/// Makes a vector one long; where there is no direction, it stays.
fn unit(vector: &mut [f64]) {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

/// An axis whose largest entry is positive.
fn turned(axis: Vec<f64>) -> Vec<f64> {
    let largest = axis.iter().copied().fold(0.0, |a: f64, x| if x.abs() > a.abs() { x } else { a });
    axis.into_iter().map(|x| if largest < 0.0 { -x } else { x }).collect()
}

/// Eigenvalues and, as columns, eigenvectors of a symmetric matrix, by Jacobi's rotations.
fn eigen(mut a: Vec<f64>, width: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors = vec![0.0; width * width];
    vectors.iter_mut().step_by(width + 1).for_each(|x| *x = 1.0);
    let scale: f64 = a.iter().map(|x| x * x).sum();
    for _ in 0..SWEEPS {
        let outside: f64 = (0..width * width).filter(|at| at / width != at % width).map(|at| a[at] * a[at]).sum();
        if outside <= 1e-28 * scale {
            break;
        }
        for p in 0..width {
            for q in p + 1..width {
                rotate(&mut a, &mut vectors, width, p, q);
            }
        }
    }
    ((0..width).map(|i| a[i * width + i]).collect(), vectors)
}

/// Turns the plane of `p` and `q` so that their common entry vanishes.
fn rotate(a: &mut [f64], vectors: &mut [f64], width: usize, p: usize, q: usize) {
    let both = a[p * width + q];
    if both == 0.0 {
        return;
    }
    let theta = (a[q * width + q] - a[p * width + p]) / (2.0 * both);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cos = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sin = tangent * cos;
    let turn = |matrix: &mut [f64], first: usize, second: usize| {
        let (x, y) = (matrix[first], matrix[second]);
        matrix[first] = cos * x - sin * y;
        matrix[second] = sin * x + cos * y;
    };
    for i in 0..width {
        turn(a, i * width + p, i * width + q);
    }
    for i in 0..width {
        turn(a, p * width + i, q * width + i);
    }
    for i in 0..width {
        turn(vectors, i * width + p, i * width + q);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_diagonalise() {
        let matrix = [4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 2.0];
        let (values, vectors) = eigen(matrix.to_vec(), 3);
        for column in 0..3 {
            let v: Vec<f64> = (0..3).map(|row| vectors[row * 3 + column]).collect();
            for row in 0..3 {
                let product: f64 = (0..3).map(|k| matrix[row * 3 + k] * v[k]).sum();
                assert!((product - values[column] * v[row]).abs() < 1e-12, "{values:?} {vectors:?}");
            }
        }
        assert!((values.iter().sum::<f64>() - 9.0).abs() < 1e-12, "the trace stays");
    }

    #[test]
    fn the_axes_of_wide_embeddings_are_the_same() {
        let width = WIDE + 6;
        // Columns of ever smaller variance, mixed a little: a matrix without negative eigenvalues.
        let factor = |row: usize, at: usize| (((row * 37 + at * 101) % 64) as f64 - 31.5) / (1 + row / 2) as f64;
        let entry = |i: usize, j: usize| (0..40).map(|at| factor(i, at) * factor(j, at)).sum::<f64>();
        let matrix: Vec<f64> = (0..width * width).map(|at| entry(at / width, at % width)).collect();
        let [fast, slow] = [leading(&matrix, width).into(), exact(matrix, width)];
        for (fast, slow) in fast.into_iter().map(turned).zip(slow.into_iter().map(turned)) {
            assert!((dot(&fast, &slow) - 1.0).abs() < 1e-9, "{}", dot(&fast, &slow));
        }
        assert!(leading(&vec![0.0; width * width], width).iter().flatten().all(|&x| x == 0.0), "one point has no axes");
    }

    #[test]
    fn a_plane_in_space_is_found() {
        // Points of a plane, along (0.6, 0.8, 0) by three and along (0, 0, 1) by one.
        let rows: Vec<f32> = [[3.0, 1.0], [-3.0, 1.0], [3.0, -1.0], [-3.0, -1.0]]
            .iter()
            .flat_map(|[along, up]: &[f32; 2]| [0.6 * along + 5.0, 0.8 * along, *up])
            .collect();
        let points = principal_plane(&rows, 3);
        let want = [[3.0, 1.0], [-3.0, 1.0], [3.0, -1.0], [-3.0, -1.0]];
        for (point, want) in points.iter().zip(want) {
            assert!((point[0] - want[0]).abs() < 1e-5 && (point[1] - want[1]).abs() < 1e-5, "{points:?}");
        }
        assert_eq!(principal_plane(&[1.0, 3.0], 1), [[-1.0, 0.0], [1.0, 0.0]]);
        assert!(principal_plane(&[], 3).is_empty());
    }
}

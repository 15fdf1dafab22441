//! Matrix products of the CPU executor: one call for the three forms of training.
//!
//! `y = x wᵀ` (forward), `dx = dy w` and `dw = dyᵀ x` (backward) differ only in which operand is transposed, so a
//! product takes two strided views. Each block of the result is a single-threaded product of the `gemm-f32` or `gemm-f64` crate, and the
//! blocks run on rayon: that beats the crate's own threading, which packs one operand serially.

use super::Real;
use super::pieces::over;
use gemm_common::Parallelism;

/// A block is at least this wide, in elements: narrower ones spend their time packing.
const MIN_COLUMNS: usize = 64;
const MIN_ROWS: usize = 32;
/// Block edges fall on multiples of the widest SIMD register, in f32 lanes.
const ALIGN: usize = 16;
/// Products of fewer multiply-adds than this stay on the calling thread.
const PARALLEL_WORK: usize = 1 << 18;
/// Blocks per thread: two, so that a thread that is late leaves work to the other.
const BLOCKS_PER_THREAD: usize = 2;

/// The single-threaded product of the `gemm` crates: m, n, k; destination, its column and row strides, whether to read it;
/// left and right operand with theirs; factors of destination and product; three conjugations; threads.
pub type BlockProduct<T> = unsafe fn(
    usize,
    usize,
    usize,
    *mut T,
    isize,
    isize,
    bool,
    *const T,
    isize,
    isize,
    *const T,
    isize,
    isize,
    T,
    T,
    bool,
    bool,
    bool,
    Parallelism,
);

/// A borrowed matrix: `rows x cols` elements, possibly transposed.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A view of `data` as a row-major `rows x cols` matrix.
    ///
    /// # Panics
    /// If `data` does not hold exactly `rows * cols` elements.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix");
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// A view of rows that begin `row_stride` elements apart, at least `cols`.
    ///
    /// # Panics
    /// If `data` ends before the last row does.
    pub fn strided(data: &'a [T], rows: usize, cols: usize, row_stride: usize) -> Self {
        let len = rows.saturating_sub(1) * row_stride + cols;
        assert!(cols <= row_stride && len <= data.len(), "{rows} rows of {cols}, {row_stride} apart");
        Self { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// The transposed view; no element moves.
    pub fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }
}

/// `c = a b`, or `c += a b` with `accumulate`; `c` is row-major `a.rows x b.cols`.
///
/// `T` is f32 or f64. The result is the same, bit for bit, on every run on one machine with one thread count.
///
/// # Panics
/// If the inner dimensions differ, or `c` has another size than the product.
pub fn gemm<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T], accumulate: bool) {
    let work = a.rows * b.cols * a.cols;
    let blocks = if work < PARALLEL_WORK { 1 } else { BLOCKS_PER_THREAD * rayon::current_num_threads() };
    in_blocks(a, b, c, accumulate, blocks);
}

/// [`gemm`] on the calling thread alone, for callers that are parallel themselves.
///
/// # Panics
/// As [`gemm`].
pub fn product<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T], accumulate: bool) {
    in_blocks(a, b, c, accumulate, 1);
}

fn in_blocks<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T], accumulate: bool, blocks: usize) {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    assert_eq!(k, b.rows, "inner dimensions of a product");
    assert_eq!(c.len(), m * n, "a {m} x {n} product");
    // Columns first: a column block reads only its own part of `b`.
    let col_step = step(n, blocks, MIN_COLUMNS);
    let row_step = step(m, blocks.div_ceil(n.div_ceil(col_step).max(1)), MIN_ROWS);
    let out = Output(c.as_mut_ptr());
    let product = T::block_product();
    let block = |index: usize| {
        let per_row = n.div_ceil(col_step);
        let (row, col) = (index / per_row * row_step, index % per_row * col_step);
        let (height, width) = (row_step.min(m - row), col_step.min(n - col));
        // SAFETY: `Matrix::new` and the asserts above bound every element that the strides reach, `height` and `width`
        // stay inside the product, and no two blocks share an element of `c`.
        unsafe {
            // The crate's kernels write columns: the row-major product is the transposed one, b^T a^T.
            product(
                width,
                height,
                k,
                out.at(row * n + col),
                n as isize,
                1,
                accumulate,
                b.data.as_ptr().add(col * b.col_stride),
                b.row_stride as isize,
                b.col_stride as isize,
                a.data.as_ptr().add(row * a.row_stride),
                a.row_stride as isize,
                a.col_stride as isize,
                T::ONE,
                T::ONE,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    };
    over(n.div_ceil(col_step) * m.div_ceil(row_step), 1, &block);
}

/// The size of each of at most `parts` parts of `len`, none smaller than `min` where `len` allows it.
fn step(len: usize, parts: usize, min: usize) -> usize {
    len.div_ceil(parts.max(1)).max(min).next_multiple_of(ALIGN)
}

/// The product's first element; blocks write disjoint elements through it.
struct Output<T>(*mut T);

// SAFETY: see the only use, in `in_blocks`.
unsafe impl<T: Send> Sync for Output<T> {}

impl<T> Output<T> {
    /// # Safety
    /// The product has more than `offset` elements.
    unsafe fn at(&self, offset: usize) -> *mut T {
        // SAFETY: as the caller vouches, the offset lies within the product's allocation.
        unsafe { self.0.add(offset) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 40) as f64 / (1u64 << 23) as f64 - 1.0
            })
            .collect()
    }

    fn transposed<T: Copy>(data: &[T], rows: usize, cols: usize) -> Vec<T> {
        (0..cols * rows).map(|i| data[i % rows * cols + i / rows]).collect()
    }

    fn naive(a: &[f64], b: &[f64], c: &[f64], (m, n, k): (usize, usize, usize)) -> Vec<f64> {
        (0..m * n).map(|i| c[i] + (0..k).map(|p| a[i / n * k + p] * b[p * n + i % n]).sum::<f64>()).collect()
    }

    const SHAPES: [(usize, usize, usize); 9] = [
        (1, 1, 1),
        (1, 700, 300),
        (3, 5, 7),
        (128, 20, 500),
        (130, 333, 65),
        (500, 10, 128),
        (513, 2, 400),
        (2, 0, 3),
        (4, 5, 0),
    ];

    #[test]
    fn every_form_is_the_naive_product() {
        for shape @ (m, n, k) in SHAPES {
            let (a, b, c) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3));
            let (at, bt) = (transposed(&a, m, k), transposed(&b, k, n));
            let forms = [
                ("NN", Matrix::new(&a, m, k), Matrix::new(&b, k, n)),
                ("NT", Matrix::new(&a, m, k), Matrix::new(&bt, n, k).t()),
                ("TN", Matrix::new(&at, k, m).t(), Matrix::new(&b, k, n)),
                ("TT", Matrix::new(&at, k, m).t(), Matrix::new(&bt, n, k).t()),
            ];
            for accumulate in [false, true] {
                let before = if accumulate { c.clone() } else { vec![0.0; m * n] };
                let expected = naive(&a, &b, &before, shape);
                for (name, x, y) in forms {
                    let mut out = c.clone();
                    gemm(x, y, &mut out, accumulate);
                    for (got, want) in out.iter().zip(&expected) {
                        assert!((got - want).abs() < 1e-11, "{name} {shape:?} {accumulate}: {got} is not {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn f32_products_repeat_bit_for_bit() {
        let narrow = |v: Vec<f64>| v.into_iter().map(|x| x as f32).collect::<Vec<_>>();
        let (a, b) = (narrow(numbers(128 * 784, 1)), narrow(numbers(2000 * 784, 2)));
        let product = || {
            let mut c = vec![f32::NAN; 128 * 2000];
            gemm(Matrix::new(&a, 128, 784), Matrix::new(&b, 2000, 784).t(), &mut c, false);
            c.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let first = product();
        assert!((0..8).all(|_| product() == first));
    }

    #[test]
    #[should_panic(expected = "inner dimensions")]
    fn mismatched_shapes_are_refused() {
        gemm(Matrix::new(&[1.0f32; 6], 2, 3), Matrix::new(&[1.0; 4], 2, 2), &mut [0.0; 4], false);
    }
}

//! Matrix products on the CPU.

/// A matrix in memory: element (i, j) is `data[i * rows_apart + j * columns_apart]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    rows_apart: usize,
    columns_apart: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A row-major matrix. Panics when `data` is too short.
    pub fn row_major(data: &'a [T], rows: usize, columns: usize) -> Self {
        assert!(data.len() >= rows * columns, "{} elements for a {rows} x {columns} matrix", data.len());
        Self { data, rows, columns, rows_apart: columns, columns_apart: 1 }
    }

    /// The same memory with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            rows_apart: self.columns_apart,
            columns_apart: self.rows_apart,
            ..self
        }
    }
}

/// `c = a b`, or `c += a b`; `c` is row-major.
#[derive(Debug)]
pub struct Product<'a, T> {
    /// Left operand, m x k.
    pub a: Matrix<'a, T>,
    /// Right operand, k x n.
    pub b: Matrix<'a, T>,
    /// Result, m x n.
    pub c: &'a mut [T],
    /// Add to `c`.
    pub accumulate: bool,
}

/// Computes a product with all threads.
pub(super) fn run<T: Copy + 'static>(product: Product<'_, T>, one: T) {
    let Product { a, b, c, accumulate } = product;
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(k, b.rows, "inner dimensions");
    assert!(c.len() >= m * n, "{} elements for a {m} x {n} result", c.len());
    // SAFETY: the three assertions above and `Matrix::row_major` keep every index inside its slice.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            a.data.as_ptr(),
            a.columns_apart as isize,
            a.rows_apart as isize,
            b.data.as_ptr(),
            b.columns_apart as isize,
            b.rows_apart as isize,
            one,
            one,
            false,
            false,
            false,
            gemm::Parallelism::Rayon(0),
        );
    }
}

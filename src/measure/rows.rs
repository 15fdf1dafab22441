//! Rows of numbers on the host, and what is known of each: checked once, when they are put together.

use super::EvalError;

/// The rows and labels of the images that have one of the first `classes` classes.
pub(crate) fn with_class(values: &[f32], width: usize, labels: &[u8], classes: usize) -> (Vec<f32>, Vec<u8>) {
    let rows = values.chunks_exact(width).zip(labels);
    let (mut kept, mut kept_labels) = (Vec::new(), Vec::new());
    for (row, &label) in rows.filter(|&(_, &label)| usize::from(label) < classes) {
        kept.extend_from_slice(row);
        kept_labels.push(label);
    }
    (kept, kept_labels)
}

/// A matrix `[values.len() / width, width]` of finite numbers, row-major, with at least one row and one column.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    what: &'static str,
    values: &'a [f32],
    width: usize,
}

impl<'a> Rows<'a> {
    /// Numbers as rows of a width; errors call them `what`.
    ///
    /// # Errors
    /// When there is no row or no column, the last row is not whole, a number is not finite, or there are too many for a shader to count.
    pub fn new(what: &'static str, values: &'a [f32], width: usize) -> Result<Self, EvalError> {
        if values.is_empty() || width == 0 {
            return Err(EvalError::TooFew { what, found: 0, wanted: 1 });
        }
        if !values.len().is_multiple_of(width) || u32::try_from(values.len()).is_err() {
            return Err(EvalError::Rows { what, values: values.len(), width });
        }
        match values.iter().position(|x| !x.is_finite()) {
            Some(at) => Err(EvalError::NotFinite { what, row: at / width, column: at % width, value: values[at] }),
            None => Ok(Self { what, values, width }),
        }
    }

    /// The numbers, row by row.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.values.len() / self.width
    }

    /// As many numbers in the place of these. They are not checked: a change of scale may make infinite ones.
    pub(super) fn with<'b>(&self, values: &'b [f32]) -> Rows<'b> {
        Rows { values, ..*self }
    }

    /// Refuses rows of another width.
    pub(super) fn check_width(&self, other: Rows<'_>) -> Result<(), EvalError> {
        let (what, left, right) = (other.what, self.width, other.width);
        if left == right { Ok(()) } else { Err(EvalError::Width { what, found: right, known: left }) }
    }

    /// Refuses another number of rows than there are of something else.
    pub(super) fn check_count(&self, count: usize) -> Result<(), EvalError> {
        if self.count() == count { Ok(()) } else { Err(EvalError::Lengths { left: self.count(), right: count }) }
    }
}

/// Rows and the class of each.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    rows: Rows<'a>,
    labels: &'a [u8],
}

impl<'a> Labelled<'a> {
    /// Numbers as rows of a width, with a label for each row; errors call them `what`.
    ///
    /// # Errors
    /// As [`Rows::new`], and when there are more or fewer labels than rows.
    pub fn new(what: &'static str, values: &'a [f32], width: usize, labels: &'a [u8]) -> Result<Self, EvalError> {
        let rows = Rows::new(what, values, width)?;
        rows.check_count(labels.len())?;
        Ok(Self { rows, labels })
    }

    /// The rows.
    pub fn rows(&self) -> Rows<'a> {
        self.rows
    }

    /// The class of each row.
    pub fn labels(&self) -> &'a [u8] {
        self.labels
    }

    /// The same rows with other labels.
    ///
    /// # Errors
    /// When there are more or fewer labels than rows.
    pub fn relabelled<'b>(&self, labels: &'b [u8]) -> Result<Labelled<'b>, EvalError>
    where
        'a: 'b,
    {
        self.rows.check_count(labels.len())?;
        Ok(Labelled { rows: self.rows, labels })
    }

    /// Refuses labels that are no class.
    pub(super) fn check_classes(&self, classes: usize) -> Result<(), EvalError> {
        match self.labels.iter().position(|&label| usize::from(label) >= classes) {
            Some(row) => Err(EvalError::Label { what: self.rows.what, row, label: self.labels[row], classes }),
            None => Ok(()),
        }
    }
}

/// Rows and the factors of each, which are numbers.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    rows: Rows<'a>,
    factors: Rows<'a>,
}

impl<'a> Measured<'a> {
    /// Rows, with a row of factors for each.
    ///
    /// # Errors
    /// When there are more or fewer of one than of the other.
    pub fn new(rows: Rows<'a>, factors: Rows<'a>) -> Result<Self, EvalError> {
        rows.check_count(factors.count())?;
        Ok(Self { rows, factors })
    }

    /// The rows.
    pub fn rows(&self) -> Rows<'a> {
        self.rows
    }

    /// The factors of each row, `[rows, factors]`.
    pub fn factors(&self) -> Rows<'a> {
        self.factors
    }
}

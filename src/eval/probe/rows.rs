//! Rows of numbers on the host: embeddings and targets, checked and standardised.

use super::ProbeError;

/// A matrix `[values.len() / width, width]`, row-major.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The numbers.
    pub values: &'a [f32],
    /// Columns.
    pub width: usize,
}

impl Rows<'_> {
    /// Number of whole rows; 0 where there is no column.
    pub fn count(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }
}

/// Checks the training and the test part of `what`.
pub(super) fn check_pair(train: Rows<'_>, test: Rows<'_>, what: &str) -> Result<(), ProbeError> {
    let (first, second) = (format!("training {what}"), format!("test {what}"));
    check(train, &first)?;
    check(test, &second)?;
    let columns = |rows: Rows<'_>| format!("{} columns", rows.width);
    match train.width == test.width {
        true => Ok(()),
        false => Err(ProbeError::Shape { what: second, found: columns(test), wanted: columns(train) }),
    }
}

/// Checks that there is one of `what` to each row.
pub(super) fn check_count(what: &str, found: usize, rows: usize) -> Result<(), ProbeError> {
    let counted = |count: usize| format!("{count} rows");
    match found == rows {
        true => Ok(()),
        false => Err(ProbeError::Shape { what: what.to_owned(), found: counted(found), wanted: counted(rows) }),
    }
}

fn check(rows: Rows<'_>, what: &str) -> Result<(), ProbeError> {
    let Rows { values, width } = rows;
    let shape =
        |wanted| Err(ProbeError::Shape { what: what.to_owned(), found: format!("{} values", values.len()), wanted });
    if rows.count() == 0 {
        return Err(ProbeError::Empty { what: what.to_owned() });
    }
    if values.len() % width != 0 {
        return shape(format!("whole rows of {width}"));
    }
    // Shaders index with words.
    if u32::try_from(values.len()).is_err() {
        return shape(format!("at most {}", u32::MAX));
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            Err(ProbeError::NotFinite { what: what.to_owned(), row: at / width, column: at % width, value: values[at] })
        }
        None => Ok(()),
    }
}

/// Mean and deviation of each column.
pub(super) struct Moments {
    means: Vec<f64>,
    pub deviations: Vec<f64>,
}

impl Moments {
    /// The moments of checked rows. The deviation divides by the number of rows.
    pub fn of(rows: Rows<'_>) -> Self {
        let average = |f: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; rows.width];
            for row in rows.values.chunks_exact(rows.width) {
                sums.iter_mut().zip(row).enumerate().for_each(|(c, (sum, &x))| *sum += f(c, x.into()));
            }
            sums.into_iter().map(|sum| sum / rows.count() as f64).collect::<Vec<_>>()
        };
        let means = average(&|_, x| x);
        let variances = average(&|c, x| (x - means[c]).powi(2));
        Self { deviations: variances.into_iter().map(f64::sqrt).collect(), means }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.means.len()
    }

    /// The rows with these means and deviations taken out. A column that did not vary is only shifted.
    pub fn standardise(&self, rows: Rows<'_>) -> Vec<f32> {
        let scales: Vec<f64> = self.deviations.iter().map(|&d| if d > 0.0 { 1.0 / d } else { 1.0 }).collect();
        let one = |(c, &x): (usize, &f32)| ((f64::from(x) - self.means[c]) * scales[c]) as f32;
        rows.values.chunks_exact(self.width()).flat_map(|row| row.iter().enumerate().map(one)).collect()
    }
}

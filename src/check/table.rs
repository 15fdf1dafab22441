//! What the checks found, as a table.

use std::fmt;

/// How a case ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The largest relative errors of losses and of tensors, each beside its tolerance.
    Compared {
        /// Largest error of a loss.
        loss: f64,
        /// Its tolerance.
        loss_tolerance: f64,
        /// Largest error of a tensor.
        tensor: f64,
        /// Its tolerance.
        tensor_tolerance: f64,
        /// The tensor of that error.
        worst: String,
    },
    /// Not built yet.
    Skipped,
}

/// One case on one executor.
#[derive(Clone, Debug)]
pub struct Row {
    /// The case.
    pub case: String,
    /// The executor.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
}

impl Row {
    /// Whether the case exceeds a tolerance.
    pub fn failed(&self) -> bool {
        match &self.outcome {
            // Written so that NaN fails.
            Outcome::Compared { loss, loss_tolerance, tensor, tensor_tolerance, .. } => {
                !(loss <= loss_tolerance && tensor <= tensor_tolerance)
            }
            Outcome::Skipped => false,
        }
    }
}

/// All cases.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// In the order in which they ran.
    pub rows: Vec<Row>,
}

impl Table {
    /// Cases that exceed a tolerance.
    pub fn failures(&self) -> usize {
        self.rows.iter().filter(|row| row.failed()).count()
    }

    /// Cases that were compared.
    pub fn compared(&self) -> usize {
        self.rows.iter().filter(|row| row.outcome != Outcome::Skipped).count()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&Row) -> &str, least: usize| {
            self.rows.iter().map(|row| text(row).len()).max().unwrap_or(0).max(least)
        };
        let (case_width, target_width) = (width(|row| &row.case, 4), width(|row| &row.target, 8));
        writeln!(f, "{:case_width$}  {:target_width$}  {:>9}  {:>9}  result", "case", "executor", "losses", "tensors")?;
        for row in &self.rows {
            write!(f, "{:case_width$}  {:target_width$}  ", row.case, row.target)?;
            match &row.outcome {
                Outcome::Compared { loss, tensor, worst, .. } => {
                    let verdict = if row.failed() { "FAILED" } else { "ok" };
                    writeln!(f, "{loss:>9.1e}  {tensor:>9.1e}  {verdict} (worst: {worst})")?;
                }
                Outcome::Skipped => writeln!(f, "{:>9}  {:>9}  skipped: this method is not built yet", "-", "-")?,
            }
        }
        let (failed, compared) = (self.failures(), self.compared());
        write!(f, "{} passed, {failed} failed, {} skipped", compared - failed, self.rows.len() - compared)
    }
}

//! A table of a comparison; the report has it as Markdown and as HTML.

/// A table of a comparison, a row for each method.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it is about.
    pub title: String,
    /// How to read it.
    pub about: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// A row's name with its marks, and its cells.
    pub rows: Vec<(String, Vec<Cell>)>,
    /// The sentences that explain the marks.
    pub notes: Vec<String>,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its text; `-` where there is nothing.
    pub text: String,
    /// Whether it stands out, which an interval carries.
    pub bold: bool,
}

impl Cell {
    /// A text that does not stand out.
    pub fn plain(text: String) -> Self {
        Self { text, bold: false }
    }

    /// Nothing.
    pub fn empty() -> Self {
        Self::plain("-".to_owned())
    }
}

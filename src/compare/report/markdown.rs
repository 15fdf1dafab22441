//! A table as Markdown.

use crate::compare::{Cell, Table};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table as Grid};
use std::fmt;

impl fmt::Display for Table {
    /// Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grid = Grid::new();
        grid.load_style(ASCII_MARKDOWN);
        grid.set_header(std::iter::once("method").chain(self.columns.iter().map(String::as_str)));
        for (name, cells) in &self.rows {
            grid.add_row(std::iter::once(name.clone()).chain(cells.iter().map(text)));
        }
        for column in grid.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{}\n\n{}\n\n{grid}", self.title, self.about)?;
        match &self.notes[..] {
            [] => Ok(()),
            notes => writeln!(f, "\n{}", notes.join(" ")),
        }
    }
}

fn text(cell: &Cell) -> String {
    if cell.bold { format!("**{}**", cell.text) } else { cell.text.clone() }
}

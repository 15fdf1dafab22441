//! A report as tables for people.

use super::report::{Dispatched, Measured, Report, Setting, Speed};
use crate::device::Stopwatch;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use std::collections::BTreeMap;
use std::fmt;

/// Dispatches that are listed one by one.
const LISTED: usize = 20;

/// Dispatches that share a row of a table.
struct Row<'a> {
    name: String,
    dispatches: Vec<&'a Dispatched>,
}

impl Row<'_> {
    fn sum(&self, number: impl Fn(&Dispatched) -> f64) -> f64 {
        self.dispatches.iter().map(|dispatch| number(dispatch)).sum()
    }

    fn multiply_adds(&self) -> f64 {
        self.sum(|dispatch| dispatch.work.multiply_adds as f64)
    }

    fn padded(&self) -> f64 {
        self.sum(|dispatch| dispatch.work.padded_multiply_adds as f64)
    }

    fn bytes(&self) -> f64 {
        self.sum(|dispatch| dispatch.work.bytes as f64)
    }

    /// As measured, or by the model on its first card.
    fn seconds(&self) -> f64 {
        self.sum(|dispatch| dispatch.seconds.unwrap_or(dispatch.modelled_seconds[0]))
    }

    /// Times, and rates beside the ceilings.
    fn measured(&self, Measured { ceilings, .. }: &Measured, all: f64) -> Vec<String> {
        let seconds = self.seconds();
        let of = |rate: f64, most: f64| format!("{:.0} %", 100.0 * rate / most);
        let mut cells = vec![self.name.clone(), format!("{:.3}", 1e3 * seconds), of(seconds, all)];
        let (arithmetic, memory) = (self.multiply_adds() / seconds, self.bytes() / seconds);
        cells.extend(match arithmetic > 0.0 {
            true => [format!("{:.1}", 2e-9 * arithmetic), of(arithmetic, ceilings.multiply_adds_per_second)],
            false => [String::new(), String::new()],
        });
        cells.extend([format!("{:.1}", 1e-9 * memory), of(memory, ceilings.copy_bytes_per_second)]);
        cells
    }

    /// Work, and times by the model.
    fn modelled(&self) -> Vec<String> {
        let (useful, padded) = (self.multiply_adds(), self.padded());
        let mut cells = vec![self.name.clone()];
        cells.extend(match useful > 0.0 {
            true => [2e-9 * useful, 2e-9 * padded, padded / useful].map(|number| format!("{number:.2}")),
            false => [const { String::new() }; 3],
        });
        cells.push(format!("{:.1}", 1e-6 * self.bytes()));
        let cards = 0..self.dispatches[0].modelled_seconds.len();
        cells.extend(cards.map(|card| format!("{:.3}", 1e3 * self.sum(|dispatch| dispatch.modelled_seconds[card]))));
        cells
    }
}

impl Report {
    fn kernels(&self) -> Vec<Row<'_>> {
        let mut kernels: BTreeMap<&str, Vec<&Dispatched>> = BTreeMap::new();
        for dispatch in &self.dispatches {
            kernels.entry(dispatch.kernel).or_default().push(dispatch);
        }
        let rows = kernels.into_iter().map(|(kernel, dispatches)| {
            let name = match dispatches.len() {
                1 => kernel.to_owned(),
                count => format!("{kernel} ({count})"),
            };
            Row { name, dispatches }
        });
        longest_first(rows.collect())
    }

    fn listed(&self) -> Vec<Row<'_>> {
        let row = |dispatch| Row { name: Dispatched::name(dispatch), dispatches: vec![dispatch] };
        let mut rows = longest_first(self.dispatches.iter().map(row).collect());
        rows.truncate(LISTED);
        rows
    }

    fn table(&self, first: &str, rows: Vec<Row<'_>>, all: &Row<'_>) -> Table {
        let mut table = Table::new();
        table.load_style(NOTHING);
        match &self.measured {
            Some(measured) => {
                table.set_header([first, "ms", "of step", "GFLOP/s", "of FMA", "GB/s", "of copy"]);
                table.add_rows(rows.iter().map(|row| row.measured(measured, all.seconds())));
            }
            None => {
                let heads = [first, "GFLOP", "padded", "ratio", "MB"].map(str::to_owned);
                table.set_header(heads.into_iter().chain(self.cards.map(|card| format!("{card}, ms"))));
                table.add_rows(rows.iter().map(Row::modelled));
            }
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

impl Dispatched {
    fn name(&self) -> String {
        let groups: u64 = self.workgroups.iter().map(|&count| u64::from(count)).product();
        format!("{}: {}, {groups} groups", self.label, self.shader)
    }
}

fn longest_first(mut rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    rows.sort_by(|a, b| b.seconds().total_cmp(&a.seconds()));
    rows
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, data, networks, images, views, rows } = self;
        write!(f, "{method} on {data}, {networks}: {rows} rows ({images} images, {views} views)")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Row { name: "the step".to_owned(), dispatches: self.dispatches.iter().collect() };
        writeln!(f, "{}, {} dispatches", self.setting, self.dispatches.len())?;
        if let Some(measured) = &self.measured {
            write!(f, "{measured}")?;
        }
        let mut rows = self.kernels();
        rows.push(Row { name: all.name.clone(), dispatches: all.dispatches.clone() });
        writeln!(f, "\n{}\n", self.table("kernel", rows, &all))?;
        write!(f, "{}", self.table("longest dispatches", self.listed(), &all))
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, speed, ceilings, .. } = self;
        writeln!(
            f,
            "device     {}; {} threads, {}",
            device.reason,
            device.threads,
            device.processor.as_deref().unwrap_or("an unnamed processor")
        )?;
        writeln!(f, "loading    {:.2} s until the step could run", self.loading_seconds)?;
        let Speed { best_steps_per_second: best, median_steps_per_second: median, .. } = speed;
        writeln!(
            f,
            "steps/s    {best:.2} best, {median:.2} median of {} rounds of {}",
            speed.rounds.len(),
            speed.steps_of_a_round
        )?;
        writeln!(
            f,
            "images/s   {:.0} best, {:.0} median",
            speed.best_images_per_second, speed.median_images_per_second
        )?;
        writeln!(
            f,
            "at most    {:.1} GB/s copied, {:.1} GFLOP/s in registers, {:.1} GFLOP/s in a product of {side} x {side} x {side}",
            1e-9 * ceilings.copy_bytes_per_second,
            2e-9 * ceilings.multiply_adds_per_second,
            2e-9 * ceilings.product_multiply_adds_per_second,
            side = ceilings.product_side
        )?;
        let by = match (self.stopwatch, &device.backend) {
            (Stopwatch::Timestamps, _) => "timestamps of the device",
            (Stopwatch::Host, None) => "the host's clock around each",
            (Stopwatch::Host, Some(_)) => {
                "the host's clock around each and the wait for it: the adapter has no timestamps, so short dispatches look long"
            }
        };
        writeln!(f, "dispatches by {by}; medians of {} steps", self.timed_steps)
    }
}

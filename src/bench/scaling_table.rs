//! A shared step as a table for people.

use super::scaling::{Link, Scaling};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use std::fmt;

impl fmt::Display for Link {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3},{:.3}", 1e6 * self.latency_seconds, 1e-9 * self.bytes_per_second)
    }
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (setting, link) = (&self.setting, &self.link);
        writeln!(f, "{setting} on {}, {:.2} ms alone", self.device, 1e3 * self.one_seconds)?;
        let (latency, rate) = (1e6 * link.latency_seconds, 1e-9 * link.bytes_per_second);
        writeln!(
            f,
            "link       {latency:.1} us a message, {rate:.2} GB/s; modelled, all else is measured on this device\n"
        )?;
        let mut table = Table::new();
        table.load_style(NOTHING);
        let heads =
            ["members", "rows of each", "own ms", "host ms", "link ms", "step ms", "times as fast", "efficiency"];
        table.set_header(heads.map(str::to_owned).into_iter().chain([format!("with {} rows each", setting.rows)]));
        for group in &self.groups {
            let milliseconds = [group.own_seconds, group.host_seconds, group.link_seconds, group.step_seconds()];
            let percent = |share: f64| format!("{:.0} %", 100.0 * share);
            let mut cells = vec![group.members.to_string(), group.rows.to_string()];
            cells.extend(milliseconds.map(|seconds| format!("{:.2}", 1e3 * seconds)));
            cells.push(format!("{:.2}", self.speedup(group)));
            cells.extend([self.efficiency(group), self.weak_efficiency(group)].map(percent));
            table.add_row(cells);
        }
        for column in table.column_iter_mut() {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{table}\n")?;
        let Some(fastest) = self.fastest() else { return Ok(()) };
        let megabytes = 1e-6 * fastest.bytes;
        match fastest.members {
            1 => writeln!(f, "Sharing this step does not pay: it is shortest on one device."),
            members => writeln!(
                f,
                "The step is shortest with {members} members, who wait for each other {} times and add up {megabytes:.2} MB.",
                fastest.meetings
            ),
        }
    }
}

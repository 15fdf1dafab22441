//! `wgpu-simvae settings`

use crate::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use wgpu_simvae::console::print;
use wgpu_simvae::settings::{Description, describe, markdown};

#[derive(Debug, Args)]
pub struct DescribeArguments {
    /// Only settings whose key contains this, such as `optim` or `simvae.prior`.
    key: Option<String>,
    /// As the Markdown tables of docs/settings.md.
    #[arg(long)]
    markdown: bool,
}

/// Lists the settings with their defaults, ranges and meanings.
pub fn main(arguments: &DescribeArguments) -> Result<(), Failure> {
    if arguments.markdown {
        print(markdown()?.trim_end());
        return Ok(());
    }
    let part = arguments.key.as_deref().unwrap_or_default();
    let found: Vec<_> = describe()?.into_iter().filter(|setting| setting.key.contains(part)).collect();
    if found.is_empty() {
        return Err(usage(anyhow!("no setting's key contains `{part}`: `wgpu-simvae settings` lists them all")));
    }
    print(table(&found));
    Ok(())
}

/// Settings side by side.
pub fn table(settings: &[Description]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["setting", "default", "range", "meaning"]);
    table.add_rows(settings.iter().map(|setting| [&setting.key, &setting.default, &setting.allowed, &setting.about]));
    table
}

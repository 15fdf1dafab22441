//! `wgpu-simvae explain`

use crate::Failure;
use crate::describe::table;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use wgpu_simvae::console::print;
use wgpu_simvae::settings::{Choice, Explained, explain};

#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A setting, such as `optim.lr`, or a table of settings, such as `augment`.
    key: String,
}

/// Prints what is known of a setting, or lists the settings of a table.
pub fn main(arguments: &ExplainArguments) -> Result<(), Failure> {
    let (description, presets, choice) = match explain(&arguments.key)? {
        Explained::Table(settings) => {
            print(table(&settings));
            return Ok(());
        }
        Explained::Setting { description, presets, choice } => (description, presets, choice),
    };
    print(format_args!("{}: {}\n", description.key, description.about));
    let mut lines = vec![["default".to_owned(), description.default], ["range".to_owned(), description.allowed]];
    for [preset, whom, value] in presets {
        let preset = format!("preset {preset}");
        lines.push([if whom.is_empty() { preset } else { format!("{preset}, {whom}") }, value]);
    }
    if let Some(Choice { anchor, sources, here, why }) = choice {
        let said = [("sources", sources), ("here", here), ("why", why), ("more", &format!("docs/choices.md#{anchor}"))];
        lines.extend(
            said.iter().filter(|(_, text)| !text.is_empty()).map(|(what, text)| [*what, text].map(str::to_owned)),
        );
    }
    let mut shown = Table::new();
    shown.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    shown.add_rows(lines);
    // Lines end where their text does, also where no terminal says how wide they may be.
    print(shown.trim_fmt());
    Ok(())
}

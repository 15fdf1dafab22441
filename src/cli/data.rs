//! `wgpu-simvae data`

use super::Failure;
use crate::data::known;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(super) struct DataArguments {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// List the data sets.
    List,
}

pub(super) fn main(arguments: &DataArguments) -> Result<(), Failure> {
    match &arguments.command {
        DataCommand::List => {
            for (name, about) in known() {
                println!("{name:14} {about}");
            }
        }
    }
    Ok(())
}

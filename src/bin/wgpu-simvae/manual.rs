//! `wgpu-simvae completions` and `man`

use crate::{Arguments, Failure};
use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::path::PathBuf;
use wgpu_simvae::console::print;

#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub struct ManArguments {
    /// Folder for the pages, one for each command.
    #[arg(long)]
    out: PathBuf,
}

/// Prints what a shell needs to complete commands and options.
pub fn completions(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let (mut command, mut script) = (Arguments::command(), Vec::new());
    clap_complete::generate(arguments.shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    print(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}

/// Writes a page for the program and one for each of its commands.
pub fn man(arguments: &ManArguments) -> Result<(), Failure> {
    let ManArguments { out } = arguments;
    let written = std::fs::create_dir_all(out).and_then(|()| clap_mangen::generate_to(Arguments::command(), out));
    written
        .with_context(|| format!("{}: the pages cannot be written; choose another folder with --out", out.display()))?;
    print(out.display());
    Ok(())
}

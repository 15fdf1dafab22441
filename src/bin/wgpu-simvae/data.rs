//! `wgpu-simvae data`

use crate::terminal::bar;
use crate::{Failure, usage};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use wgpu_simvae::console::print;
use wgpu_simvae::data::fetch::fetch;
use wgpu_simvae::data::{known, source};

#[derive(Debug, Args)]
pub struct DataArguments {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// List the data sets.
    List,
    /// Download a data set; a broken download goes on where it stopped.
    Fetch {
        /// mnist, fashion-mnist or cifar10.
        name: String,
        /// Folder for the files.
        #[arg(long)]
        data_dir: PathBuf,
        /// Address to try before the public mirrors; may be given often.
        #[arg(long, value_name = "URL")]
        mirror: Vec<String>,
    },
}

pub fn main(arguments: &DataArguments) -> Result<(), Failure> {
    match &arguments.command {
        DataCommand::List => {
            for (name, about) in known() {
                print(format_args!("{name:14} {about}"));
            }
            Ok(())
        }
        DataCommand::Fetch { name, data_dir, mirror } => download(name, data_dir, mirror),
    }
}

fn download(name: &str, folder: &Path, mirrors: &[String]) -> Result<(), Failure> {
    let mut source = source(name).map_err(usage)?;
    let first = mirrors.iter().map(|url| if url.ends_with('/') { url.clone() } else { format!("{url}/") });
    source.mirrors = first.chain(source.mirrors).collect();
    let bar = bar("{msg:28} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    let result = fetch(&source, folder, &mut |file, done, expected| {
        bar.set_message(file.to_owned());
        bar.set_length(expected.unwrap_or(done));
        bar.set_position(done);
    });
    bar.finish_and_clear();
    result?;
    print(format_args!("{name} is in {}", folder.display()));
    Ok(())
}

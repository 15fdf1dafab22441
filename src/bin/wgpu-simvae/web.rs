//! `wgpu-simvae web`

use crate::run_folder::read_run;
use crate::{Failure, usage};
use anyhow::{Context, anyhow};
use clap::Args;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wgpu_simvae::console::{print, tell};
use wgpu_simvae::device::Device;
use wgpu_simvae::run_folder::Which;
use wgpu_simvae::web::{Page, Run, serve};

#[derive(Debug, Args)]
pub struct WebArguments {
    /// Folder for the page, which any web server can serve.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Serve the page to this machine alone, until Ctrl-C.
    #[arg(long)]
    serve: bool,
    /// Port of --serve; 0 takes one that is free.
    #[arg(long, default_value_t = 0, requires = "serve")]
    port: u16,
    /// Folder of a run that the page begins with. Its images go into the page's folder, unless they are sprites.
    #[arg(long)]
    run: Option<PathBuf>,
    /// Folder of the run's data set, if it is no longer where it was.
    #[arg(long, requires = "run")]
    data_dir: Option<PathBuf>,
    /// Which checkpoint of the run: the newest whole one, the best that checkpoint.best kept, or the one of a step.
    #[arg(long, value_name = "newest|best|STEP", default_value_t, requires = "run")]
    checkpoint: Which,
}

/// Writes the page, serves it, or both.
pub fn main(arguments: &WebArguments) -> Result<(), Failure> {
    let WebArguments { out, serve: serving, port, run, .. } = arguments;
    if out.is_none() && !serving {
        return Err(usage(anyhow!("say where the page goes: --out DIR, --serve, or both")));
    }
    let page = match run {
        Some(run) => of_run(arguments, run)?,
        None => Page::new(&Device::cpu(), None)?,
    };
    if let Some(out) = out {
        page.write(out)?;
        let (weights, rest) = page.sizes();
        let [weights, rest] = [weights, rest].map(|bytes| bytes / 1000);
        tell(format_args!("{}: {rest} KB, and {weights} KB of weights and images", out.display()));
        print(out.join("index.html").display());
    }
    if *serving {
        let listener = listen(*port)?;
        print(format_args!("http://{}/", listener.local_addr()?));
        tell("served to this machine alone; Ctrl-C ends it");
        serve(&Arc::new(page), &listener);
    }
    Ok(())
}

/// Listens to this machine alone; port 0 takes one that is free.
pub fn listen(port: u16) -> Result<TcpListener, Failure> {
    let bind = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    Ok(bind.with_context(|| format!("port {port} of this machine cannot be listened to"))?)
}

fn of_run(arguments: &WebArguments, run: &Path) -> Result<Page, Failure> {
    let (config, checkpoint, data) = read_run(run, arguments.checkpoint, arguments.data_dir.as_deref())?;
    let name = run.file_name().unwrap_or(run.as_os_str()).to_string_lossy();
    let title = format!("Run {name}");
    Ok(Page::new(&Device::cpu(), Some(&Run { title, config, data: &data, checkpoint: &checkpoint }))?)
}

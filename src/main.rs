//! The `wgpu-simvae` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    wgpu_simvae::cli::main()
}

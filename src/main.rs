//! The `tallystick` binary: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use tallystick::cli::Cli;
use tallystick::cli::exit::{Exit, tell};

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            tell(&error);
            Exit::of(&error).into()
        }
    }
}

//! The `tallystick` binary: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use tallystick::cli::Cli;
use tallystick::cli::exit::{Exit, tell};

/// Units of work are made of many small values that are freed together: this allocator neither walks lists for them nor
/// gives their pages back to the kernel each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the program cannot start its threads: {error}");
            return Exit::Failed.into();
        }
    };
    match runtime.block_on(cli.run()) {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            tell(&error);
            Exit::of(&error).into()
        }
    }
}

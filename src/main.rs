//! The program: parse, run, exit.

use std::process::ExitCode;

/// Most of what the program does is to make and drop small things, at which this one is faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(dbstate::cli::main(std::env::args_os()))
}

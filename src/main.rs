//! The program: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(dbstate::cli::main(std::env::args_os()))
}

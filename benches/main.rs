//! How long users wait, and how much memory it takes: `make bench` runs all of it.
//!
//! `cargo bench -- start` is the small wait of every run; `cargo bench -- 100 1000` what grows with that many tables;
//! `cargo bench -- fleet` a plan of many databases, as many as `DBSTATE_FLEET` says. All
//! commands run in turns against a private server over a Unix socket, so that what else the machine does hits all alike:
//! what counts are the ratios to `pg_dump --schema-only`.

#![expect(clippy::print_stdout, reason = "its output is its result")]

mod fleet;
mod measure;
mod scale;
mod schema;
mod start;

use std::process::ExitCode;

/// How many tables, where the command line says nothing.
const SIZES: [usize; 3] = [100, 1000, 10_000];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let sizes: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let all = words.is_empty();
    let mut met = true;
    if all || words.iter().any(|word| word == "start") {
        met &= start::run();
    }
    if all || words.iter().any(|word| word == "fleet") {
        fleet::run();
    }
    for size in if all { SIZES.to_vec() } else { sizes } {
        met &= scale::run(size);
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

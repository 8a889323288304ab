//! The integration tests, all in one program: one private PostgreSQL serves them all.

mod activity;
mod adopt;
mod architecture;
mod bad_input;
mod cases;
mod cli;
mod code;
mod complete;
mod determinism;
mod every_kind;
mod format;
mod history;
mod local;
mod owner;
mod pulled;
mod random;
mod renames;
mod roles;
mod scratch;
mod session;
mod spelling;
mod support;

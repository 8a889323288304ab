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
mod diff;
mod every_kind;
mod examples;
mod format;
mod history;
mod json_schema;
mod local;
mod owner;
mod pulled;
mod random;
mod reference;
mod renames;
mod roles;
mod scratch;
mod session;
mod spelling;
mod support;

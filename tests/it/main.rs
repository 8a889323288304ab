//! The integration tests, all in one program: one private PostgreSQL serves them all.

mod activity;
mod adopt;
mod architecture;
mod bad_input;
mod cases;
mod cli;
mod code;
mod diff;
mod every_kind;
mod examples;
mod format;
mod json_schema;
mod local;
mod owner;
mod pulled;
mod random;
mod reference;
mod roles;
mod session;
mod support;

//! The integration tests, all in one program: one private PostgreSQL serves them all.

mod activity;
mod adopt;
mod architecture;
mod bad_input;
mod cases;
mod cli;
mod code;
mod every_kind;
mod format;
mod local;
mod owner;
mod pulled;
mod random;
mod roles;
mod session;
mod support;

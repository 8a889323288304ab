//! The integration tests, all in one program: one private PostgreSQL serves them all.

mod activity;
mod architecture;
mod bad_input;
mod cases;
mod cli;
mod code;
mod complete;
mod every_kind;
mod local;
mod owner;
mod pulled;
mod random;
mod roles;
mod session;
mod support;

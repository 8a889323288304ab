//! The integration tests, all in one program: one private PostgreSQL serves them all.

mod activity;
mod code;
mod local;
mod session;
mod support;

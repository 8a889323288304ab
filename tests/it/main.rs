//! The integration tests, all in one program: one private PostgreSQL serves them all.

mod activity;
mod cases;
mod local;
mod session;
mod support;

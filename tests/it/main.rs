//! The integration tests, all in one program: one private PostgreSQL serves them all.

mod local;
mod support;

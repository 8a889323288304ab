//! What the tests stand on: a private cluster, databases in it, and the program itself.

pub mod authority;
pub mod binary;
pub mod cluster;
pub mod database;
pub mod github;
pub mod observer;
pub mod program;
pub mod project;
pub mod proxy;
pub mod terminal;

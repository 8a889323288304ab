//! The private cluster of this run, and clusters of one's own for tests of cluster-wide things.
//!
//! `DBSTATE_TEST_PG_BIN` or `DBSTATE_PG_BIN` picks the PostgreSQL version. Without PostgreSQL the tests fail.

use std::sync::OnceLock;

use dbstate::local::{Ephemeral, Options, Server};

/// The cluster that all tests of this run share: for what is inside one database. It is stopped when the run ends.
pub fn cluster() -> &'static Server {
    static CLUSTER: OnceLock<Ephemeral> = OnceLock::new();
    CLUSTER.get_or_init(own_cluster).server()
}

/// A cluster for one test, stopped when dropped: for roles, tablespaces and server settings.
pub fn own_cluster() -> Ephemeral {
    own_cluster_with(&[])
}

/// The same, with these settings of the server.
pub fn own_cluster_with(settings: &[(&str, &str)]) -> Ephemeral {
    let mut options = options();
    options.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Ephemeral::start(&options).unwrap_or_else(|e| panic!("{e}\nhelp: {}", e.problem.help.as_deref().unwrap_or("none")))
}

/// How every cluster of the tests runs.
pub fn options() -> Options {
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Options {
        bin: std::env::var_os("DBSTATE_TEST_PG_BIN").map(Into::into),
        settings: vec![setting("wal_level", "logical"), setting("max_connections", "200")],
        durable: false,
        ..Options::default()
    }
}

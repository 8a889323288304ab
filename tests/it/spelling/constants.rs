//! Defaults that are constants: how PostgreSQL stores them is certain, so nobody is asked.

use std::fmt::Write;

use crate::support::database::Database;
use crate::support::project::Project;

/// Types, each with the default that is there and the one that takes its place.
const CHANGED: [(&str, &str, &str); 16] = [
    ("int", "0", "1"),
    ("smallint", "-1", "-32768"),
    ("bigint", "2147483647", "-2147483647"),
    ("numeric(12,2)", "0", "1.50"),
    ("numeric", "-1.5", "100000000000000000000000.5"),
    ("int", "1.0", "2"),
    ("real", "1", "-0.5"),
    ("double precision", "1.5", "-1"),
    ("boolean", "false", "TRUE"),
    ("text", "'a'", "'it''s; -- all'"),
    ("text collate \"C\"", "'a'", "''"),
    ("varchar(40)", "'new'", "'old'"),
    ("varchar", "'a'", "'é'"),
    ("char(3)", "'a'", "'abc'"),
    ("char", "'a'", "'b'"),
    ("bpchar", "'a'", "'b '"),
];

/// Types, each with a default that another change leaves as it is.
const KEPT: [(&str, &str); 9] = [
    ("shop.state", "'on hold'"),
    ("text[]", "'{}'"),
    ("varchar(3)[]", "'{a}'"),
    ("jsonb", "'{}'"),
    ("date", "'2026-01-01'"),
    ("uuid", "'00000000-0000-0000-0000-000000000000'"),
    ("timestamptz", "now()"),
    ("inet", "'127.0.0.1'"),
    ("\"char\"", "'x'"),
];

/// The project, before the change or after it.
fn schema(is_after: bool) -> String {
    let constants = || CHANGED.map(|(data_type, before, after)| (data_type, if is_after { after } else { before }));
    let mut text = "schemas:\n  shop:\n    enums: { state: [new, on hold] }\n    domains:\n".to_owned();
    for (i, (data_type, default)) in constants().iter().enumerate() {
        writeln!(text, "      d{i}: {:?}", format!("{data_type} default {default}"))
            .expect("a string takes everything");
    }
    text += "    tables:\n      items:\n        columns:\n";
    for (i, (data_type, default)) in constants().iter().enumerate() {
        writeln!(text, "          c{i}: {:?}", format!("{data_type} default {default}"))
            .expect("a string takes everything");
    }
    let kept = if is_after { " not null" } else { "" };
    for (i, (data_type, default)) in KEPT.iter().enumerate() {
        writeln!(text, "          k{i}: {:?}", format!("{data_type}{kept} default {default}"))
            .expect("a string takes everything");
    }
    text
}

#[test]
fn a_constant_is_known_without_asking() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", &schema(false)), ("dbstate.yaml", "ledger: off\n")]);
    project.run(&["apply", "--yes", "--scratch", "none"], 0);
    let nothing = |why: &str| {
        let plan = project.run(&["plan", "--exit-code", "--scratch", "none"], 0);
        assert_eq!(plan.stderr, "", "{why}");
    };
    nothing("after the first apply");
    project.write("schema.yaml", &schema(true));
    let plan = project.run(&["plan", "--exit-code", "--scratch", "none"], 2);
    assert_eq!(plan.stderr, "", "nothing to warn of");
    let changes = format!("{} to change", 2 * CHANGED.len() + KEPT.len());
    assert!(plan.stdout.contains(&changes), "{changes}: {}", plan.stdout);
    project.run(&["apply", "--yes", "--scratch", "none"], 0);
    nothing("after the second");
    project.run(&["plan", "--exit-code"], 0);
}

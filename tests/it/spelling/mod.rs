//! Text as hands write it, which PostgreSQL stores otherwise: once applied, it plans nothing.

mod constants;
mod implied;

use crate::support::database::Database;
use crate::support::project::Project;

const SCHEMA: &str = include_str!("schema.yaml");

#[test]
fn text_by_hand_plans_nothing_once_applied() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    // With the ledger, which knows every text, though nobody may be asked.
    project.settled();
    project.run(&["plan", "--exit-code", "--scratch", "none"], 0);
    // Without the ledger, from what PostgreSQL says in a scratch database.
    project.write("dbstate.yaml", "ledger: off\n");
    let plan = project.run(&["plan", "--exit-code"], 0);
    assert_eq!(plan.stderr, "", "nothing to warn of");
    // With the ledger lost.
    project.write("dbstate.yaml", "ledger: on\n");
    database.psql("drop schema dbstate cascade");
    project.settled();
    let apply = project.apply();
    assert!(apply.stdout.contains("Nothing to do"), "{}", apply.stdout);
    project.run(&["plan", "--exit-code", "--scratch", "none"], 0);
}

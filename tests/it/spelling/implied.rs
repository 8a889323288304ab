//! Comparisons that don't name their operator: which one PostgreSQL takes depends on the `search_path`.

use crate::support::database::Database;
use crate::support::project::Project;

const LIVE: &str = "create schema shop; set search_path = shop;
    create type pair as (a int);
    create function eq(pair, pair) returns bool immutable language sql as 'select ($1).a = ($2).a';
    create operator = (leftarg = pair, rightarg = pair, function = eq);
    create table t (id int, p pair, q pair);
    create view differs as select id, p is distinct from q as d from t;
    create view plain as select id, p operator(shop.=) q as d from t";

#[test]
fn what_compares_without_an_operator_is_named_when_made_anew() {
    let database = Database::create();
    database.psql(LIVE);
    let project = Project::new(&database, &[]);
    project.run(&["pull", "-o", "."], 0);
    let nothing = project.run(&["plan", "--exit-code"], 0);
    assert_eq!(nothing.stderr, "", "nothing is made anew");
    let file = project.path().join("shop.yaml");
    let text = std::fs::read_to_string(&file).expect("a file was written");
    assert!(text.contains("id: integer"), "{text}");
    project.write("shop.yaml", &text.replace("id: integer", "id: bigint"));
    let plan = project.run(&["plan", "--exit-code"], 2);
    let warns =
        |view: &str| plan.stderr.contains(&format!("view `shop.{view}` compares values without naming the operator"));
    assert!(warns("differs") && !warns("plain"), "{}", plan.stderr);
}

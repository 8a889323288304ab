//! `was:` where names hang together, and the hint where it is missing.

use crate::support::database::{self, Database};
use crate::support::project::Project;

/// A project whose one schema holds these sections.
fn shop(sections: &str) -> String {
    format!("schemas:\n  shop:\n{sections}")
}

/// Sees that two databases are the same but for the ledger.
#[track_caller]
fn same(one: &Database<'_>, other: &Database<'_>) {
    for database in [one, other] {
        database.psql("drop schema if exists dbstate cascade");
    }
    let [one, other] = [one, other].map(|database| database::without_column_order(&database.pg_dump()));
    database::same(&one, &other);
}

/// Plans are empty: with the ledger, and with the ledger lost.
fn stays_settled(project: &Project, database: &Database<'_>) {
    project.settled();
    database.psql("drop schema dbstate cascade");
    project.settled();
    let again = project.apply();
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    project.settled();
}

#[test]
fn two_tables_and_two_columns_change_names() {
    let database = Database::create();
    let before = shop(
        "    tables:
      a: { columns: { id: bigint identity, x: int, y: text }, primary_key: [id], indexes: { a_x: [x] } }
      b: { columns: { id: bigint identity, z: int }, primary_key: [id], indexes: { b_z: [z] } }
    views: { both: 'select a.x, b.z from shop.a join shop.b using (id)' }
",
    );
    let project = Project::new(&database, &[("schema.yaml", &before)]);
    project.apply();
    database.psql("insert into shop.a (x, y) values (1, 'one'); insert into shop.b (z) values (7), (8)");
    let after = shop(
        "    tables:
      b:
        was: a
        columns: { id: bigint identity, x: { type: text, was: y }, y: { type: int, was: x } }
        primary_key: [id]
        indexes: { a_x: [y] }
      a: { was: b, columns: { id: bigint identity, z: int }, primary_key: [id], indexes: { b_z: [z] } }
    views: { both: 'select b.y as x, a.z from shop.b join shop.a using (id)' }
",
    );
    project.write("schema.yaml", &after);
    project.apply();
    assert_eq!(database.psql("select x, y from shop.b"), "one|1");
    assert_eq!(database.psql("select array_agg(z order by z) from shop.a"), "{7,8}");
    assert_eq!(database.psql("select x, z from shop.both"), "1|7");
    let sequences = "select pg_get_serial_sequence('shop.a', 'id'), pg_get_serial_sequence('shop.b', 'id')";
    assert_eq!(database.psql(sequences), "shop.a_id_seq|shop.b_id_seq");
    assert_eq!(
        database.psql("select to_regclass('shop.a_pkey') is not null and to_regclass('shop.b_pkey') is not null"),
        "t"
    );
    stays_settled(&project, &database);
    let straight = Database::create();
    Project::new(&straight, &[("schema.yaml", &after)]).apply();
    same(&database, &straight);
}

#[test]
fn what_looks_alike_changes_names_once() {
    let database = Database::create();
    let tables = |a: &str, b: &str| {
        shop(&format!(
            "    tables:\n      a: {{ {a}columns: {{ id: int }} }}\n      b: {{ {b}columns: {{ id: int }} }}\n"
        ))
    };
    let project = Project::new(&database, &[("schema.yaml", &tables("", ""))]);
    project.apply();
    database.psql("insert into shop.a values (1); insert into shop.b values (2)");
    let ids = || database.psql("select (select id from shop.a), (select id from shop.b)");
    let swapped = tables("was: b, ", "was: a, ");
    project.write("schema.yaml", &swapped);

    // Without a ledger nobody can tell whether it was done.
    project.write("dbstate.yaml", "ledger: off\n");
    let plan = project.run(&["plan", "--exit-code"], 0);
    assert!(plan.stderr.contains("have changed names yet can't be told"), "{}", plan.stderr);

    project.write("dbstate.yaml", "ledger: on\n");
    project.run(&["plan", "--exit-code"], 2);
    project.apply();
    assert_eq!(ids(), "2|1");
    project.settled();
    project.apply();
    assert_eq!(ids(), "2|1");

    // What was made in the same apply as the tables is done, too.
    let fresh = Database::create();
    let project = Project::new(&fresh, &[("schema.yaml", &swapped)]);
    project.apply();
    project.settled();
}

#[test]
fn an_apply_that_ends_in_the_middle_remembers_its_renames() {
    let database = Database::create();
    let project = |a: &str, b: &str, labels: &str, default: &str, null: &str| {
        shop(&format!(
            "    enums: {{ e: [{labels}] }}
    tables:
      a: {{ {a}columns: {{ id: int }} }}
      b: {{ {b}columns: {{ id: int }} }}
      t: {{ columns: {{ e: shop.e default '{default}', n: int{null} }} }}
"
        ))
    };
    let one = Project::new(&database, &[("schema.yaml", &project("", "", "x", "x", ""))]);
    one.apply();
    database.psql("insert into shop.a values (1); insert into shop.b values (2); insert into shop.t default values");
    // A new label can be used only after a commit; what comes after it fails.
    one.write("schema.yaml", &project("was: b, ", "was: a, ", "x, y", "y", " not null"));
    for (code, said) in [(1, "is violated by some row"), (3, "rows that are there do not fit column `shop.t.n`")] {
        let apply = one.run(&["apply", "--yes", "--allow", "breaking,block"], code);
        assert!(apply.stderr.contains(said), "{}", apply.stderr);
        assert_eq!(database.psql("select (select id from shop.a), (select id from shop.b)"), "2|1");
    }
}

#[test]
fn a_chain_runs_from_its_end() {
    let database = Database::create();
    let before = shop(
        "    tables:
      a: { columns: { id: bigint identity, one: int }, primary_key: [id] }
      b: { columns: { id: bigint identity, two: int }, primary_key: [id] }
    functions:
      f(int): { args: n int, returns: int, language: sql, body: select 1 }
      g(int): { args: n int, returns: int, language: sql, body: select 2 }
",
    );
    let project = Project::new(&database, &[("schema.yaml", &before)]);
    project.apply();
    database.psql("insert into shop.a (one) values (1); insert into shop.b (two) values (2)");
    let after = shop(
        "    tables:
      a: { columns: { id: bigint identity, none: int }, primary_key: [id] }
      b: { was: a, columns: { id: bigint identity, one: int }, primary_key: [id] }
      c: { was: b, columns: { id: bigint identity, two: int }, primary_key: [id] }
    functions:
      g(int): { was: f, args: n int, returns: int, language: sql, body: select 1 }
      h(int): { was: g, args: n int, returns: int, language: sql, body: select 2 }
",
    );
    project.write("schema.yaml", &after);
    project.apply();
    assert_eq!(database.psql("select (select count(*) from shop.a), one, two from shop.b, shop.c"), "0|1|2");
    assert_eq!(database.psql("select shop.g(0), shop.h(0)"), "1|2");
    stays_settled(&project, &database);
    let straight = Database::create();
    Project::new(&straight, &[("schema.yaml", &after)]).apply();
    same(&database, &straight);
}

#[test]
fn three_columns_rotate() {
    let database = Database::create();
    let columns = |list: &str| shop(&format!("    tables: {{ t: {{ columns: {{ {list} }} }} }}\n"));
    let project = Project::new(&database, &[("schema.yaml", &columns("a: int not null, b: text, c: date"))]);
    project.apply();
    database.psql("insert into shop.t values (1, 'one', '2020-01-01')");
    project.write(
        "schema.yaml",
        &columns("b: { type: int, not_null: true, was: a }, c: { type: text, was: b }, a: { type: date, was: c }"),
    );
    project.apply();
    assert_eq!(database.psql("select a, b, c from shop.t"), "2020-01-01|1|one");
    stays_settled(&project, &database);
}

#[test]
fn everything_that_has_a_name_changes_it() {
    let database = Database::create();
    let project = |was: bool| {
        let w = |name: &str| if was { format!("was: {name}, ") } else { String::new() };
        // What was `a` is called `b` afterwards, and looks as before.
        let [a, b] = if was { ["b", "a"] } else { ["a", "b"] };
        shop(&format!(
            "    enums: {{ {a}_e: {{ {}labels: [x] }}, {b}_e: {{ {}labels: [y, z] }} }}
    domains: {{ {a}_d: {{ {}type: int }}, {b}_d: {{ {}type: text }} }}
    sequences: {{ {a}_s: {{ {}increment: 2 }}, {b}_s: {{ {}increment: 3 }} }}
    views: {{ {a}_v: {{ {}query: select 1 as one }}, {b}_v: {{ {}query: select 2 as two }} }}
    materialized_views: {{ {a}_m: {{ {}query: select 1 as one }}, {b}_m: {{ {}query: select 2 as two }} }}
",
            w("a_e"),
            w("b_e"),
            w("a_d"),
            w("b_d"),
            w("a_s"),
            w("b_s"),
            w("a_v"),
            w("b_v"),
            w("a_m"),
            w("b_m"),
        ))
    };
    let one = Project::new(&database, &[("schema.yaml", &project(false))]);
    one.apply();
    let oid =
        || database.psql("select array_agg(oid order by oid) from pg_class where relnamespace = 'shop'::regnamespace");
    let before = oid();
    one.write("schema.yaml", &project(true));
    one.apply();
    assert_eq!(oid(), before, "nothing was made again");
    one.settled();
    assert_eq!(database.psql("select increment_by from pg_sequences where sequencename = 'b_s'"), "2");
    assert_eq!(database.psql("select one from shop.b_v"), "1");
    let straight = Database::create();
    Project::new(&straight, &[("schema.yaml", &project(true))]).apply();
    same(&database, &straight);
}

#[test]
fn a_rename_that_was_made_is_not_made_again() {
    let database = Database::create();
    let tables = "    tables: { b: { columns: { id: int } }, c: { was: b, columns: { id: int } } }\n";
    let project = Project::new(&database, &[("schema.yaml", &shop(tables))]);
    project.apply();
    database.psql("insert into shop.b values (1); drop table shop.c");
    project.apply();
    assert_eq!(database.psql("select (select count(*) from shop.b), (select count(*) from shop.c)"), "1|0");
    project.settled();
}

#[test]
fn two_that_were_one_are_warned_of() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", &shop("    tables: { a: { columns: { id: int } } }\n"))]);
    project.apply();
    let both = "    tables: { b: { was: a, columns: { id: int } }, c: { was: a, columns: { id: int } } }\n";
    project.write("schema.yaml", &shop(both));
    let plan = project.run(&["plan"], 0);
    let told = "table `shop.b` and table `shop.c` both say that they were `a`";
    assert!(plan.stderr.contains(told), "{}", plan.stderr);
    assert!(plan.stdout.contains("alter table shop.a rename to b;"), "{}", plan.stdout);
    project.apply();
    project.settled();
}

#[test]
fn a_drop_and_an_add_alike_get_a_hint() {
    let database = Database::create();
    let project = Project::new(
        &database,
        &[(
            "schema.yaml",
            &shop(
                "    tables: { a: { columns: { id: bigint identity, note: text default 'x' }, primary_key: [id] } }\n",
            ),
        )],
    );
    project.apply();
    let hint = "table `shop.a` is dropped and table `shop.b` of the same shape is added: `was: a` would rename it";
    project.write(
        "schema.yaml",
        &shop("    tables: { b: { columns: { id: bigint identity, note: text default 'x' }, primary_key: [id] } }\n"),
    );
    let plan = project.run(&["plan"], 0);
    assert!(plan.stderr.contains(hint), "{}", plan.stderr);
    let plan = project.run(&["plan", "--format", "json"], 0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).expect("JSON");
    assert_eq!(plan["warnings"], serde_json::json!([hint]));

    let column =
        "    tables: { a: { columns: { id: bigint identity, remark: text default 'x' }, primary_key: [id] } }\n";
    project.write("schema.yaml", &shop(column));
    let plan = project.run(&["plan"], 0);
    assert!(plan.stderr.contains("`was: note` would rename it"), "{}", plan.stderr);

    let other = "    tables: { b: { columns: { id: bigint identity, note: int }, primary_key: [id] } }\n";
    project.write("schema.yaml", &shop(other));
    assert_eq!(project.run(&["plan"], 0).stderr, "");
}

#[test]
fn a_partition_is_renamed_with_what_its_parent_gave_it() {
    let database = Database::create();
    let project = |schema: &str, partition: &str, was: [&str; 2]| {
        format!(
            "schemas:
  {schema}:
    {}tables:
      t: {{ partition_by: list (k), columns: {{ k: int, n: int }}, primary_key: [k], indexes: {{ t_n: [n] }} }}
      {partition}: {{ {}partition_of: t, for: 'values in (1)' }}
",
            was[0], was[1]
        )
    };
    let one = Project::new(&database, &[("schema.yaml", &project("shop", "t_1", ["", ""]))]);
    one.apply();
    database.psql("insert into shop.t values (1, 2)");
    one.write("schema.yaml", &project("store", "first", ["was: shop\n    ", "was: t_1, "]));
    one.apply();
    one.settled();
    assert_eq!(database.psql("select n from store.first"), "2");
}

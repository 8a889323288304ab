//! Roles, memberships, settings and the database itself, on a real server: planned, applied, planned again.
//!
//! All of it belongs to the whole cluster, so each test has a cluster of its own.

use dbstate::catalog;
use dbstate::declare::{check::check, lower::Lowering, raise::raise, write::write, yaml};
use dbstate::diagnostic::{Diagnostics, Sources};
use dbstate::diff::scope::project;
use dbstate::kinds::register;
use dbstate::local::Ephemeral;
use dbstate::model::{Manage, State};
use dbstate::plan::{Input, Plan, plan};
use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};

use crate::support::cluster::own_cluster;

async fn connect(cluster: &Ephemeral, user: Option<&str>) -> Client {
    let mut config: Config = cluster.server().url("postgres").parse().expect("a URL");
    if let Some(user) = user {
        config.user(user);
    }
    let (client, connection) = config.connect(NoTls).await.expect("connected");
    tokio::spawn(connection);
    client
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
}

/// The state that YAML declares, or its problems.
fn declared(text: &str) -> Result<State, Diagnostics> {
    let mut sources = Sources::default();
    let mut problems = Diagnostics::default();
    let file = sources.add("roles.yaml", text);
    let Some(node) = yaml::parse(file, text, &mut problems) else { return Err(problems) };
    let mut lowering = Lowering::new(register(), &mut sources);
    lowering.file(&node);
    lowering.finish();
    let (state, broken) = (lowering.state, lowering.broken);
    problems.extend(lowering.problems);
    problems.extend(check(&state, &broken, register(), &sources));
    problems.into_result(state)
}

async fn planned(client: &Client, text: &str) -> Result<Plan, Diagnostics> {
    let mut desired = declared(text)?;
    let server = catalog::server(client).await.map_err(|e| Diagnostics::from(*e))?;
    let mut live = catalog::read(client, server.version, register()).await.map_err(|e| Diagnostics::from(*e))?;
    project(&mut live, &mut desired, Manage::Schemas, &globset::GlobSet::empty(), register());
    plan(Input {
        live: &live,
        whole: &live,
        desired: &desired,
        server: &server,
        register: register(),
        online: true,
        suspects: None,
    })
}

/// Plans, applies, plans again; returns what was shown.
async fn applied(client: &Client, text: &str) -> Vec<String> {
    let plan = planned(client, text).await.unwrap_or_else(|e| panic!("{e:#?}"));
    let count = plan.counts().iter().sum::<usize>();
    assert_eq!(count == 0, plan.steps.is_empty(), "{:?}", plan.changes);
    for step in &plan.steps {
        run(client, &step.sql).await;
    }
    let again = planned(client, text).await.unwrap_or_else(|e| panic!("{e:#?}"));
    assert!(again.is_empty() && again.changes.is_empty(), "again: {again:#?}\nafter: {:#?}", plan.steps);
    plan.steps.iter().map(|s| s.text().to_owned()).collect()
}

fn messages(problems: &Diagnostics) -> Vec<String> {
    problems.iter().map(|d| format!("{} [{}]", d.problem.message, d.labels.len())).collect()
}

async fn major(client: &Client) -> u32 {
    catalog::server(client).await.expect("asked").version.major()
}

#[tokio::test]
async fn roles_are_made_changed_renamed_and_dropped() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    let first = "roles:
  reader: {}
  Odd.Name:
    login: true
    createdb: true
    inherit: false
    bypass_rls: true
    connection_limit: 7
    valid_until: 2030-06-01
    comment: it's odd
  rds_superuser: { external: true, }
  public: { grants: { database: none } }
";
    assert_eq!(
        applied(&db, first).await,
        [
            "revoke connect, temporary on database postgres from public",
            "create role reader",
            "create role \"Odd.Name\" login createdb noinherit bypassrls connection limit 7 \
             valid until '2030-06-01 00:00:00+00'",
            "comment on role \"Odd.Name\" is 'it''s odd'",
        ]
    );
    run(&db, "alter role reader superuser valid until 'infinity'").await;
    let second = "roles:
  reader: { connection_limit: 3, valid_until: \"2031-01-01 12:00:00.5+02\" }
  odd: { was: Odd.Name, login: true, valid_until: 2030-06-01 }
";
    assert_eq!(
        applied(&db, second).await,
        [
            "alter role \"Odd.Name\" rename to odd",
            "comment on role odd is null",
            "alter role reader nosuperuser connection limit 3 valid until '2031-01-01 10:00:00.5+00'",
            "alter role odd nocreatedb inherit nobypassrls connection limit -1",
        ]
    );
    let third = "roles: { reader: { absent: true }, odd: { login: true }, never: { absent: true } }";
    assert_eq!(applied(&db, third).await, ["alter role odd valid until 'infinity'", "drop role reader"]);
    assert_eq!(applied(&db, "roles: {}").await, [""; 0], "a role that leaves the YAML is left alone");
}

#[tokio::test]
async fn a_role_goes_once_nothing_of_the_database_names_it() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    let first = "roles:
  old: {}
  new: {}
schemas:
  shop: { owner: old, tables: { t: { grants: { new: select }, columns: { id: bigint } } } }
  other: { owner: new, grants: { old: usage } }
";
    applied(&db, first).await;
    let second = "roles:
  old: { absent: true }
  new: {}
schemas:
  shop: { owner: new, tables: { t: { columns: { id: bigint } } } }
  other: { owner: new, tables: {} }
default_privileges: { new: { shop: { tables: { new: select } } } }
";
    let shown = applied(&db, second).await;
    assert_eq!(shown.last().map(String::as_str), Some("drop role old"), "{shown:#?}");

    // A role that has a home here can be named otherwise.
    let third = "roles:
  newer: { was: new }
schemas:
  shop: { owner: newer, tables: { t: { columns: { id: bigint } } } }
  other: { owner: newer }
default_privileges: { newer: { shop: { tables: { newer: select } } } }
";
    let shown = applied(&db, third).await;
    assert_eq!(shown, ["alter role new rename to newer"]);
}

#[tokio::test]
async fn what_the_server_forbids_is_left_as_it_was() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    run(&db, "create role owner_of_it; create schema s authorization owner_of_it").await;
    let plan = planned(&db, "roles: { owner_of_it: { absent: true } }").await.expect("planned");
    let error = db.batch_execute(&plan.steps[0].sql).await.expect_err("it owns a schema");
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("2BP01"));
    let hazards: Vec<&str> = plan.hazards().map(|(_, h)| h.class.as_str()).collect();
    assert_eq!((plan.counts(), hazards), ([0, 0, 0, 1], vec!["access"]));
}

#[tokio::test]
async fn a_password_is_sent_once_as_a_verifier_and_never_shown() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("secret");
    std::fs::write(&path, "it's \"päss\"\n").expect("written");
    let yaml = format!("roles: {{ app: {{ login: true, password: {{ file: {} }} }} }}", path.display());
    let shown = format!("create role app login password '<from {}>'", path.display());
    let plan = planned(&db, &yaml).await.expect("planned");
    assert!(plan.steps[0].sql.starts_with("create role app login password 'SCRAM-SHA-256$4096:"));
    assert_eq!(applied(&db, &yaml).await, [shown]);

    let changed = [format!("alter role app password '<from {}>'", path.display())];
    std::fs::write(&path, "another").expect("written");
    assert_eq!(applied(&db, &yaml).await, changed);
    run(&db, "alter role app password null").await;
    assert_eq!(applied(&db, &yaml).await, changed);
    run(&db, "set password_encryption = 'md5'; alter role app password 'another'").await;
    assert_eq!(applied(&db, &yaml).await, changed, "md5 is replaced");
    if major(&db).await >= 16 {
        run(
            &db,
            "set password_encryption = 'scram-sha-256'; set scram_iterations = 1024; alter role app password 'another'",
        )
        .await;
        assert_eq!(applied(&db, &yaml).await, [""; 0], "any number of iterations is read");
    }
    // The server itself says whether the password is the one.
    run(&db, "create role ci login createrole").await;
    let ci = connect(&cluster, Some("ci")).await;
    std::fs::write(&path, "unseen").expect("written");
    assert_eq!(applied(&ci, &yaml).await, [""; 0], "what can't be read is not changed");

    run(&db, "create role nobody_much login; revoke all on database postgres from public; grant connect on database postgres to nobody_much").await;
    let nobody = connect(&cluster, Some("nobody_much")).await;
    assert!(planned(&nobody, &yaml).await.expect("planned").is_empty(), "to connect is enough to plan");
    run(&db, "grant select on pg_authid to nobody_much").await;
    let there = planned(&nobody, &yaml).await.expect("planned");
    assert_eq!(there.steps[0].text(), changed[0], "who may read verifiers sees that it differs");

    std::fs::remove_file(&path).expect("removed");
    assert!(planned(&ci, &yaml).await.expect("planned").is_empty(), "what can't be read needs no secret");
    let problems = messages(&planned(&db, &yaml).await.expect_err("refused"));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("the password of role `app` is not there: the password can't be read from"));
    let missing = "roles: { new: { login: true, password: { env: DBSTATE_NO_SUCH } } }";
    assert!(declared(missing).is_ok(), "validate needs no secret");
    assert_eq!(
        messages(&planned(&db, missing).await.expect_err("refused")),
        ["the password of role `new` is not there: the environment variable `DBSTATE_NO_SUCH` is not set [1]"]
    );
}

#[tokio::test]
async fn postgresql_takes_the_verifier_for_the_password() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("secret");
    for password in ["it's \"päss\"", "Ⅸ\u{a0}x", " "] {
        std::fs::write(&path, format!("{password}\n")).expect("written");
        let yaml = format!("roles: {{ app: {{ login: true, password: {{ file: {} }} }} }}", path.display());
        applied(&db, &yaml).await;
        // What PostgreSQL itself makes of that password with the same salt must be what we recognise.
        run(
            &db,
            &format!(
                "set password_encryption = 'scram-sha-256'; alter role app password '{}'",
                password.replace('\'', "''")
            ),
        )
        .await;
        assert_eq!(applied(&db, &yaml).await, [""; 0], "{password}");
    }
}

#[tokio::test]
async fn memberships_are_exact_for_declared_roles() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    let first = "roles:
  reader: {}
  auditor: {}
  other: { member_of: reader }
  app: { member_of: [reader, { role: auditor, admin: true }, pg_monitor] }
";
    assert_eq!(
        applied(&db, first).await,
        [
            "create role reader",
            "create role auditor",
            "create role other",
            "create role app",
            "grant reader to app",
            "grant auditor to app with admin option",
            "grant pg_monitor to app",
            "grant reader to other",
        ]
    );
    run(&db, "grant auditor to other; revoke pg_monitor from app; create role stranger; grant reader to stranger")
        .await;
    let second = "roles:
  reading: { was: reader }
  auditor: {}
  other: { member_of: reading }
  app: { member_of: [reading, auditor, pg_monitor] }
";
    assert_eq!(
        applied(&db, second).await,
        [
            "alter role reader rename to reading",
            "revoke admin option for auditor from app",
            "grant pg_monitor to app",
            "revoke auditor from other"
        ]
    );
    let third = "roles: { reading: { absent: true }, auditor: {}, other: {}, app: { member_of: [auditor] } }";
    assert_eq!(
        applied(&db, third).await,
        ["revoke pg_monitor from app", "revoke reading from app", "revoke reading from other", "drop role reading"]
    );
}

#[tokio::test]
async fn options_of_memberships_are_those_of_the_version() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    let text = "roles: { g: {}, m: { member_of: [{ role: g, inherit: false, set: false }] } }";
    if major(&db).await < 16 {
        let problems = messages(&planned(&db, text).await.expect_err("refused"));
        assert_eq!(problems, ["PostgreSQL knows `set` of a membership from version 16 on [1]"]);
        let inherit = "roles: { g: {}, m: { inherit: false, member_of: [{ role: g, inherit: false }] } }";
        assert_eq!(applied(&db, inherit).await.len(), 3, "that is what such a member does anyway");
        return;
    }
    assert_eq!(applied(&db, text).await[2], "grant g to m with inherit false, set false");
    run(&db, "create role h; grant g to h with admin true; grant g to m with inherit true granted by h").await;
    assert_eq!(
        applied(&db, text).await,
        [
            "grant g to m with admin false, inherit false, set false",
            "grant g to m with admin false, inherit false, set false granted by h",
        ]
    );
    let fewer = "roles: { g: {}, m: {} }";
    assert_eq!(applied(&db, fewer).await, ["revoke g from m", "revoke g from m granted by h"]);
    let member = "roles: { g: {}, m: { inherit: false, member_of: [g] } }";
    assert_eq!(applied(&db, member).await, ["alter role m noinherit", "grant g to m"]);
    let member = "roles: { g: {}, m: { member_of: [g] } }";
    assert_eq!(applied(&db, member).await, ["alter role m inherit", "grant g to m with inherit true"]);
}

#[tokio::test]
async fn who_is_no_superuser_makes_roles_too() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    run(&db, "create role ci login createrole").await;
    let ci = connect(&cluster, Some("ci")).await;
    let text = "roles:
  ci: { login: true, createrole: true }
  reader: { comment: reads }
  app: { login: true, password: { env: PATH }, member_of: [reader], settings: { work_mem: 8MB } }
";
    assert_eq!(
        applied(&ci, text).await,
        [
            "create role reader",
            "create role app login password '<from PATH>'",
            "grant reader to app",
            "alter role app set work_mem to '8MB'",
            "comment on role reader is 'reads'",
        ]
    );
    assert_eq!(applied(&db, text).await, [""; 0], "the superuser sees the same");
    if major(&db).await >= 16 {
        // What PostgreSQL granted by itself may be declared.
        let own = text.replace(
            "createrole: true",
            "createrole: true, member_of: [{ role: app, admin: true, inherit: false, set: false }]",
        );
        assert_eq!(applied(&db, &own).await, [""; 0]);
        let more = text.replace("createrole: true", "createrole: true, member_of: [reader]");
        assert_eq!(applied(&ci, &more).await, ["grant reader to ci with admin false, inherit true, set true"]);
        assert_eq!(applied(&ci, text).await, [""; 0], "what a role granted itself is its own");
    }
    run(&ci, "drop role app, reader").await;
}

#[tokio::test]
async fn settings_are_kept_as_postgresql_keeps_them() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    let first = "
database:
  connection_limit: 90
  comment: the one
  settings: { TimeZone: UTC, search_path: [app, public] }
roles:
  app:
    settings:
      statement_timeout: 30s
      work_mem: 4096
      jit: off
      random_page_cost: 1.10
      search_path: '\"$user\", Shop, public'
      app.title: it's
      datestyle: ISO, MDY
      temp_tablespaces: ''
    database_settings: { search_path: '', lock_timeout: 5s }
";
    assert_eq!(
        applied(&db, first).await,
        [
            "create role app",
            "alter role app set statement_timeout to '30s'",
            "alter role app set work_mem to '4096'",
            "alter role app set jit to 'off'",
            "alter role app set random_page_cost to '1.10'",
            "alter role app set search_path to \"$user\", shop, public",
            "alter role app set app.title to 'it''s'",
            "alter role app set datestyle to 'ISO, MDY'",
            "alter role app set temp_tablespaces to ''",
            "alter role app in database postgres set search_path to ''",
            "alter role app in database postgres set lock_timeout to '5s'",
            "alter database postgres connection limit 90",
            "alter database postgres set timezone to 'UTC'",
            "alter database postgres set search_path to app, public",
            "comment on database postgres is 'the one'",
        ]
    );
    let second = "
database: { settings: { search_path: app } }
roles: { app: { settings: { work_mem: 8MB, app.title: it's } } }
";
    let mut shown = applied(&db, second).await;
    shown.sort();
    assert_eq!(
        shown,
        [
            "alter database postgres connection limit -1",
            "alter database postgres reset timezone",
            "alter database postgres set search_path to app",
            "alter role app in database postgres reset lock_timeout",
            "alter role app in database postgres reset search_path",
            "alter role app reset datestyle",
            "alter role app reset jit",
            "alter role app reset random_page_cost",
            "alter role app reset search_path",
            "alter role app reset statement_timeout",
            "alter role app reset temp_tablespaces",
            "alter role app set work_mem to '8MB'",
            "comment on database postgres is null",
        ]
    );
    let pulled = pulled(&db).await;
    assert_eq!(applied(&db, &pulled).await, [""; 0], "{pulled}");
}

/// The whole catalog as YAML, without grants: what is read of them is the grants' own matter.
async fn pulled(client: &Client) -> String {
    let server = catalog::server(client).await.expect("asked");
    let mut live = catalog::read(client, server.version, register()).await.expect("read");
    live.retain(|at, _| !["grant", "owner"].contains(&at.kind().0));
    write(&raise(&live, register()))
}

#[tokio::test]
async fn what_is_pulled_plans_nothing() {
    let cluster = own_cluster();
    let db = connect(&cluster, None).await;
    run(
        &db,
        "create role \"Group.A\" nologin; create role g noinherit valid until '2031-02-03 04:05:06.7+01';
         create role m login password 'x' connection limit 4 in role g, \"Group.A\"; comment on role m is 'M';
         grant pg_read_all_data to m with admin option; alter role m set search_path to 'A b', c;
         alter role m in database postgres set work_mem to 100; alter database postgres set app.x to 'it''s 1, \"2\"'",
    )
    .await;
    let pulled = pulled(&db).await;
    assert!(!pulled.contains("SCRAM") && !pulled.contains("live_") && !pulled.contains("password"), "{pulled}");
    assert_eq!(applied(&db, &pulled).await, [""; 0], "{pulled}");
    // The same in an empty cluster makes the same.
    let other = own_cluster();
    let there = connect(&other, None).await;
    applied(&there, &pulled).await;
    let roles =
        "select rolname, rolsuper, rolinherit, rolcanlogin, rolconnlimit, rolvaliduntil from pg_roles order by 1";
    let text = |rows: Vec<tokio_postgres::SimpleQueryMessage>| format!("{rows:?}");
    assert_eq!(text(db.simple_query(roles).await.expect("rows")), text(there.simple_query(roles).await.expect("rows")));
}

#[test]
fn mistakes_are_told_without_a_database() {
    for (text, wanted) in [
        ("roles: { app: { password: hunter2 } }", "a password never stands in a file [1]"),
        ("roles: { app: { live_verifier: x } }", "unknown key `live_verifier` [1]"),
        ("roles: { pg_mine: {} }", "role `pg_mine` can't be made: names from `pg_` are PostgreSQL's own [1]"),
        ("roles: { none: {} }", "no role can be named `none` [1]"),
        ("roles: { a: { external: true, login: true } }", "role `a` is external, and something else is said of it [1]"),
        ("roles: { a: { absent: true, comment: x } }", "role `a` is absent, and something else is said of it [1]"),
        ("roles: { public: { login: true } }", "role `public` is external, and something else is said of it [1]"),
        ("roles: { a: { member_of: [b] } }", "role `b` is not declared [1]"),
        ("roles: { a: { connection_limit: -2 } }", "`connection_limit` is -2 [1]"),
        ("roles: { a: { valid_until: tomorrow } }", "`tomorrow` is no date [1]"),
    ] {
        let problems = declared(text).expect_err(text);
        assert_eq!(messages(&problems), [wanted], "{text}");
    }
}

//! Who may do what, held against PostgreSQL's own answers on clusters of random roles and grants, and in plans.

use std::collections::BTreeSet;
use std::fmt::Write;

use dbstate::access::{Access, Reach};
use dbstate::kinds::register;
use dbstate::local::Server;
use dbstate::model::Address;
use dbstate::model::access::{Cause, Rights};
use dbstate::{catalog, session};

use crate::random::rng::Rng;
use crate::support::cluster::own_cluster;
use crate::support::database::{Database, psql};
use crate::support::project::Project;

/// The clusters of one run.
const SEEDS: std::ops::Range<u64> = 0..12;

/// What there is privileges on: the kind in an address, its path, SQL's noun and name, and the function that asks.
const THINGS: [(&str, &str, &str, &str); 9] = [
    ("schema", "s", "schema s", "has_schema_privilege('{role}', 's', '{p}')"),
    ("schema", "t", "schema t", "has_schema_privilege('{role}', 't', '{p}')"),
    ("table", "s.a", "table s.a", "has_table_privilege('{role}', 's.a', '{p}')"),
    ("table", "t.b", "table t.b", "has_table_privilege('{role}', 't.b', '{p}')"),
    ("view", "s.v", "table s.v", "has_table_privilege('{role}', 's.v', '{p}')"),
    ("sequence", "s.q", "sequence s.q", "has_sequence_privilege('{role}', 's.q', '{p}')"),
    ("function", "s.f()", "function s.f()", "has_function_privilege('{role}', 's.f()', '{p}')"),
    ("enum_type", "s.e", "type s.e", "has_type_privilege('{role}', 's.e', '{p}')"),
    ("database", "", "database postgres", "has_database_privilege('{role}', 'postgres', '{p}')"),
];

/// The columns that privileges may be on.
const COLUMNS: [(&str, &str); 3] = [("s.a", "id"), ("s.a", "note"), ("t.b", "id")];

fn privileges(kind: &str, version: u32) -> Vec<&'static str> {
    let mut list = match kind {
        "schema" => vec!["usage", "create"],
        "table" | "view" => vec!["select", "insert", "update", "delete", "truncate", "references", "trigger"],
        "sequence" => vec!["select", "update", "usage"],
        "function" => vec!["execute"],
        "enum_type" => vec!["usage"],
        "database" => vec!["connect", "create", "temporary"],
        other => panic!("{other}"),
    };
    if matches!(kind, "table" | "view") && version >= 17 {
        list.push("maintain");
    }
    list
}

/// SQL that takes everything away and makes roles, memberships, owners, grants and policies by chance.
fn chance(rng: &mut Rng, version: u32) -> String {
    let mut out = String::new();
    let role = |rng: &mut Rng| format!("r{}", rng.below(8));
    for i in 0..8 {
        let words = [("noinherit", 4), ("bypassrls", 8), ("superuser", 16)];
        let words: Vec<&str> = words.iter().filter(|(_, odds)| rng.one_in(*odds)).map(|(word, _)| *word).collect();
        writeln!(out, "create role r{i} {};", words.join(" ")).expect("a text");
    }
    let mut predefined = vec!["pg_read_all_data", "pg_write_all_data"];
    if version >= 17 {
        predefined.push("pg_maintain");
    }
    for _ in 0..10 {
        // Only downwards, so that there is no circle.
        let (a, b) = (rng.below(8), rng.below(8));
        let group = if rng.one_in(5) { (*rng.pick(&predefined)).to_owned() } else { format!("r{}", a.min(b)) };
        let options = if version >= 16 {
            format!(" with inherit {}, set {}", !rng.one_in(3), !rng.one_in(3))
        } else {
            String::new()
        };
        if a != b {
            writeln!(out, "grant {group} to r{}{options};", a.max(b)).expect("a text");
        }
    }
    out += "create schema s; create schema t;
            create table s.a (id int, note text); create table t.b (id int); create view s.v as select 1 as one;
            create sequence s.q; create function s.f() returns int language sql as 'select 1';
            create type s.e as enum ('x');\n";
    for (kind, _, noun, _) in THINGS {
        if rng.one_in(2) {
            let noun = if kind == "view" { "view s.v" } else { noun };
            writeln!(out, "alter {noun} owner to {};", role(rng)).expect("a text");
        }
        let list = privileges(kind, version);
        if rng.one_in(3) {
            writeln!(out, "revoke all on {noun} from public;").expect("a text");
        }
        for _ in 0..rng.below(5) {
            let to = if rng.one_in(8) { "public".to_owned() } else { role(rng) };
            let option = if to != "public" && rng.one_in(4) { " with grant option" } else { "" };
            writeln!(out, "grant {} on {noun} to {to}{option};", rng.pick(&list)).expect("a text");
        }
        if rng.one_in(4) {
            writeln!(out, "revoke {} on {noun} from {} cascade;", rng.pick(&list), role(rng)).expect("a text");
        }
    }
    for (table, column) in COLUMNS {
        for _ in 0..rng.below(3) {
            let privilege = rng.pick(&["select", "insert", "update", "references"]);
            writeln!(out, "grant {privilege} ({column}) on table {table} to {};", role(rng)).expect("a text");
        }
    }
    if rng.one_in(2) {
        let force = if rng.one_in(2) { "force" } else { "no force" };
        writeln!(out, "alter table s.a enable row level security, {force} row level security;").expect("a text");
        for i in 0..rng.below(4) {
            let sense = if rng.one_in(3) { "restrictive" } else { "permissive" };
            let command = rng.pick(&["all", "select", "insert", "update", "delete"]);
            let condition = if *command == "insert" { "with check (true)" } else { "using (true)" };
            let to = if rng.one_in(3) { "public".to_owned() } else { role(rng) };
            writeln!(out, "create policy p{i} on s.a as {sense} for {command} to {to} {condition};").expect("a text");
        }
    }
    out
}

fn undo() -> String {
    let mut out = "drop schema s cascade; drop schema t cascade; alter database postgres owner to postgres;
                   revoke all on database postgres from public; grant connect, temporary on database postgres to public;\n"
        .to_owned();
    for i in 0..8 {
        writeln!(out, "drop owned by r{i}; drop role r{i};").expect("a text");
    }
    out
}

async fn read(server: &Server) -> Access {
    let target = session::Target::parse(&server.url("postgres")).expect("a URL");
    let session = session::connect(&target, &[]).await.expect("connected");
    let known = catalog::server(&session.client).await.expect("asked");
    let state = catalog::read(&session.client, known.version, register()).await.expect("read");
    Access::of(&state, known.version, register())
}

fn find(access: &Access, kind: &str, path: &str) -> Address {
    let is_it = |at: &&Address| at.kind().0 == kind && at.path().join(".") == path;
    access.things().find(is_it).unwrap_or_else(|| panic!("{kind} {path}")).clone()
}

/// One question to both: what it is about, PostgreSQL's expression, and our answer.
fn questions(access: &Access, reach: &Reach, version: u32) -> Vec<(String, String, bool)> {
    let role = &reach.role;
    let mut out = Vec::new();
    let has = |rights: &Rights, p: &str| rights.list.iter().any(|right| right.privilege == p);
    let grantable = |rights: &Rights, p: &str| rights.list.iter().any(|r| r.privilege == p && r.grantable);
    for (kind, path, _, ask) in THINGS {
        let rights = access.rights(reach, &find(access, kind, path));
        for p in privileges(kind, version) {
            let ask = |p: &str| ask.replace("{role}", role).replace("{p}", p);
            out.push((format!("{role} {p} {kind} {path}"), ask(p), has(&rights, p)));
            // An owner may pass on even what it does not have.
            let option = format!("{p} with grant option");
            let both = format!("{} and {}", ask(p), ask(&option));
            out.push((format!("{role} {option} {kind} {path}"), both, grantable(&rights, p)));
        }
        let usage = |schema: &str| format!("not has_schema_privilege('{role}', '{schema}', 'usage')");
        if let Some((schema, _)) = path.split_once('.').filter(|_| !rights.list.is_empty()) {
            out.push((format!("{role} looks into {schema} for {path}"), usage(schema), rights.barrier.is_some()));
        }
    }
    for (table, column) in COLUMNS {
        let rights = access.rights(reach, &find(access, "column", &format!("{table}.{column}")));
        for p in ["select", "insert", "update", "references"] {
            let ask = format!("has_column_privilege('{role}', '{table}', '{column}', '{p}')");
            out.push((format!("{role} {p} {table}.{column}"), ask, has(&rights, p)));
        }
    }
    for group in access.roles().chain(["pg_read_all_data", "pg_write_all_data", "pg_database_owner"]) {
        let ask = |word: &str| format!("pg_has_role('{role}', '{group}', '{word}')");
        let (usage, set) = (reach.has.contains_key(group), reach.becomes.contains_key(group));
        out.push((format!("{role} has {group}"), ask("usage"), usage || reach.superuser));
        let word = if version >= 16 { "set" } else { "member" };
        out.push((format!("{role} becomes {group}"), ask(word), set || reach.superuser));
    }
    out
}

/// Which rows a role sees, seen by its own query: with a policy of `using (true)`, all or none.
fn rows(server: &Server, access: &Access, reach: &Reach) {
    let at = find(access, "table", "s.a");
    let rights = access.rights(reach, &at);
    let may = |p: &str| rights.list.iter().any(|right| right.privilege == p);
    if !may("select") || rights.barrier.is_some() {
        return;
    }
    let expected = rights.rows.as_ref().is_none_or(|rows| !rows["select"].is_empty());
    let seen = psql(server, "postgres", &format!("set role {}; select count(*) from s.a", reach.role));
    assert_eq!(seen == "1", expected, "{}: {seen} rows, {rights:#?}", reach.role);
    let bound = psql(server, "postgres", &format!("set role {}; select row_security_active('s.a')", reach.role));
    assert_eq!(bound == "t", rights.rows.is_some(), "{}: {bound}, {rights:#?}", reach.role);
}

#[tokio::test]
async fn every_answer_is_that_of_the_server() {
    let cluster = own_cluster();
    let server = cluster.server();
    let version = server.version().major;
    let (mut asked, mut yes) = (0, BTreeSet::new());
    for seed in SEEDS {
        let sql = chance(&mut Rng::new(seed), version);
        psql(server, "postgres", &format!("{sql} insert into s.a values (1, 'x');"));
        let access = read(server).await;
        for role in access.roles() {
            let reach = access.reach(role);
            let list = questions(&access, &reach, version);
            let asks: Vec<&str> = list.iter().map(|(_, ask, _)| ask.as_str()).collect();
            let answers = psql(server, "postgres", &format!("select unnest(array[{}])", asks.join(", ")));
            for ((what, _, ours), theirs) in list.iter().zip(answers.lines()) {
                assert_eq!(*ours, theirs == "t", "seed {seed}: {what}\n{sql}");
            }
            asked += list.len();
            rows(server, &access, &reach);
            let things = access.things().filter(|at| !at.path().is_empty());
            let causes = things.flat_map(|at| access.rights(&reach, at).list).flat_map(|right| right.ways);
            yes.extend(causes.map(|way| way.cause));
        }
        psql(server, "postgres", &undo());
    }
    assert!(asked > 5_000, "{asked} questions were asked");
    let every = [Cause::Superuser, Cause::Owner, Cause::Grant, Cause::Predefined, Cause::Everybody];
    assert_eq!(yes.into_iter().collect::<Vec<_>>(), every, "chance saw every cause");
}

const SCHEMA: &str = "schemas:
  shop:
    owner: keeper
    grants: { reader: usage, app: usage }
    tables:
      users: { columns: { id: bigint, email: text } }
      orders: { columns: { id: bigint, user_id: bigint } }
    functions:
      total(): { returns: bigint, language: sql, body: select 1 }
";

const ROLES: &str = "roles:
  keeper: {}
  reader: { grants: { tables: { \"shop.*\": select } } }
  writer: { grants: { tables: { shop.users: [insert, update: [email]] } } }
  app: { member_of: [reader] }
";

/// The lines of a plan that tell of access.
fn told(project: &Project) -> Vec<String> {
    let plan = project.run(&["plan"], 0).stdout;
    let part = plan.split_once("Access, as it changes:\n\n").map_or("", |(_, rest)| rest);
    part.lines().take_while(|line| !line.is_empty()).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_plan_tells_who_may_do_more_or_less() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    let project = Project::new(&database, &[("schema.yaml", SCHEMA), ("roles.yaml", ROLES)]);
    assert_eq!(
        told(&project),
        [
            "+ `app` gains select on tables `shop.orders`, `shop.users`, by way of `reader`",
            "+ `app`, `reader` gain usage on schema `shop`",
            "+ `reader` gains select on tables `shop.orders`, `shop.users`",
        ],
        "the owner's own goes without saying, and so does what is out of reach"
    );
    project.apply();
    let with = |schema: &str, roles: &str| {
        project.write("schema.yaml", schema);
        project.write("roles.yaml", roles);
        told(&project)
    };
    assert_eq!(
        with(&SCHEMA.replace("email: text", "email: text, note: text"), ROLES),
        [""; 0],
        "a column changes nothing"
    );

    let narrower = ROLES.replace("\"shop.*\"", "shop.users");
    let lost = [
        "- `app` loses select on table `shop.orders`, by way of `reader`",
        "- `reader` loses select on table `shop.orders`",
    ];
    assert_eq!(with(SCHEMA, &narrower), lost);
    let alone = ROLES.replace("member_of: [reader]", "member_of: []");
    let lost = ["- `app` loses select on tables `shop.orders`, `shop.users`, by way of `reader`"];
    assert_eq!(with(SCHEMA, &alone), lost);

    let usage = SCHEMA.replace("reader: usage, app: usage", "reader: usage, writer: usage");
    assert_eq!(
        with(&usage, ROLES),
        [
            "+ `writer` gains execute on function `shop.total()`, as everybody: it gets `usage` on schema `shop`",
            "+ `writer` gains insert on table `shop.users`: it gets `usage` on schema `shop`",
            "+ `writer` gains update on column `shop.users.email`: it gets `usage` on schema `shop`",
            "+ `writer` gains usage on schema `shop`",
        ],
        "`app` still has it by way of `reader`"
    );
    let everybody = format!("{SCHEMA}        grants: {{ public: none }}\n")
        .replace("body: select 1 }\n        ", "body: select 1, ");
    let everybody = everybody.replace("{ public: none }", "{ public: none } }");
    assert_eq!(
        with(&everybody, ROLES),
        ["- `app`, `reader` lose execute on function `shop.total()`, as everybody"],
        "everybody else had no way to it"
    );
    let forced = ROLES.replace("keeper: {}", "keeper: { superuser: true }");
    assert_eq!(with(SCHEMA, &forced), ["+ `keeper` becomes superuser: any access"]);

    let policy = "{ rls: enabled, policies: { tenant: { to: [reader], for: select, using: \"true\" } }, columns: { id: bigint, user_id";
    let bound = SCHEMA.replace("orders: { columns: { id: bigint, user_id", &format!("orders: {policy}"));
    assert_eq!(
        with(&bound, ROLES),
        ["~ `app`, `reader` see rows of table `shop.orders` as policies let through: select `tenant`"]
    );
}

/// Policies bind who may do something with a column alone, too.
#[test]
fn rows_are_told_of_privileges_on_columns() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    let schema = "schemas:\n  shop:\n    grants: { app: usage }\n    tables:\n      orders:\n        columns:\n          \
                  id: { type: int, grants: { app: [select, update] } }\n          \
                  note: { type: text, grants: { app: update } }\n        rls: enabled\n        \
                  grants: { app: insert }\n        policies: { mine: { to: [app], using: id = 1 } }\n";
    let roles = [("roles.yaml", "roles: { app: {} }\n"), ("schema.yaml", schema)];
    let project = Project::new(&database, &roles);
    project.apply();
    let of = project.run(&["access", "shop.orders"], 0).stdout;
    for (column, rows) in [("id", "select `mine`; update `mine`"), ("note", "update `mine`")] {
        let told = format!("column `shop.orders.{column}`\n    `app`  ");
        let rest = of.split(&told).nth(1).unwrap_or_else(|| panic!("{of}"));
        let line = rest.lines().nth(1).expect("a line").trim();
        assert_eq!(line, format!("rows as policies let through: {rows}"), "{of}");
    }
    let with = |text: &str| {
        project.write("schema.yaml", text);
        told(&project)
    };
    assert_eq!(
        with(&schema.replace("to: [app]", "to: [app], for: select")),
        ["~ `app` sees rows of table `shop.orders` as policies let through: insert none; select `mine`; update none"],
        "in one line, however many columns"
    );
    assert_eq!(
        with(&schema.replace("rls: enabled", "rls: disabled")),
        ["+ `app` sees every row of table `shop.orders`"]
    );
}

#[test]
fn other_formats_tell_it_too() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    let project = Project::new(&database, &[("schema.yaml", SCHEMA), ("roles.yaml", ROLES)]);
    project.apply();
    project.write("roles.yaml", &ROLES.replace("\"shop.*\"", "shop.users"));
    let markdown = project.run(&["plan", "--format", "markdown"], 0).stdout;
    let part = "<details><summary>Access, as it changes</summary>\n\n```diff\n- `app` loses select on table `shop.orders`, \
                by way of `reader`\n- `reader` loses select on table `shop.orders`\n```\n";
    assert!(markdown.contains(part), "{markdown}");
    let text = project.run(&["plan", "--format", "json"], 0).stdout;
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let on = serde_json::json!([{ "kind": "table", "name": "shop.orders" }]);
    let lost = |roles: &[&str], path: &[&str]| {
        serde_json::json!({
            "roles": roles, "what": "privileges", "gained": false, "privileges": ["select"], "on": on, "cause": "grant",
            "path": path, "usage_of": null,
        })
    };
    assert_eq!(json["access"], serde_json::json!([lost(&["app"], &["reader"]), lost(&["reader"], &[])]));
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plan.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).expect("the schema")).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &json), "{text}");
}

#[test]
fn a_command_shows_the_present() {
    let cluster = own_cluster();
    let database = Database::create_in(cluster.server());
    let project = Project::new(&database, &[("schema.yaml", SCHEMA), ("roles.yaml", ROLES)]);
    project.apply();
    // Before PostgreSQL 15 everybody may make things in `public`.
    let shown = |name: &str| {
        project.run(&["access", name], 0).stdout.replace("usage, create as everybody", "usage as everybody")
    };
    insta::assert_snapshot!(shown("app"), @r"
`app`
  has what is granted to: `reader`
  database                 connect, temporary as everybody
  schema `public`          usage as everybody
  schema `shop`            usage granted and by way of `reader`
  table `shop.orders`      select by way of `reader`
  function `shop.total()`  execute as everybody
  table `shop.users`       select by way of `reader`
");
    insta::assert_snapshot!(shown("writer"), @r"
`writer`
  database         connect, temporary as everybody
  schema `public`  usage as everybody
  out of reach, for lack of `usage` on their schemas:
  table `shop.users`         insert
  column `shop.users.email`  update
");
    // From PostgreSQL 17 on.
    let users = project.run(&["access", "shop.users"], 0).stdout.replace(", maintain", "");
    insta::assert_snapshot!(users, @r"
table `shop.users`, of `keeper`
  `app`     select by way of `reader`
  `keeper`  select, insert, update, delete, truncate, references, trigger as owner
  `reader`  select
  `writer`  insert
            but has no `usage` on schema `shop`
  column `shop.users.email`
    `writer`  update
              but has no `usage` on schema `shop`
  superusers may do everything: `postgres`
");
    insta::assert_snapshot!(project.run(&["access", "shop.total", "--declared"], 0).stdout, @r"
function `shop.total()`, of `keeper`
  everybody (PUBLIC)  execute as everybody
                      but has no `usage` on schema `shop`
  `app`               execute as everybody
  `keeper`            execute as owner and as everybody
  `reader`            execute as everybody
");
    let text = project.run(&["access", "reader", "--format", "json"], 0).stdout;
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&json["version"], &json["roles"][0]["name"]), (&serde_json::json!(1), &serde_json::json!("reader")));
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/access.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).expect("the schema")).expect("JSON");
    for name in ["reader", "app", "writer", "public", "postgres", "shop.users", "shop.orders", "shop.total"] {
        let text = project.run(&["access", name, "--format", "json"], 0).stdout;
        let json = serde_json::from_str(&text).expect("JSON");
        jsonschema::validate(&schema, &json).unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
    }
    let unknown = project.run(&["access", "raeder"], 1).stderr;
    assert!(unknown.contains("no object `raeder`") && unknown.contains("`reader`"), "{unknown}");
}

//! One input, one plan, byte for byte: whatever the order of files, the seeds of hash tables, or the order in which the
//! objects of the database were made.

use crate::support::database::Database;
use crate::support::project::Project;

const ROLES: &str = "roles: { postgres: { external: true } }\n";
const BASE: &str = r#"
schemas:
  base:
    enums: { state: [new, done], mood: [good, bad] }
    domains: { email: { type: text, checks: { has_at: "value like '%@%'", is_lower: "value = lower(value)" } } }
    composites: { point3: { attributes: { x: int, y: int, z: int } } }
    sequences: { one: {}, two: { increment: 2 } }
    functions:
      plus(int): { args: n int, returns: int, language: sql, volatility: immutable, body: select n + 1 }
      minus(int): { args: n int, returns: int, language: sql, volatility: immutable, body: select base.plus(n) - 2 }
      touch(): { returns: trigger, body: begin return new; end }
"#;
const SHOP: &str = r#"
schemas:
  shop:
    comment: Orders
    grants: { public: usage }
    tables:
      users:
        columns: { id: bigint identity, email: base.email not null, mood: base.mood default 'good', friend: bigint }
        primary_key: [id]
        unique: { users_email: [email] }
        foreign_keys: { users_friend: { columns: [friend], references: shop.users } }
        indexes: { users_mood: [mood], users_plus: ["base.plus(id::int)"], users_lower: ["lower(email)"] }
        triggers: { touched: { timing: before, events: [update], each: row, execute: base.touch() } }
        rls: enabled
        policies: { own: { using: "id = 1" }, others: { for: select, using: "id > 1" } }
        grants: { public: select }
      orders:
        columns:
          id: bigint default nextval('base.one')
          user_id: bigint not null
          state: base.state not null default 'new'
          place: base.point3
          twice: { type: int, generated: "base.plus(3)", stored: true }
        primary_key: [id]
        checks: { positive: id > 0, small: "base.minus(user_id::int) < 1000" }
        foreign_keys: { orders_user: { columns: [user_id], references: shop.users } }
      lines:
        columns: { order_id: bigint, no: int, note: { type: text, comment: Free } }
        primary_key: [order_id, no]
        foreign_keys: { lines_order: { columns: [order_id], references: shop.orders } }
"#;
const VIEWS: &str = r#"
schemas:
  shop:
    views:
      sad: select id, email from shop.users where mood = 'bad'
      sad_orders: select o.id, s.email from shop.orders o join shop.sad s on s.id = o.user_id
      all_lines: { query: "select * from shop.lines", comment: All }
    materialized_views: { counts: "select user_id, count(*) as n from shop.orders group by user_id" }
    functions:
      of_user(bigint): { args: u bigint, returns: setof shop.orders, language: sql, body: "select * from shop.orders where user_id = u" }
"#;

/// Every text of it, said in other words and another order.
fn changed(text: &str) -> String {
    text.replace("mood = 'bad'", "mood <> 'good'")
        .replace("type: int, generated", "type: bigint, generated")
        .replace("note: { type: text", "remark: { type: varchar(20)")
        .replace("z: int", "z: int, w: text")
        .replace("[new, done]", "[new, paid, done]")
        .replace("n + 1", "n + 2")
        .replace("friend: bigint", "friend: bigint, born: date")
        .replace("users_email: [email]", "users_email: [email, mood]")
}

fn plan(project: &Project) -> String {
    ["sql", "text", "json"].map(|format| project.run(&["plan", "--format", format], 0).stdout).join("\n")
}

#[test]
fn one_input_has_one_plan() {
    let database = Database::create();
    let files = [("roles.yaml", ROLES), ("base.yaml", BASE), ("shop.yaml", SHOP), ("views.yaml", VIEWS)];
    let names = |list: &[(&str, &str)]| list.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let settings = |order: &[String]| format!("ledger: off\nfiles: [{}]\n", order.join(", "));
    let order = names(&files);
    let project = Project::new(&database, &files);
    project.write("dbstate.yaml", &settings(&order));

    // From nothing, in processes of their own, and with the files in another order.
    let sql = |project: &Project| project.run(&["plan", "--format", "sql"], 0).stdout;
    let fresh = sql(&project);
    assert!(fresh.lines().count() > 50, "{fresh}");
    assert_eq!(fresh, sql(&project), "another process has other hash seeds");
    let mut reversed = order.clone();
    reversed.reverse();
    project.write("dbstate.yaml", &settings(&reversed));
    assert_eq!(fresh, sql(&project), "the order of files says nothing");
    project.apply();

    // From what is there to something else.
    for (name, text) in files {
        project.write(name, &changed(text));
    }
    let change = plan(&project);
    assert!(change.contains("alter table"), "{change}");
    for _ in 0..3 {
        assert_eq!(change, plan(&project), "another process has other hash seeds");
    }
    project.write("dbstate.yaml", &settings(&order));
    assert_eq!(change.lines().count(), plan(&project).lines().count());

    // The same database, made in another order.
    let other = Database::create();
    let again = Project::new(&other, &[("dbstate.yaml", "ledger: off\nfiles: [all.yaml]\n")]);
    again.write("all.yaml", "schemas: { shop: {}, base: {} }\n");
    again.apply();
    other.psql(&shuffled(&fresh));
    for (name, text) in files {
        again.write(name, text);
    }
    again.write("dbstate.yaml", &settings(&order));
    again.settled();
    for (name, text) in files {
        again.write(name, &changed(text));
    }
    assert_eq!(sql(&project), sql(&again), "the order in which objects were made says nothing");
}

/// A plan's statements, those of a sort that need nothing of each other turned round.
fn shuffled(sql: &str) -> String {
    let mut statements: Vec<&str> = sql.split_inclusive(";\n").collect();
    for sort in ["create index", "create policy", "comment on", "create sequence", "create type", "grant"] {
        let places: Vec<usize> =
            (0..statements.len()).filter(|i| statements[*i].trim_start().starts_with(sort)).collect();
        for i in 0..places.len() / 2 {
            statements.swap(places[i], places[places.len() - 1 - i]);
        }
    }
    statements.concat().replace("create schema base;", "").replace("create schema shop;", "")
}

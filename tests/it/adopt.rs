//! A second `pull`: what changed in the database is written into the project, and nothing else is touched.

use std::fs;

use dbstate::local::Server;

use crate::support::binary::{Output, dbstate};
use crate::support::cluster::own_cluster;
use crate::support::database::Database;

const SQL: &str = "
create schema shop; create schema other;
create type shop.status as enum ('new', 'paid');
create table shop.users (id bigint generated always as identity primary key, email text not null, age int, born date);
create table shop.orders (
    id bigint primary key, user_id bigint not null references shop.users, status shop.status default 'new',
    total numeric(12,2) not null default 0 check (total >= 0)
);
create index orders_user on shop.orders (user_id); create index orders_total on shop.orders (total desc);
create view shop.open as
    select o.id, o.total from shop.orders as o join shop.users as u on u.id = o.user_id where o.status = 'new';
create function shop.twice(n int) returns int language sql as 'select n * 2';
create table other.t (a int); comment on table other.t is 'a table';
grant select on shop.orders to public;
";

/// A directory, and the database that is pulled into it: of a cluster of its own, whose roles are pulled too.
struct Story<'a> {
    dir: tempfile::TempDir,
    database: Database<'a>,
}

impl<'a> Story<'a> {
    fn new(server: &'a Server, sql: &str) -> Self {
        let database = Database::create_in(server);
        database.psql(sql);
        Self { dir: tempfile::tempdir().expect("a directory"), database }
    }

    #[track_caller]
    fn pull(&self, args: &[&str]) -> Output {
        let url = self.database.url();
        let out = self.dir.path().to_str().expect("text");
        let args: Vec<&str> = ["pull", "-d", &url, "-o", out].iter().chain(args).copied().collect();
        let output = dbstate(args, self.dir.path());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output
    }

    #[track_caller]
    fn settled(&self) {
        let output = dbstate(["plan", "--exit-code", "-d", &self.database.url()], self.dir.path());
        assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).expect("a file")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).expect("written");
    }

    /// Changes a file by hand.
    #[track_caller]
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{from}\nin {text}");
        self.write(name, &text.replacen(from, to, 1));
    }
}

/// Lines that are only in `new`, each with `+`, and only in `old`, each with `-`.
fn changed(old: &str, new: &str) -> String {
    let diff = similar::TextDiff::from_lines(old, new);
    let lines = diff.iter_all_changes().filter(|c| c.tag() != similar::ChangeTag::Equal);
    lines.map(|c| format!("{}{}", c.tag(), c.value())).collect()
}

#[test]
fn only_what_changed_is_written() {
    let cluster = own_cluster();
    let story = Story::new(cluster.server(), SQL);
    story.pull(&[]);
    story.settled();
    let at_first = story.pull(&[]);
    assert!(at_first.stderr.contains("nothing was written"), "{}", at_first.stderr);
    for (from, to) in [
        ("schemas:\n", "# The shop's schema.\n\nschemas:   # all of it\n"),
        ("    tables:\n", "\n    # --- tables ---\n    tables:\n"),
        ("          total: ", "          # in euros\n          total:    "),
        ("      users:\n", "\n      # people\n      users:\n"),
        ("          email: text not null\n", "          email:   \"text not null\"   # lower case\n"),
        ("        indexes:\n", "        indexes: # two of them\n"),
        (
            "          orders_user: [user_id]\n",
            "          # for the list of a user\n          orders_user: [user_id]\n",
        ),
        ("      open: |", "      open: | # what is open"),
    ] {
        story.edit("shop.yaml", from, to);
    }
    story.settled();
    let (shop, other) = (story.read("shop.yaml"), story.read("other.yaml"));
    story.database.psql(
        "alter table shop.users add column name text default 'x'; alter table shop.users alter email drop not null;
         drop index shop.orders_user; create index orders_status on shop.orders (status);
         create or replace function shop.twice(n int) returns int language sql as 'select n + n';
         create table shop.items (id int primary key, order_id bigint references shop.orders);
         comment on column shop.users.age is 'in years';
         alter type shop.status add value 'shipped';
         create or replace view shop.open as select o.id, o.total, o.status
             from shop.orders as o join shop.users as u on u.id = o.user_id where o.status = 'new';
         grant insert on shop.orders to public; alter table shop.orders drop constraint orders_total_check;",
    );
    let output = story.pull(&[]);
    assert!(output.stderr.contains("shop.yaml") && !output.stderr.contains("other.yaml"), "{}", output.stderr);
    story.settled();
    assert_eq!(story.read("other.yaml"), other);
    insta::assert_snapshot!(changed(&shop, &story.read("shop.yaml")), @r#"
    -      status: [new, paid]
    +      status: [new, paid, shipped]
    +      items:
    +        columns: { id: integer not null, order_id: bigint }
    +        primary_key: [id]
    +        foreign_keys:
    +          items_order_id_fkey:
    +            columns: [order_id]
    +            references: shop.orders(id)
    -        checks: { orders_total_check: "(total >= (0)::numeric)" }
    +          orders_status: [status]
    -          # for the list of a user
    -          orders_user: [user_id]
    -        grants: { public: select }
    +        grants:
    +          public: [insert, select]
    -          email:   "text not null"   # lower case
    -          age: integer
    +          email: text # lower case
    +          age: { type: integer, comment: in years }
    +          name: text default 'x'::text
    -        body: select n * 2
    +        body: select n + n
    -      open: | # what is open-
    +      open: |- # what is open-
    -            o.total
    +            o.total,
    +            o.status
    "#);
}

#[test]
fn a_project_written_by_hand_is_edited_where_it_says_so() {
    let cluster = own_cluster();
    let story = Story::new(
        cluster.server(),
        "create schema shop; create table shop.a (id int, n int); create role adopt_app; create role adopt_other;
        create function shop.f() returns int language sql as 'select 1';
        create table shop.b (id int); grant select on all tables in schema shop to adopt_app;",
    );
    story.write(
        "schema.yaml",
        "schemas:
    shop: {   # in brackets
        tables: { a: { columns: { id: int, n: int } },  # one
                  b: { columns: { id: int } } } ,
        functions: { f(): { returns: int, language: sql, file: f.sql } } }
",
    );
    story.write("f.sql", "select 1");
    story.write(
        "roles.yaml",
        "roles:
  adopt_app:
    grants:
      tables:
        \"shop.*\": select   # everything
  adopt_other: {}
",
    );
    story.settled();
    story.database.psql("grant insert on shop.a to adopt_app; grant select on shop.b to adopt_other");
    story.pull(&[]);
    story.settled();
    story.database.psql(
        "create or replace function shop.f() returns int language sql as 'select 2'; alter table shop.b add m text; revoke select on shop.b from adopt_app");
    story.pull(&[]);
    story.settled();
    assert_eq!(story.read("f.sql"), "select 2");
    insta::assert_snapshot!(story.read("schema.yaml") + &story.read("roles.yaml"), @r#"
    schemas:
        shop: # in brackets
          tables:
            a: # one
              columns: { id: int, "n": int }
              grants:
                adopt_app: [insert, select]
            b:
              columns: { id: int, m: text }
              grants: { adopt_other: select }
          functions:
            f(): { returns: int, language: sql, file: f.sql }
    roles:
      adopt_app: {}
      adopt_other: {}
    "#);
}

#[test]
fn a_schema_that_is_new_is_adopted_when_it_is_named() {
    let cluster = own_cluster();
    let story = Story::new(cluster.server(), "create schema shop; create table shop.a (id int)");
    story.pull(&[]);
    story.database.psql("create schema late; create table late.t (id int)");
    assert!(story.pull(&[]).stderr.contains("nothing was written"));
    story.pull(&["--schema", "late"]);
    story.settled();
    assert_eq!(
        story.read("late.yaml"),
        "schemas:\n  late:\n    owner: postgres\n    tables:\n      t:\n        columns: { id: integer }\n"
    );
    assert!(story.read("dbstate.yaml").contains("late.yaml]"), "{}", story.read("dbstate.yaml"));
    story.database.psql("drop schema late cascade");
    story.pull(&[]);
    story.settled();
    assert_eq!(story.read("late.yaml"), "{}\n");
}

#[test]
fn bodies_in_files_say_the_same() {
    let cluster = own_cluster();
    let story = Story::new(
        cluster.server(),
        "create schema shop; create table shop.t (id int);
         create function shop.f(n int) returns int language plpgsql as $$\n  begin\n    return n; -- it\n  end\n$$;
         create function shop.f(n text) returns text language sql as 'select n';
         create procedure shop.p() language sql as 'select 1';
         create view shop.v as select id from shop.t;
         create materialized view shop.m as select id from shop.t;",
    );
    story.pull(&["--bodies", "files"]);
    story.settled();
    assert_eq!(story.read("shop/functions/f.sql"), "\n  begin\n    return n; -- it\n  end\n");
    assert_eq!(story.read("shop/functions/f_text.sql"), "select n");
    for name in ["procedures/p.sql", "views/v.sql", "materialized_views/m.sql"] {
        assert!(!story.read(&format!("shop/{name}")).is_empty(), "{name}");
    }
    story.database.psql("create or replace function shop.f(n text) returns text language sql as 'select n || n'");
    let yaml = story.read("shop.yaml");
    story.pull(&[]);
    assert_eq!((story.read("shop/functions/f_text.sql").as_str(), story.read("shop.yaml")), ("select n || n", yaml));
    story.settled();
}

#[test]
fn schemas_that_nobody_declared_are_named() {
    let cluster = own_cluster();
    let story = Story::new(cluster.server(), SQL);
    story.pull(&[]);
    story.database.psql("create schema third; create table third.t (a int)");
    let output = story.pull(&[]);
    let note = "the project does not declare schema `third`: `--schema NAME` takes one in";
    assert!(output.stderr.contains(note), "{}", output.stderr);
    story.settled();
}

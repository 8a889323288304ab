//! Applies to tables that hold rows, while clients are at work: locks that are not to be had, applies that break off.

use std::time::Duration;

use crate::cases::ROWS;
use crate::support::binary::dbstate;
use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;

const BEFORE: &str = "schemas:
  shop:
    tables:
      a:
        columns: { id: int not null, no: int, note: text }
";

const AFTER: &str = "schemas:
  shop:
    tables:
      a:
        columns: { id: int not null, no: int not null, note: text }
        primary_key: [id]
        unique: { a_no: [no] }
        checks: { a_id: id > 0 }
        indexes: { a_note: [note] }
";

fn filled() -> (Database<'static>, Project) {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", BEFORE)]);
    project.apply();
    database.psql("insert into shop.a select i, i, 'n' || i from generate_series(1, 100) i");
    (database, project)
}

#[test]
fn a_lock_that_is_not_to_be_had_is_tried_for_again() {
    let (database, project) = filled();
    project.write("schema.yaml", AFTER);
    std::thread::scope(|threads| {
        // A client that keeps the table to itself for longer than one try waits.
        threads.spawn(|| database.psql("begin; lock table shop.a; select pg_sleep(4); commit"));
        std::thread::sleep(Duration::from_millis(500));
        let output = project.run(&["apply", "--yes", "--lock-timeout", "200ms"], 0);
        assert!(output.stderr.contains("a lock is not to be had; try 1 in"), "{}", output.stderr);
    });
    project.run(&["plan", "--exit-code"], 0);
    assert_eq!(database.psql("select count(*) from shop.a"), "100");
}

#[test]
fn a_role_that_is_changed_from_another_database_at_once_is_tried_for_again() {
    let cluster = own_cluster();
    let [database, other] = [Database::create_in(cluster.server()), Database::create_in(cluster.server())];
    let roles = |limit: u32| format!("roles: {{ app: {{ connection_limit: {limit} }} }}\nschemas: {{ shop: {{}} }}\n");
    let project = Project::new(&database, &[("schema.yaml", &roles(1))]);
    project.apply();
    project.write("schema.yaml", &roles(2));
    std::thread::scope(|threads| {
        // Who changed it first commits once the apply waits for the row.
        threads.spawn(|| {
            other.psql(
                "begin; alter role app connection limit 3;
                 do $$ begin for i in 1..600 loop
                     perform pg_stat_clear_snapshot();
                     exit when exists (select from pg_stat_activity where wait_event_type = 'Lock');
                     perform pg_sleep(0.05);
                 end loop; end $$;
                 commit",
            )
        });
        let holds =
            "select count(*) from pg_locks where relation = 'pg_authid'::regclass and mode = 'RowExclusiveLock'";
        while database.psql(holds) == "0" {
            std::thread::sleep(Duration::from_millis(50));
        }
        let output = project.run(&["apply", "--yes", "--lock-timeout", "60s"], 0);
        assert!(output.stderr.contains("try 1 in"), "{}", output.stderr);
    });
    assert_eq!(database.psql("select rolconnlimit from pg_roles where rolname = 'app'"), "2");
}

#[test]
fn a_lock_that_never_comes_is_an_error_that_says_what_stays() {
    let (database, project) = filled();
    project.write("schema.yaml", &BEFORE.replace("note: text", "note: text, more: int"));
    let before = database.pg_dump();
    let sleepers = "from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
    std::thread::scope(|threads| {
        // It holds the lock until it is cancelled.
        threads.spawn(|| {
            database.psql(
                "do $$ begin
                     lock table shop.a;
                     perform pg_sleep(600);
                 exception when query_canceled then
                     null;
                 end $$",
            )
        });
        while database.psql(&format!("select count(*) {sleepers}")) == "0" {
            std::thread::sleep(Duration::from_millis(50));
        }
        let apply = ["apply", "--yes", "--lock-timeout", "10ms", "-d", &database.url()];
        let output = dbstate(apply, project.path());
        database.psql(&format!("select pg_cancel_backend(pid) {sleepers}"));
        assert_eq!(output.code, Some(1), "{}", output.stdout);
        assert!(
            output.stderr.contains("\nlock\n") && output.stderr.contains("nothing was changed"),
            "{}",
            output.stderr
        );
    });
    assert_eq!(database.pg_dump(), before);
}

#[test]
fn rows_that_do_not_fit_are_found_before_anything_changes() {
    let (database, project) = filled();
    database.psql(
        "create table shop.b (id int primary key, a int); insert into shop.a values (0, 1, 'twice'), (102, null, 'none');
        insert into shop.b values (1, 7), (2, 777)",
    );
    let other = "      b: { columns: { id: int, a: int }, primary_key: [id], foreign_keys: { b_a: { columns: [a], references: a(id) } } }\n";
    project.write("schema.yaml", &format!("{AFTER}{other}"));
    let before = database.pg_dump();
    let output = project.run(&["apply", "--yes"], 3);
    for name in ["unique `shop.a.a_no`", "check `shop.a.a_id`", "column `shop.a.no`", "foreign key `shop.b.b_a`"] {
        assert!(output.stderr.contains(&format!("rows that are there do not fit {name}")), "{name}: {}", output.stderr);
    }
    assert_eq!(output.stderr.matches("nothing was changed").count(), 4, "{}", output.stderr);
    assert_eq!(database.pg_dump(), before);
    database.psql("delete from shop.a where id in (0, 102); update shop.b set a = null where a = 777");
    project.run(&["apply", "--yes"], 0);
    project.run(&["plan", "--exit-code"], 0);
}

#[test]
fn rows_that_only_a_statement_finds_leave_a_state_from_which_the_next_apply_goes_on() {
    let (database, project) = filled();
    let after =
        AFTER.replace("note: text }", "note: text, more: int default 1 }").replace("a_no: [no]", "a_more: [more]");
    project.write("schema.yaml", &after);
    let output = project.run(&["apply", "--yes"], 1);
    assert!(output.stderr.contains("a_more") && output.stderr.contains("the next apply goes on"), "{}", output.stderr);
    // The index that could not be built is there and not valid.
    assert_eq!(database.psql("select count(*) from pg_index where not indisvalid"), "1");
    database.psql("update shop.a set more = id");
    project.run(&["apply", "--yes", "--allow", "block"], 0);
    project.run(&["plan", "--exit-code"], 0);
    assert_eq!(database.psql("select count(*) from pg_index where not indisvalid"), "0");
    let straight = Database::create();
    Project::new(&straight, &[("schema.yaml", &after)]).apply();
    assert_eq!(database.pg_dump(), straight.pg_dump());
}

/// Sees that each prefix of the apply that leads from one project to another is a state from which the next apply ends
/// as one that goes straight there; returns the plan.
fn every_prefix(before: &str, rows: &str, after: &str) -> String {
    let filled = Database::create();
    let project = Project::new(&filled, &[("schema.yaml", before)]);
    project.apply();
    filled.psql(rows);
    let rows_of_all = format!("select sum(n::int) from ({ROWS}) of_each(name, n)");
    let count = filled.psql(&rows_of_all);
    let copies = |what: &str| {
        let copy = filled.copy();
        copy.psql(&format!("{what}rollback;")); // psql sends its input statement by statement
        copy
    };
    project.write("schema.yaml", after);
    let script = project.run(&["plan", "--format", "sql"], 0).stdout;
    let straight = Database::create();
    Project::new(&straight, &[("schema.yaml", after)]).apply();
    let want = straight.pg_dump();
    let statements: Vec<&str> = script.split_inclusive(";\n").collect();
    for end in 1..=statements.len() {
        let ran: String = statements[..end].concat();
        let database = copies(&ran);
        let project = Project::new(&database, &[("schema.yaml", after)]);
        project.run(&["apply", "--yes", "--allow", "block,breaking"], 0);
        project.settled();
        assert_eq!(database.pg_dump(), want, "after {ran}");
        assert_eq!(database.psql(&rows_of_all), count, "after {ran}");
        assert_eq!(database.psql("select count(*) from pg_index where not indisvalid"), "0", "after {ran}");
    }
    script
}

const FILLED: &str = "insert into shop.a select i, i, 'n' || i from generate_series(1, 100) i;";

#[test]
fn every_prefix_of_an_apply_is_a_state_from_which_the_next_goes_on() {
    every_prefix(BEFORE, FILLED, AFTER);
}

/// A table in partitions, one of them in partitions again; `own` is what stands beside the first partition's bounds.
fn parted(beside: &str, own: &str) -> String {
    format!(
        "schemas:
  shop:
    tables:
      a:
        columns: {{ id: int not null, no: int, note: text }}
        partition_by: range (id){beside}
      a_1: {{ partition_of: shop.a, for: values from (0) to (50){own} }}
      a_2: {{ partition_of: shop.a, for: values from (50) to (100), partition_by: list (no) }}
      a_2_few: {{ partition_of: shop.a_2, for: values in (60) }}
      a_2_rest: {{ partition_of: shop.a_2, for: default }}
      a_3: {{ partition_of: shop.a, for: values from (100) to (200) }}
"
    )
}

#[test]
fn an_index_of_a_partitioned_table_is_built_partition_by_partition() {
    let index = "\n        indexes: { a_no: { columns: [no, note desc], where: id > 0 } }";
    let plan = every_prefix(&parted("", ""), FILLED, &parted(index, ""));
    for told in [
        "create index a_no on only shop.a (",
        "create index concurrently a_1_no_note_idx on shop.a_1 (",
        "create index a_2_no_note_idx on only shop.a_2 (",
        "create index concurrently a_2_few_no_note_idx on shop.a_2_few (",
        "alter index shop.a_2_no_note_idx attach partition shop.a_2_rest_no_note_idx",
        "alter index shop.a_no attach partition shop.a_2_no_note_idx",
    ] {
        assert!(plan.contains(told), "{told}:\n{plan}");
    }
}

#[test]
fn a_part_that_a_partition_declares_or_has_is_attached() {
    let rows = format!("{FILLED} create index by_hand on shop.a_3 (no);");
    let index = "\n        indexes: { a_no: [no] }";
    let own = ", indexes: { mine: [no] }";
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", &parted("", ""))]);
    project.apply();
    database.psql(&rows);
    project.write("schema.yaml", &parted(index, own));
    let plan = project.run(&["plan", "--format", "sql"], 0).stdout;
    for told in [
        "create index concurrently mine on shop.a_1 ",
        "attach partition shop.mine",
        "attach partition shop.by_hand",
        "alter index shop.by_hand rename to a_3_no_idx", // as in a database built from the YAML
    ] {
        assert!(plan.contains(told), "{told}:\n{plan}");
    }
    assert!(!plan.contains("concurrently a_3_no_idx") && !plan.contains("a_1_no_idx"), "{plan}");
    project.run(&["apply", "--yes"], 0);
    project.settled();
    assert_eq!(database.psql("select count(*) from pg_index where not indisvalid"), "0");
}

/// The same with a partition that stands by itself.
fn detached() -> String {
    parted("", "").replace(
        "a_3: { partition_of: shop.a, for: values from (100) to (200) }",
        "a_3: { columns: { id: int not null, no: int, note: text } }",
    )
}

#[test]
fn a_partition_leaves_while_clients_go_on() {
    let plan = every_prefix(&parted("", ""), FILLED, &detached());
    assert!(plan.contains("alter table shop.a detach partition shop.a_3 concurrently;"), "{plan}");
}

#[test]
fn a_partition_that_is_half_detached_is_seen() {
    for after in [detached(), parted("", "")] {
        let database = Database::create();
        let project = Project::new(&database, &[("schema.yaml", &parted("", ""))]);
        project.apply();
        database.psql(FILLED);
        std::thread::scope(|threads| {
            // The statement waits for whoever looks at the table, and gives up.
            let reader =
                threads.spawn(|| database.psql("begin; select count(*) from shop.a; select pg_sleep(3); commit"));
            let reads =
                "select count(*) from pg_locks where relation = 'shop.a'::regclass and mode = 'AccessShareLock'";
            while database.psql(reads) == "0" && !reader.is_finished() {
                std::thread::sleep(Duration::from_millis(20));
            }
            let detach = "set lock_timeout = '100ms';\n\\set ON_ERROR_STOP 0\nalter table shop.a detach partition shop.a_3 concurrently;";
            database.psql(detach);
            reader.join().expect("it ended well");
        });
        assert_eq!(database.psql("select count(*) from pg_inherits where inhdetachpending"), "1");
        project.write("schema.yaml", &after);
        let plan = project.run(&["plan", "--format", "sql"], 0).stdout;
        assert!(plan.contains("alter table shop.a detach partition shop.a_3 finalize;"), "{plan}");
        project.run(&["apply", "--yes", "--allow", "block,breaking"], 0);
        project.settled();
        let straight = Database::create();
        Project::new(&straight, &[("schema.yaml", &after)]).apply();
        assert_eq!(database.pg_dump(), straight.pg_dump());
        assert_eq!(database.psql("select (select count(*) from shop.a_3) from shop.a limit 1"), "1");
    }
}

#[test]
fn who_keeps_nobody_waiting_waits_for_a_long_transaction() {
    let (database, project) = filled();
    project
        .write("schema.yaml", &AFTER.replace("no: int not null", "no: int").replace("primary_key: [id]", "comment: x"));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            database.psql(
                "begin isolation level repeatable read; select 1 from pg_class limit 1; select pg_sleep(3); commit",
            )
        });
        let sleeps =
            "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
        while database.psql(sleeps) == "0" {
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = project.run(&["apply", "--yes", "--lock-timeout", "200ms"], 0);
        assert!(!output.stderr.contains("try 1"), "{}", output.stderr);
    });
    project.settled();
}

#[test]
fn offline_takes_one_transaction_and_says_who_waits() {
    let (_database, project) = filled();
    project.write("schema.yaml", AFTER);
    let online = project.run(&["plan"], 0).stdout;
    assert!(online.contains("create index concurrently") && !online.contains("hazard block"), "{online}");
    let offline = project.run(&["plan", "--offline"], 0).stdout;
    assert!(
        offline.contains("hazard block: builds the index while writers wait (") && offline.contains(" kB)"),
        "{offline}"
    );
    assert!(!offline.contains("concurrently") && !offline.contains("not valid"), "{offline}");
    project.run(&["apply", "--yes", "--offline"], 3);
    project.run(&["apply", "--yes", "--offline", "--allow", "block"], 0);
    project.run(&["plan", "--exit-code"], 0);
}

#[test]
fn an_empty_table_keeps_nobody_waiting() {
    let database = Database::create();
    let schema = "schemas:
  shop:
    tables:
      users: { columns: { id: int not null }, primary_key: [id] }
      orders: { columns: { id: int not null, of: int }, primary_key: [id] }
      late: { inherits: [orders], columns: { id: int not null, of: int } }
";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    project.apply();
    let key =
        "foreign_keys: { of_user: { columns: [of], references: users } }, checks: { of_one: of > 0 } }\n      late:";
    let keyed = schema.replace("primary_key: [id] }\n      late:", &format!("primary_key: [id], {key}"));
    let more = keyed.replace("of: int }, primary_key", "of: int not null }, indexes: { by_of: [of] }, primary_key");
    assert!(more.contains("by_of") && more.contains("of_user"), "{more}");
    project.write("schema.yaml", &more);
    let plan = project.run(&["plan"], 0).stdout;
    assert!(!plan.contains("hazard") && !plan.contains("not valid"), "{plan}");

    database.psql("insert into shop.late values (1, 1)");
    let plan = project.run(&["plan"], 0).stdout;
    assert!(plan.contains("check (of > 0) not valid"), "a row of an heir is checked, too:\n{plan}");
    let plan = project.run(&["plan", "--offline"], 0).stdout;
    assert!(plan.contains("hazard block: compares every row"), "{plan}");
    database.psql("truncate shop.late");
    project.run(&["apply", "--yes"], 0);
    project.run(&["plan", "--exit-code"], 0);
}

/// An index that lacks a part, and of which another part is a key.
const KEYED: &str = "create schema shop;
     create table shop.orders (id int not null) partition by range (id);
     create table shop.first partition of shop.orders for values from (0) to (10);
     create table shop.later partition of shop.orders for values from (10) to (20);
     alter table shop.first add primary key (id);
     create unique index by_id on only shop.orders (id);
     alter index shop.by_id attach partition shop.first_pkey;
     insert into shop.orders values (1), (11)";

/// The same with all parts, and none of them a key.
const UNKEYED: &str = "schemas:
  shop:
    tables:
      orders:
        partition_by: range (id)
        columns: { id: int not null }
        indexes: { by_id: { columns: [id], unique: true } }
      first: { partition_of: orders, for: values from (0) to (10) }
      later: { partition_of: orders, for: values from (10) to (20) }
";

#[test]
fn an_index_that_has_a_key_as_a_part_gets_the_others() {
    let database = Database::create();
    database.psql(KEYED);
    let schema = UNKEYED.replace("to (10) }", "to (10), primary_key: [id] }");
    let project = Project::new(&database, &[("schema.yaml", &schema)]);
    let plan = project.run(&["plan"], 0).stdout;
    assert!(plan.contains("create unique index concurrently later_id_idx"), "{plan}");
    assert!(!plan.contains("shop.first"), "{plan}");
    project.run(&["apply", "--yes"], 0);
    project.settled();
    assert_eq!(database.psql("select indisvalid from pg_index where indexrelid = 'shop.by_id'::regclass"), "t");
}

#[test]
fn a_key_can_go_while_the_index_that_has_it_as_a_part_is_replaced() {
    let database = Database::create();
    database.psql(KEYED);
    let project = Project::new(&database, &[("schema.yaml", UNKEYED)]);
    let plan = project.run(&["plan", "--offline"], 0).stdout;
    assert!(plan.contains("drop constraint first_pkey"), "{plan}");
    project.run(&["apply", "--offline", "--yes", "--allow", "block"], 0);
    project.settled();
}

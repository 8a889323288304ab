//! Diagrams of projects, databases and plans, in every format.

use crate::support::database::Database;
use crate::support::project::Project;

const SCHEMA: &str = "schemas:
  shop:
    tables:
      users:
        columns: { id: bigint identity, boss: bigint, \"odd \\\"name\\\"\": text }
        primary_key: [id]
        foreign_keys: { users_boss_fk: { columns: [boss], references: shop.users(id) } }
      orders:
        columns: { id: bigint identity, user_id: bigint not null, total: \"numeric(12,2)\" }
        primary_key: [id]
        foreign_keys: { orders_user_fk: { columns: [user_id], references: shop.users(id) } }
      bills:
        columns: { order_id: bigint not null }
        primary_key: [order_id]
        foreign_keys: { bills_order_fk: { columns: [order_id], references: shop.orders(id) } }
  other: { tables: { alone: { columns: { id: int } } } }
";

fn project() -> (Database<'static>, Project) {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    (database, project)
}

#[test]
fn a_project_as_mermaid() {
    let (_database, project) = project();
    let mermaid = project.run_alone(&["graph", "--format", "mermaid"], 0).stdout;
    insta::assert_snapshot!(mermaid, @r#"
    erDiagram
        t0["other.alone"] {
            integer id "null"
        }
        t1["shop.bills"] {
            bigint order_id PK, FK
        }
        t2["shop.orders"] {
            bigint id PK
            bigint user_id FK
            numeric_12_2 total "numeric(12,2); null"
        }
        t3["shop.users"] {
            bigint id PK
            bigint boss FK "null"
            text odd__name "odd #34;name#34;; null"
        }
        t2 ||--o| t1 : "bills_order_fk"
        t3 ||--o{ t2 : "orders_user_fk"
        t3 |o--o{ t3 : "users_boss_fk"
    "#);
}

#[test]
fn a_database_is_drawn_as_the_project_that_made_it() {
    let (_database, project) = project();
    project.apply();
    for format in ["mermaid", "dot", "svg"] {
        let declared = project.run_alone(&["graph", "--format", format], 0).stdout;
        assert_eq!(project.run(&["graph", "--format", format], 0).stdout, declared, "{format}");
        assert_eq!(project.run_alone(&["graph", "--format", format], 0).stdout, declared, "{format}: again");
    }
}

#[test]
fn tables_are_chosen() {
    let (_database, project) = project();
    let titles = |args: &[&str]| {
        let args: Vec<&str> = ["graph", "--format", "mermaid"].iter().chain(args).copied().collect();
        let text = project.run_alone(&args, 0).stdout;
        let title = |line: &str| Some(line.split_once("[\"")?.1.split_once("\"]")?.0.to_owned());
        text.lines().filter_map(title).collect::<Vec<_>>()
    };
    assert_eq!(titles(&["--schema", "other"]), ["other.alone"]);
    assert_eq!(titles(&["--table", "shop.*s", "--table", "*.alone"]).len(), 4);
    assert_eq!(titles(&["--around", "shop.bills"]), ["shop.bills", "shop.orders"]);
    assert_eq!(titles(&["--around", "shop.bills", "--depth", "2", "--table", "*.[bu]*"]), ["shop.bills", "shop.users"]);
    let unknown = project.run_alone(&["graph", "--around", "shop.order"], 1).stderr;
    assert!(unknown.contains("no table `shop.order`") && unknown.contains("`shop.orders`"), "{unknown}");
}

#[test]
fn a_plan_shows_what_waits_for_what() {
    let (_database, project) = project();
    let dot = project.run(&["graph", "--plan", "--format", "dot"], 0).stdout;
    let place = |name: &str| {
        let line = dot.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} is not in {dot}"));
        line.trim().split(' ').next().expect("a node").to_owned()
    };
    let (schema, users, orders) =
        (place("+ schema `shop`"), place("+ table `shop.users`"), place("+ table `shop.orders`"));
    let foreign = place("orders_user_fk");
    for edge in [(&schema, &users), (&schema, &orders), (&users, &foreign), (&orders, &foreign)] {
        assert!(dot.contains(&format!("  {} -> {};\n", edge.0, edge.1)), "{edge:?} in {dot}");
    }
    assert!(!dot.contains(&format!("  {schema} -> {foreign};\n")), "what follows is left out: {dot}");
    for format in ["svg", "mermaid"] {
        assert!(project.run(&["graph", "--plan", "--format", format], 0).stdout.contains("shop.orders"), "{format}");
    }
}

#[test]
fn a_picture_is_xml_whatever_the_names() {
    let database = Database::create();
    let evil = "schemas:\n  shop:\n    tables:\n      \"<b>&\\\"'\": { columns: { \"]]><!--\": int }, primary_key: [\"]]><!--\"] }\n";
    let project = Project::new(&database, &[("schema.yaml", evil)]);
    let svg = project.run_alone(&["graph"], 0).stdout;
    assert!(svg.contains("shop.&lt;b&gt;&amp;&quot;&#39;") && svg.contains("]]&gt;&lt;!--"), "{svg}");
    // Every tag ends, in its order.
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1).map(|tag| tag.split_once('>').expect("a tag ends").0) {
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{svg}"),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split([' ', '\n']).next().expect("a name")),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

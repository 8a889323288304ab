//! Changes to tables that hold rows, each of which takes several statements or transactions.

use crate::random::rng::Rng;

/// What a table is before and after; `T` stands for its name. `ref` is a table beside it.
const CHANGES: &[(&str, &str)] = &[
    ("columns: { id: int, no: int }", "columns: { id: int, no: int }, indexes: { T_no: [no] }"),
    (
        "columns: { id: int, no: int }, indexes: { T_no: { columns: [no], where: no > 0 } }",
        "columns: { id: int, no: int }, indexes: { T_no: { columns: [no desc], include: [id] } }",
    ),
    (
        "columns: { id: int, no: int }",
        "columns: { id: int not null, no: int }, primary_key: [id], unique: { T_u: [no] }",
    ),
    (
        "columns: { id: int not null, no: int not null }, primary_key: [id], unique: { T_u: [no] }",
        "columns: { id: int not null, no: int not null }, primary_key: [no, id], unique: { T_u: [no, id] }",
    ),
    ("columns: { id: int, no: int }", "columns: { id: int, no: int not null }, checks: { T_c: no > 0, T_d: id > 0 }"),
    (
        "columns: { id: int, no: int }, checks: { T_c: no > 0 }",
        "columns: { id: int, no: int }, checks: { T_c: no > -1 }, comment: changed",
    ),
    (
        "columns: { id: int, no: int }",
        "columns: { id: int, no: int }, foreign_keys: { T_f: { columns: [no], references: shop.ref(id) } }",
    ),
    (
        "columns: { id: int, no: int }, foreign_keys: { T_f: { columns: [no], references: shop.ref(id) } }",
        "columns: { id: int, no: int }, foreign_keys: { T_f: { columns: [no], references: shop.ref(id), on_delete: cascade } }",
    ),
    (
        "columns: { id: int, no: int }, indexes: { T_no: [no] }, checks: { T_c: no > 0 }",
        "columns: { id: bigint, no: bigint }, indexes: { T_no: [no] }, checks: { T_c: no > 0 }",
    ),
    (
        "columns: { id: int, no: int }, indexes: { T_no: [no] }",
        "columns: { id: int, number: { type: int, was: no } }, indexes: { T_number: { columns: [number], was: T_no } }",
    ),
    (
        "partition_by: range (id), columns: { id: int, no: int } }
      T_a: { partition_of: shop.T, for: values from (0) to (50) }
      T_b: { partition_of: shop.T, for: values from (50) to (1000)",
        "partition_by: range (id), columns: { id: int, no: int }, indexes: { T_no: [no] } }
      T_a: { partition_of: shop.T, for: values from (0) to (50) }
      T_b: { partition_of: shop.T, for: values from (50) to (1000)",
    ),
    (
        "partition_by: range (id), columns: { id: int, no: int } }
      T_a: { partition_of: shop.T, for: values from (0) to (50) }
      T_b: { partition_of: shop.T, for: values from (50) to (1000)",
        "partition_by: range (id), columns: { id: int, no: int } }
      T_a: { partition_of: shop.T, for: values from (0) to (50) }
      T_b: { columns: { id: int, no: int }",
    ),
    ("columns: { id: int, no: int }", "columns: { id: int, no: { type: int, generated: id + 1, stored: true } }"),
];

/// The start, its rows, and the end, for a seed.
pub fn files(rng: &mut Rng) -> [String; 3] {
    let count = 3 + rng.below(4);
    let chosen: Vec<&(&str, &str)> = (0..count).map(|_| rng.pick(CHANGES)).collect();
    let table = |i: usize, text: &str| {
        let name = format!("t{i}");
        format!("      {name}: {{ {} }}\n", text.replace('T', &name))
    };
    let head = |labels: &str| {
        format!(
            "schemas:\n  shop:\n    enums: {{ state: [{labels}] }}\n    tables:\n      ref: {{ columns: {{ id: int not null }}, primary_key: [id] }}\n"
        )
    };
    let side = |labels: &str, pick: fn(&(&str, &str)) -> String| {
        let tables = chosen.iter().enumerate().map(|(i, change)| table(i, &pick(change)));
        head(labels) + &tables.collect::<String>()
    };
    let last =
        format!("      last: {{ columns: {{ id: int, state: {{ type: shop.state, default: \"'{}'\" }} }} }}\n", "more");
    let rows = |i: usize| format!("insert into shop.t{i} (id, no) select i, i from generate_series(1, 100) i;\n");
    let fill = "insert into shop.ref select generate_series(1, 100);\n".to_owned();
    [
        side("few", |change| change.0.to_owned()),
        fill + &(0..count).map(rows).collect::<String>(),
        side("few, more", |change| change.1.to_owned()) + &last,
    ]
}

//! Tests what is written, and that every reader reads it back.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::declare::yaml::parse;
use crate::diagnostic::{Diagnostics, FileId};
use crate::model::node::Scalar;

fn read(text: &str) -> Node {
    let mut out = Diagnostics::default();
    let node = parse(FileId(0), text, &mut out);
    assert!(out.is_empty(), "{out:?} in {text:?}");
    node.expect("a value")
}

fn map_of(entries: Vec<(&str, Node)>) -> Node {
    Node::new(Value::Map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect()))
}

/// Returns the node without spans, and with every scalar that is no number or boolean as text.
fn bare(node: &Node) -> Node {
    Node::new(match &node.value {
        Value::Null => Value::Null,
        Value::Scalar(s) => Value::Scalar(Scalar { text: s.text.clone(), plain: false }),
        Value::List(items) => Value::List(items.iter().map(bare).collect()),
        Value::Map(entries) => Value::Map(entries.iter().map(|(k, v)| (Key::from(&*k.text), bare(v))).collect()),
    })
}

#[test]
fn canonical_form_of_a_project() {
    let text = "schemas:\n  shop:\n    enums: {status: [new, paid]}\n    tables:\n      orders:\n        columns:\n          id: bigint identity\n          total: numeric(12,2) not null default 0\n          tax: {type: 'numeric(12,2)', generated: total * 0.2, stored: true}\n          wide: {type: text, comment: Free text, storage: external, was: remark}\n          n: 5\n          no: 'yes'\n        where: \"status = 'new'\"\n        both: 'a \"b\" \\ ''c'''\n        path: 'C:\\x'\n        empty: {}\n        none: []\n        nothing:\n        to: [\"a,b\", 'no', x, 1.5, 'y:z']\n        rows: [[1, 2], {a: b, c: [d]}, ~]\n        body: |\n          select 1;\n\n            select 2;\n        strip: \"a\\nb\"\n        keep: \"a\\nb\\n\\n\"\n        lead: \"\\n  a\\n\"\n        cr: \"a\\r\\nb\"\n        timeout: 30s\n        at: '12:30'\n        'shop.*': usage\n        'a: b': \"c: d\"\n";
    assert_snapshot!(write(&read(text)), @r#"
    schemas:
      shop:
        enums:
          status: [new, paid]
        tables:
          orders:
            columns:
              id: bigint identity
              total: numeric(12,2) not null default 0
              tax: { type: "numeric(12,2)", generated: total * 0.2, stored: true }
              wide:
                type: text
                comment: Free text
                storage: external
                was: remark
              "n": 5
              "no": "yes"
            where: status = 'new'
            both: a "b" \ 'c'
            path: C:\x
            empty: {}
            none: []
            nothing:
            to: ["a,b", "no", x, 1.5, "y:z"]
            rows:
              - [1, 2]
              - a: b
                c: [d]
              - null
            body: |
              select 1;

                select 2;
            strip: |-
              a
              b
            keep: |+
              a
              b

            lead: |2

                a
            cr: "a\r\nb"
            timeout: 30s
            at: "12:30"
            shop.*: usage
            "a: b": "c: d"
    "#);
    assert_eq!(bare(&read(&write(&read(text)))), bare(&read(text)));
}

/// Texts that some reader might misread, and some that none does.
const TEXTS: &[&str] = &[
    "no",
    "on",
    "Yes",
    "null",
    "NULL",
    "~",
    "",
    " ",
    "a ",
    " a",
    "1",
    "-1",
    "+1",
    "1e3",
    "0x1F",
    "0o7",
    "017",
    "1_000",
    "1,000",
    "12:30",
    "12:30:45",
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    ".5",
    "5.",
    ".inf",
    "-.INF",
    ".nan",
    "=",
    "<<",
    "-",
    "- a",
    "?",
    "? a",
    ":",
    ":a",
    "a:",
    "a: b",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "@a",
    "`a`",
    "%a",
    "[a",
    "{a",
    "a]",
    "'a'",
    "\"a\"",
    "---",
    "...",
    "--- a",
    "\t",
    "a\tb",
    "\u{feff}a",
    "a\u{85}b",
    "a\u{2028}b",
    "\u{0}",
    "\u{7f}",
    "\u{1b}[0m",
    "é",
    "🦀",
    "y",
    "N",
    "true",
    "False",
    "OFF",
    "0b1",
    "1.2.3",
    "1e",
    "0.1.2.3",
    "30s",
    "numeric(12,2)",
    "a,b",
    "a::b",
    "a?b",
    "x#y",
    "é:",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{e000}",
    "\u{a0}",
    "\u{3000}",
    "a\\b",
    "it's",
    "/tmp",
    "$1",
    "(a)",
    "_x",
    ".",
    "..",
];

#[test]
fn text_that_someone_reads_as_something_else_is_quoted() {
    for &text in TEXTS {
        check(&Node::text(text));
        check(&map_of(vec![(text, Node::text(text))]));
    }
    assert_eq!(write(&Node::plain("1")), "1\n");
    assert_eq!(write(&Node::text("1")), "\"1\"\n");
    assert_eq!(write(&Node::plain("no")), "\"no\"\n");
}

#[test]
fn widths() {
    let list = |n: usize| map_of(vec![("key", Node::new(Value::List(vec![Node::text("x".repeat(8)); n])))]);
    assert_eq!(write(&list(9)).lines().map(str::len).collect::<Vec<_>>(), [95]);
    assert_eq!(write(&list(10)).lines().count(), 11);
    let pair = |n| map_of(vec![("key", map_of(vec![("a", Node::text("x".repeat(n)))]))]);
    assert_eq!(write(&pair(68)).lines().map(str::len).collect::<Vec<_>>(), [80]);
    assert_eq!(write(&pair(69)).lines().count(), 2);
    let long = "k".repeat(2000);
    let node =
        map_of(vec![(&long, Node::text("v")), ("m", map_of(vec![(&long, map_of(vec![("a", Node::text("b\nc"))]))]))]);
    check(&node);
}

/// Converts what an independent reader has read to a node.
fn from_json(value: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    Node::new(match value {
        Json::Null => Value::Null,
        Json::Bool(b) => return Node::text(b.to_string()),
        Json::Number(n) => return Node::text(n.to_string()),
        Json::String(s) => return Node::text(s.as_str()),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect()),
        Json::Object(map) => Value::Map(map.iter().map(|(k, v)| (Key::from(k.as_str()), from_json(v))).collect()),
    })
}

/// Writes a node, and reads it back with our reader and two others.
fn check(node: &Node) {
    let text = write(node);
    let expected = bare(node);
    assert_eq!(bare(&read(&text)), expected, "read by us: {text:?}");
    let old: serde_json::Value = serde_yaml_09::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text:?}"));
    assert_eq!(from_json(&old), expected, "read by serde_yaml 0.9: {text:?}");
    let new: serde_json::Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text:?}"));
    assert_eq!(from_json(&new), expected, "read by serde-saphyr: {text:?}");
    assert_eq!(write(&read(&text)), text, "not canonical");
}

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just(" "),
        Just("  "),
        Just("\t"),
        Just("\r"),
        Just(": "),
        Just(":"),
        Just("#"),
        Just(" #"),
        Just("- "),
        Just("'"),
        Just("\""),
        Just("\\"),
        Just("{"),
        Just("]"),
        Just(","),
        Just("&"),
        Just("*"),
        Just("!"),
        Just("|"),
        Just(">"),
        Just("%"),
        Just("@"),
        Just("`"),
        Just("---"),
        Just("..."),
        Just("\u{85}"),
        Just("\u{a0}"),
        Just("\u{2028}"),
        Just("\u{feff}"),
        Just("\u{0}"),
        Just("é"),
        Just("🦀"),
        Just("a"),
        Just("select"),
        Just("1"),
        Just("0x"),
        Just("e3"),
        Just("no"),
        Just("null"),
        Just("~"),
        Just("."),
        Just("-"),
        Just("+"),
        Just("_"),
        Just("="),
        Just("<<"),
        Just("?"),
        Just("\n\n"),
        Just("a\nb"),
        Just("\n  a"),
    ];
    prop_oneof![
        4 => prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
        1 => "[0-9+._:eExoTZ-]{0,8}",
        1 => "[a-z \n]{0,40}",
    ]
}

fn any_node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![8 => nasty().prop_map(Node::text), 1 => Just(Node::new(Value::Null))];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| Node::new(Value::List(items))),
            prop::collection::vec((nasty(), inner), 0..4).prop_map(|entries| {
                let unique: indexmap::IndexMap<_, _> = entries.into_iter().collect();
                Node::new(Value::Map(unique.into_iter().map(|(k, v)| (Key::from(k.as_str()), v)).collect()))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_node_is_read_back_by_every_reader(node in any_node()) {
        check(&node);
    }

    #[test]
    fn any_text_is_read_back_as_key_and_value(key in nasty(), text in nasty()) {
        check(&map_of(vec![("k", map_of(vec![(&key, Node::text(text.as_str()))]))]));
        check(&Node::new(Value::List(vec![Node::text(text)])));
    }
}

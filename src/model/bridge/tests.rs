//! Shapes from nodes, nodes from shapes, and the errors between.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::declare::yaml::parse;
use crate::diagnostic::{Diagnostics, FileId};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default)]
    color: Option<String>,
    count: u8,
    #[serde(default)]
    ratio: f64,
    #[serde(default)]
    login: bool,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    inner: IndexMap<String, Choice>,
    #[serde(default)]
    pair: (i32, i32),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Choice {
    Cascade,
    SetNull,
    Named(String),
    Both { a: i64, b: Option<bool> },
    Two(u16, char),
}

fn node(text: &str) -> Node {
    let mut out = Diagnostics::default();
    let node = parse(FileId(0), text, &mut out);
    assert!(out.is_empty(), "{out:?}");
    node.expect("a value")
}

fn error<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
    let error = from_node::<T>(&node(text)).expect_err("a wrong shape");
    let span = error.span.expect("a place");
    let at = &text[span.start as usize..span.end as usize];
    let (code, help) = (error.problem.code.as_str(), error.problem.help.as_deref().unwrap_or("-"));
    format!("{code}: {} | {at:?} | {help}", error.problem.message)
}

#[test]
fn scalars_mean_what_is_asked() {
    let text = "default: 0\ncolor: ~\ncount: 0x1F\nratio: 1e3\nlogin: true\nnames: [1, no, 'x', true]\npair: [-1, +2]\n\
                inner: { a: cascade, b: { named: 5 }, c: { both: { a: 1 } }, d: { two: [7, x] }, e: {set_null: } }\n";
    let shape: Shape = from_node(&node(text)).expect("the shape");
    assert_eq!(shape.default.as_deref(), Some("0"));
    assert_eq!((shape.color, shape.count, shape.ratio, shape.login, shape.pair), (None, 31, 1000.0, true, (-1, 2)));
    assert_eq!(shape.names, ["1", "no", "x", "true"]);
    let choices: Vec<_> = shape.inner.into_values().collect();
    assert_eq!(choices[..2], [Choice::Cascade, Choice::Named("5".into())]);
    assert_eq!(choices[2..4], [Choice::Both { a: 1, b: None }, Choice::Two(7, 'x')]);
    let keyed: BTreeMap<i32, String> = from_node(&node("1: a\n-2: b\n")).expect("keys that are numbers");
    assert_eq!(keyed[&-2], "b");
}

/// Wrong shapes.
const CASES: &[&str] = &[
    "count: 1\ncolour: red\n",
    "count: 1\nzzz: red\n",
    "count: abc\n",
    "count: '5'\n",
    "count: 1_000\n",
    "count: 300\n",
    "count: -1\n",
    "count: [1]\n",
    "count: 1.5\n",
    "count: ~\n",
    "login: yes\ncount: 1\n",
    "login: 'true'\ncount: 1\n",
    "login: 1\ncount: 1\n",
    "ratio: x\ncount: 1\n",
    "names: a\ncount: 1\n",
    "names: {a: b}\ncount: 1\n",
    "names: [a, [b]]\ncount: 1\n",
    "names:\ncount: 1\n",
    "names: [~]\ncount: 1\n",
    "color: red\n",
    "[1]\n",
    "a\n",
    "count: 1\ninner: {a: casacde}\n",
    "count: 1\ninner: {a: xyzzy}\n",
    "count: 1\ninner: {a: named}\n",
    "count: 1\ninner: {a: {cascade: 1}}\n",
    "count: 1\ninner: {a: {named: 1, both: 2}}\n",
    "count: 1\ninner: {a: [named]}\n",
    "count: 1\ninner: {a: }\n",
    "count: 1\ninner: {a: {both: {a: 1, c: 2}}}\n",
    "count: 1\ninner: {a: {both: {b: true}}}\n",
    "count: 1\ninner: {a: {two: [1]}}\n",
    "count: 1\ninner: {a: {two: [1, xy]}}\n",
    "count: 1\npair: [1, 2, 3]\n",
];

#[test]
fn errors_have_a_place_and_a_cure() {
    let shown: Vec<_> = CASES.iter().map(|c| format!("{c:?}\n  {}", error::<Shape>(c))).collect();
    assert_snapshot!(shown.join("\n"), @r#"
    "count: 1\ncolour: red\n"
      unknown-key: unknown key `colour` | "colour" | did you mean `color`?
    "count: 1\nzzz: red\n"
      unknown-key: unknown key `zzz` | "zzz" | the keys here are `default`, `color`, `count`, `ratio`, `login`, `names`, `inner`, `pair`
    "count: abc\n"
      wrong-type: expected a whole number, found text `abc` | "abc" | -
    "count: '5'\n"
      wrong-type: expected a whole number, found text `5` | "'5'" | remove the quotes
    "count: 1_000\n"
      wrong-type: expected a whole number, found text `1_000` | "1_000" | write `1000`
    "count: 300\n"
      wrong-type: number `300` is out of range | "300" | from 0 to 255
    "count: -1\n"
      wrong-type: number `-1` is out of range | "-1" | from 0 to 255
    "count: [1]\n"
      wrong-type: expected a whole number, found a list | "[1]" | -
    "count: 1.5\n"
      wrong-type: expected a whole number, found number `1.5` | "1.5" | -
    "count: ~\n"
      wrong-type: expected a whole number, found nothing | "~" | -
    "login: yes\ncount: 1\n"
      wrong-type: expected `true` or `false`, found text `yes` | "yes" | write true or false
    "login: 'true'\ncount: 1\n"
      wrong-type: expected `true` or `false`, found text `true` | "'true'" | remove the quotes
    "login: 1\ncount: 1\n"
      wrong-type: expected `true` or `false`, found number `1` | "1" | write true or false
    "ratio: x\ncount: 1\n"
      wrong-type: expected a number, found text `x` | "x" | -
    "names: a\ncount: 1\n"
      wrong-type: expected a list, found text `a` | "a" | write `[a]`
    "names: {a: b}\ncount: 1\n"
      wrong-type: expected a list, found a map | "{a: b}" | -
    "names: [a, [b]]\ncount: 1\n"
      wrong-type: expected text, found a list | "[b]" | -
    "names:\ncount: 1\n"
      wrong-type: expected a list, found nothing | "" | write `[]` for an empty list
    "names: [~]\ncount: 1\n"
      wrong-type: expected text, found nothing | "~" | write `""` for empty text
    "color: red\n"
      wrong-type: missing key `count` | "color: red" | write `count: …`
    "[1]\n"
      wrong-type: expected a map, found a list | "[1]" | -
    "a\n"
      wrong-type: expected a map, found text `a` | "a" | -
    "count: 1\ninner: {a: casacde}\n"
      wrong-type: unknown value `casacde` | "casacde" | did you mean `cascade`?
    "count: 1\ninner: {a: xyzzy}\n"
      wrong-type: unknown value `xyzzy` | "xyzzy" | one of `cascade`, `set_null`, `named`, `both`, `two`
    "count: 1\ninner: {a: named}\n"
      wrong-type: `named` needs a value | "named" | write `named: …`
    "count: 1\ninner: {a: {cascade: 1}}\n"
      wrong-type: `cascade` takes no value, found number `1` | "1" | -
    "count: 1\ninner: {a: {named: 1, both: 2}}\n"
      wrong-type: expected a map with one key, found 2 | "{named: 1, both: 2}" | one of `cascade`, `set_null`, `named`, `both`, `two`
    "count: 1\ninner: {a: [named]}\n"
      wrong-type: expected text or a map, found a list | "[named]" | one of `cascade`, `set_null`, `named`, `both`, `two`
    "count: 1\ninner: {a: }\n"
      wrong-type: expected text or a map, found nothing | "" | one of `cascade`, `set_null`, `named`, `both`, `two`
    "count: 1\ninner: {a: {both: {a: 1, c: 2}}}\n"
      unknown-key: unknown key `c` | "c" | the keys here are `a`, `b`
    "count: 1\ninner: {a: {both: {b: true}}}\n"
      wrong-type: missing key `a` | "{b: true}" | write `a: …`
    "count: 1\ninner: {a: {two: [1]}}\n"
      wrong-type: expected a list of 2, found 1 | "[1]" | -
    "count: 1\ninner: {a: {two: [1, xy]}}\n"
      wrong-type: expected one character, found text `xy` | "xy" | -
    "count: 1\npair: [1, 2, 3]\n"
      wrong-type: expected a list of 2, found 3 | "[1, 2, 3]" | -
    "#);
}

#[test]
fn a_message_may_carry_its_cure() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Odd;
    impl TryFrom<String> for Odd {
        type Error = &'static str;
        fn try_from(_: String) -> Result<Self, &'static str> {
            Err("odd\nhelp: make it even")
        }
    }
    assert_eq!(error::<Vec<Odd>>("[b]\n"), "wrong-type: odd | \"b\" | make it even");
}

#[test]
fn nodes_of_shapes_keep_order_and_leave_out_what_is_absent() {
    let inner = IndexMap::from([("b".into(), Choice::Cascade), ("a".into(), Choice::Both { a: 1, b: None })]);
    let shape = Shape { count: 3, names: vec!["1".into()], inner, ..Shape::default() };
    let node = to_node(&shape);
    let keys: Vec<_> = node.as_map().expect("a map").iter().map(|(k, _)| &*k.text).collect();
    assert_eq!(keys, ["color", "count", "ratio", "login", "names", "inner", "pair"]);
    assert_eq!(node.get("count"), Some(&Node::plain("3")));
    assert_eq!(node.get("color"), Some(&Node::new(crate::model::node::Value::Null)));
    assert_eq!(from_node::<Shape>(&node), Ok(shape));
}

#[test]
fn suggestions_are_near() {
    let words = ["color", "column", "columns", "connection_limit", "on_delete"];
    let near = |word| suggest(word, words).unwrap_or_default();
    assert_eq!(
        ["colour", "colums", "conection_limit", "ondelete", "Color"].map(near),
        ["color", "columns", "connection_limit", "on_delete", "color"]
    );
    assert_eq!(["xyz", "", "c", "owner"].map(near), ["", "", "", ""]);
    assert_eq!(near("connection"), "connection_limit");
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Cascade),
        Just(Choice::SetNull),
        any::<String>().prop_map(Choice::Named),
        (any::<i64>(), any::<Option<bool>>()).prop_map(|(a, b)| Choice::Both { a, b }),
        (any::<u16>(), any::<char>()).prop_map(|(a, b)| Choice::Two(a, b)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shapes_survive_the_way_to_a_node_and_to_text_and_back(
        default in any::<Option<String>>(), count in any::<u8>(), ratio in prop::num::f64::ANY.prop_filter("equal to itself", |f| !f.is_nan()),
        login in any::<bool>(), names in prop::collection::vec(any::<String>(), 0..4),
        inner in prop::collection::vec((any::<String>(), choice()), 0..4), pair in any::<(i32, i32)>(),
    ) {
        let shape = Shape { default, color: None, count, ratio, login, names, inner: inner.into_iter().collect(), pair };
        let made = to_node(&shape);
        prop_assert_eq!(from_node::<Shape>(&made), Ok(shape.clone()));
        let text = crate::declare::write::write(&made);
        prop_assert_eq!(from_node::<Shape>(&node(&text)), Ok(shape), "{}", text);
    }
}

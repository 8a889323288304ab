//! Any text, and any edit of a valid one, soon yields either a node with correct spans or problems.

use proptest::prelude::*;

use super::*;

const PROJECT: &str = "schemas:
  shop:
    comment: 'Orders: and more'
    enums: { status: [new, \"paid\"] }
    tables:
      orders:
        columns:
          id: bigint identity # first
          total: numeric(12,2) not null
        rows:
          - &a { x: 1 }
          - *a
    views:
      open: |
        select id
          from orders
      other: >-
        select
        2
";

/// Generates pieces that have a meaning in YAML, in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just(": "),
        Just(":"),
        Just("- "),
        Just("? "),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(", "),
        Just("'"),
        Just("\""),
        Just("|\n"),
        Just(">-\n"),
        Just("&a "),
        Just("*a "),
        Just("!x "),
        Just("#"),
        Just(" # "),
        Just("\t"),
        Just("\r\n"),
        Just("---\n"),
        Just("...\n"),
        Just("%"),
        Just("@"),
        Just("é"),
        Just("\u{feff}"),
        Just("a"),
        Just("key: "),
        Just("<<: "),
        Just("\\"),
        Just("~"),
        Just("\u{0}"),
        Just("🦀"),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn check_spans(node: &Node, text: &str) {
    let check = |span: Option<Span>| {
        let span = span.expect("a parsed node has a place");
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {text:?}");
    };
    check(node.span);
    match &node.value {
        Value::Null => {}
        Value::Scalar(s) => {
            let n = s.text.len();
            for (start, end) in [(0, n), (n / 2, n), (n, n), (0, n / 2)] {
                check(Some(locate(text, node.span.expect("a place"), &s.text, start, end)));
            }
        }
        Value::List(items) => items.iter().for_each(|n| check_spans(n, text)),
        Value::Map(entries) => entries.iter().for_each(|(k, n)| {
            check(k.span);
            check_spans(n, text);
        }),
    }
}

fn check_any(text: &str) {
    let (node, out) = read(text);
    assert!(node.is_some() || !out.is_empty(), "no value and no problem for {text:?}");
    for label in out.iter().flat_map(|d| &d.labels) {
        assert!(text.get(label.span.start as usize..label.span.end as usize).is_some(), "{label:?} of {text:?}");
    }
    if let Some(node) = node {
        check_spans(&node, text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_a_value_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(text) = read_utf8(&bytes) {
            check_any(text);
        }
        check_any(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_project_with_random_edits_ends_in_a_value_or_a_problem(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize, "[\\[\\]{}:,#'\"|>&*!%@\\- \n\ta-c]{0,3}"), 1..6),
    ) {
        let mut text = PROJECT.to_owned();
        for (at, length, with) in edits {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            text.replace_range(start..end, &with);
        }
        check_any(&text);
    }

    #[test]
    fn any_soup_of_yaml_ends_in_a_value_or_a_problem(text in soup()) {
        check_any(&text);
    }
}

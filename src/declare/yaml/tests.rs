//! Tests of the YAML reader: spans, errors, limits.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use super::*;

mod random;

fn read(text: &str) -> (Option<Node>, Diagnostics) {
    let mut out = Diagnostics::default();
    let node = parse(FileId(0), text, &mut out);
    (node, out)
}

fn good(text: &str) -> Node {
    let (node, out) = read(text);
    assert!(out.is_empty(), "{text:?}: {out:?}");
    node.expect("a value")
}

/// Returns every problem of `text`: what each label points at, the message, and the help.
fn bad(text: &str) -> String {
    let (_, out) = read(text);
    let mut shown = String::new();
    for d in out.iter() {
        let _ = write!(shown, "{}: {}", d.problem.code.as_str(), d.problem.message);
        for l in &d.labels {
            let at = l.span.start as usize;
            let line = text[..at].matches('\n').count() + 1;
            let _ = write!(shown, " | {line}: {:?} {}", &text[at..l.span.end as usize], l.text);
        }
        let _ = writeln!(shown, " | {}", d.problem.help.as_deref().unwrap_or("-"));
    }
    shown.trim_end().to_owned()
}

/// Renders a node without spans.
fn bare(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".into(),
        Value::Scalar(s) => format!("{}{:?}", if s.plain { "" } else { "=" }, s.text),
        Value::List(l) => format!("[{}]", l.iter().map(bare).collect::<Vec<_>>().join(", ")),
        Value::Map(m) => {
            let entries: Vec<_> = m.iter().map(|(k, v)| format!("{}: {}", k.text, bare(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// Returns the text that each key and value spans.
fn spans(text: &str) -> String {
    fn walk(node: &Node, text: &str, out: &mut String) {
        let cut = |s: Span| &text[s.start as usize..s.end as usize];
        let _ = writeln!(out, "{:?}", cut(node.span.expect("a place")));
        match &node.value {
            Value::Null | Value::Scalar(_) => {}
            Value::List(items) => items.iter().for_each(|n| walk(n, text, out)),
            Value::Map(entries) => entries.iter().for_each(|(k, n)| {
                let _ = write!(out, "{:?} = ", cut(k.span.expect("a place")));
                walk(n, text, out);
            }),
        }
    }
    let mut out = String::new();
    walk(&good(text), text, &mut out);
    out
}

/// Returns a text of `count` lines.
fn repeat(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[test]
fn values() {
    let text = "a: 1\nb: 'x'\nc: ~\nd:\ne: [no, {f: \"1\"}]\ng: |\n  x\n   y\nh: >-\n  x\n  y\ni: !!str 5\nj: null\n";
    assert_snapshot!(bare(&good(text)), @r#"{a: "1", b: ="x", c: null, d: null, e: ["no", {f: ="1"}], g: ="x\n y\n", h: ="x y", i: ="5", j: null}"#);
    for empty in ["", "\n", "# c\n", "\u{feff}", "---\n", "--- # c\n...\n"] {
        assert_eq!(good(empty).value, Value::Null, "{empty:?}");
    }
    assert_eq!(bare(&good("\u{feff}a: 1\r\nb: |\r\n  x\r\n  y\r\n")), "{a: \"1\", b: =\"x\\ny\\n\"}");
}

#[test]
fn places_of_keys_and_values_are_bytes() {
    assert_snapshot!(spans("é: ü x \nb: |\n  li né\n   two\n\nc:\n  - 'ö'\n  - d: {f: [1]}\n# end\n"), @r#"
    "é: ü x \nb: |\n  li né\n   two\n\nc:\n  - 'ö'\n  - d: {f: [1]}"
    "é" = "ü x"
    "b" = "li né\n   two"
    "c" = "- 'ö'\n  - d: {f: [1]}"
    "'ö'"
    "d: {f: [1]}"
    "d" = "{f: [1]}"
    "f" = "[1]"
    "1"
    "#);
}

/// Texts that are invalid YAML, or YAML that dbstate refuses.
const CASES: &[&str] = &[
    "a: b: c\n",
    "a: @foo\n",
    "a: `x`\n",
    "a: %x\n",
    "a: {b\n",
    "a: [b\nc: d\n",
    "a: \"abc\nb: 1\n",
    "a: 'abc\nb: 1\n",
    "a:\n\tb: 1\n",
    "a:\n  b: 1\n\tc: 1\n",
    "a:\n  b: 1\n c: 2\n",
    "a:\n  b: 1\n   c: 2\n",
    "a:b\nc: d\n",
    "a: x\nb\nc: 1\n",
    "a: \"x\" y\n",
    "a: 'it's'\n",
    "a: \"\\q\"\n",
    "a: |x\n  foo\n",
    "a: }\n",
    "a: [1, 2}\n",
    "- a\nb: c\n",
    "a: - b\n",
    "a: 1\n- b\n",
    "a: {b: 1 c: 2}\n",
    "a: *\n",
    "a: *x\n",
    "%YAML 1.2\n---\na: 1\n",
    "a: {x:1}\n",
    "a: |\n\tfoo\n",
    "a: b\n  c: d\n",
    "a: foo\n\tbar\n",
    "a: 'x'\n  'y'\n",
    "a: ,b\n",
    "a: |\n    x\n  y\nb: 1\n",
    "a: \u{1}b\n",
    "a: ? b\n",
    ": b\n",
    "null: b\n",
    "? [a]\n: b\n",
    "? {a: 1}\n: b\n",
    "{[a]: b}\n",
    "<<: {a: 1}\n",
    "a: !!binary xx\n",
    "a: !x {b: 1}\n",
    "a: 1\n---\nb: 2\n",
    "a: 1\n...\nb\n",
    "a: 1\n\u{feff}b: 1\n",
    "a: &x [*x]\n",
    "a: \"\\uD800\"\n",
    "a: \"\\x0\"\n",
    "a: {b: \"x, c: 1}\n",
    "a: [b, c: d: e]\n",
    "a: {b, c\nd: e\n",
    "é: 'ü' x\n",
    "a: \"x\\\n",
    "tables\n  orders:\n    x: 1\n",
    "a: 1\ntables\n  orders:\n    x: 1\n",
    "a:\n  - b\n    c: d\n",
    "a: it's: x\n",
    "a: {\n  b: 1\nc: 2\n",
    "a: (b, c: d\n",
    "key : [a b]: c\n",
    "a: |\n  x\n y: 1\n",
    "a: \"x\" # y\nb: 'x'#y\n",
    "a: &x b\n&x c: d\nd: *x\n e: *x\n",
];

#[test]
#[expect(clippy::too_many_lines, reason = "one snapshot of all cases reads best")]
fn usual_mistakes() {
    let shown: Vec<_> = CASES.iter().map(|c| format!("{c:?}\n{}\n", bad(c))).collect();
    assert_snapshot!(shown.join("\n"), @r##"
    "a: b: c\n"
    syntax: `: ` inside a value without quotes | 1: ":"  | quote the value: in `a: b: c` YAML sees two keys on one line

    "a: @foo\n"
    syntax: a value can't start with `@` | 1: "@foo"  | put the whole value in quotes

    "a: `x`\n"
    syntax: a value can't start with a backtick | 1: "`x`"  | put the whole value in quotes

    "a: %x\n"
    syntax: a value can't start with `%` | 1: "%x"  | put the whole value in quotes

    "a: {b\n"
    syntax: `{` is never closed | 1: "{" opened here | quote it if it is text

    "a: [b\nc: d\n"
    syntax: `:` in a place where no key can be | 2: ":"  | 1: "[" opened here | close the bracket before it, or quote text that holds `: `

    "a: \"abc\nb: 1\n"
    syntax: quote " is never closed | 1: "\"" opened here | close it, or quote the text the other way if it holds a quote

    "a: 'abc\nb: 1\n"
    syntax: quote ' is never closed | 1: "'" opened here | close it, or quote the text the other way if it holds a quote

    "a:\n\tb: 1\n"
    syntax: a tab in the indentation | 2: "\t"  | indent with spaces: YAML takes no tabs there

    "a:\n  b: 1\n\tc: 1\n"
    syntax: a tab in the indentation | 3: "\t"  | indent with spaces: YAML takes no tabs there

    "a:\n  b: 1\n c: 2\n"
    syntax: wrong indentation | 3: "c: 2"  | start the keys of one map in the same column, deeper than the key that holds them

    "a:\n  b: 1\n   c: 2\n"
    syntax: a key inside the value of the line above | 3: "c"  | start it in the column of the keys beside it, or leave the value above empty

    "a:b\nc: d\n"
    syntax: no space after `:` | 1: ":"  | write `key: value`

    "a: x\nb\nc: 1\n"
    syntax: no `:` after a key | 2: "b"  | write `key: value`; indent the line deeper if it goes on with the value above

    "a: \"x\" y\n"
    syntax: text after the closing quote | 1: "y"  | put the whole value in quotes; write `\"` for a quote inside double quotes

    "a: 'it's'\n"
    syntax: text after the closing quote | 1: "s'"  | write `''` for a quote inside single quotes

    "a: \"\\q\"\n"
    syntax: unknown escape `\q` | 1: "\\q"  | write `\\` for a backslash, or put the text in single quotes

    "a: |x\n  foo\n"
    syntax: text after a block's `|` or `>` | 1: "|x"  | start the text on the next line

    "a: }\n"
    syntax: `}` closes nothing | 1: "}"  | put the whole value in quotes

    "a: [1, 2}\n"
    syntax: `[` closed by `}` | 1: "[" opened here | write `]`, or quote the bracket if it is text

    "- a\nb: c\n"
    syntax: no `- ` in front of a list item | 2: "b: c"  | start every item of the list in the same column

    "a: - b\n"
    syntax: a list item right after a key | 1: "-"  | start the list on its own line, or quote the value if it is text that starts with `-`

    "a: 1\n- b\n"
    syntax: a list item where a key is expected | 2: "b"  | indent the list deeper than its key, and leave the line of the key empty after the `:`

    "a: {b: 1 c: 2}\n"
    syntax: no `,` or `}` here | 1: ":"  | 1: "{" opened here | separate the entries with `,`; quote text that holds `: `

    "a: *\n"
    syntax: no name after `*` | 1: "*"  | quote it if it is text: "*"

    "a: *x\n"
    syntax: unknown anchor `x` | 1: "*x"  | quote it if it is text: "*x"

    "%YAML 1.2\n---\na: 1\n"
    syntax: a directive | 1: "%YAML 1.2"  | remove it; quote the text if it starts with `%`

    "a: {x:1}\n"
    syntax: no space after `:` | 1: ":"  | write `key: value`, or quote the text

    "a: |\n\tfoo\n"
    syntax: a tab in the indentation | 2: "\t"  | indent with spaces: YAML takes no tabs there

    "a: b\n  c: d\n"
    syntax: a key inside the value of the line above | 2: "c"  | start it in the column of the keys beside it, or leave the value above empty

    "a: foo\n\tbar\n"
    syntax: a tab in the indentation | 2: "\t"  | indent with spaces: YAML takes no tabs there

    "a: 'x'\n  'y'\n"
    syntax: quoted text where a key is expected | 2: "'y'"  | put the whole value in one pair of quotes

    "a: ,b\n"
    syntax: a value can't start with `,` | 1: ",b"  | put the whole value in quotes

    "a: |\n    x\n  y\nb: 1\n"
    syntax: wrong indentation | 3: "y"  | start the keys of one map in the same column, deeper than the key that holds them

    "a: \u{1}b\n"
    syntax: control character U+0001 | 1: "\u{1}"  | write it as an escape in double quotes: "\x01"

    "a: ? b\n"
    syntax: `? ` starts a key, and none can stand here | 1: "?"  | put the whole value in quotes

    ": b\n"
    wrong-type: no key before `:` | 1: ""  | write the key, or quote the value

    "null: b\n"
    wrong-type: `null` as a key means nothing | 1: "null"  | quote it if it is a name: "null"

    "? [a]\n: b\n"
    wrong-type: a key must be text, found a list | 1: "[a]"  | quote the value if it is text that starts with `{` or `[`

    "? {a: 1}\n: b\n"
    wrong-type: a key must be text, found a map | 1: "{a: 1}"  | quote the value if it is text that starts with `{` or `[`

    "{[a]: b}\n"
    wrong-type: a key must be text, found a list | 1: "[a]"  | quote the value if it is text that starts with `{` or `[`

    "<<: {a: 1}\n"
    syntax: merge key `<<` | 1: "<<"  | not part of YAML 1.2: write the keys out

    "a: !!binary xx\n"
    wrong-type: tag `!!binary` | 1: "!!binary"  | remove it, or quote the value if it is text that starts with `!`

    "a: !x {b: 1}\n"
    wrong-type: tag `!x` | 1: "!x"  | remove it, or quote the value if it is text that starts with `!`

    "a: 1\n---\nb: 2\n"
    syntax: more than one document in the file | 2: "---" a second document starts here | remove the `---`, or split the file there

    "a: 1\n...\nb\n"
    syntax: more than one document in the file | 3: "b" a second document starts here | remove the `---`, or split the file there

    "a: 1\n\u{feff}b: 1\n"
    syntax: a byte-order mark inside the file | 2: "\u{feff}"  | remove it

    "a: &x [*x]\n"
    syntax: an alias inside the value it stands for | 1: "*x"  | write the value out

    "a: \"\\uD800\"\n"
    syntax: an escape that names no character | 1: "\"\\uD800\""  | write `\\` for a backslash, or put the text in single quotes

    "a: \"\\x0\"\n"
    syntax: an escape that names no character | 1: "\"\\x0\""  | write `\\` for a backslash, or put the text in single quotes

    "a: {b: \"x, c: 1}\n"
    syntax: quote " is never closed | 1: "\"" opened here | 1: "{" opened here | close it, or quote the text the other way if it holds a quote

    "a: [b, c: d: e]\n"
    syntax: no `,` or `]` here | 1: ":"  | 1: "[" opened here | separate the entries with `,`; quote text that holds `: `

    "a: {b, c\nd: e\n"
    syntax: `{` is never closed | 1: "{" opened here | quote it if it is text

    "é: 'ü' x\n"
    syntax: text after the closing quote | 1: "x"  | write `''` for a quote inside single quotes

    "a: \"x\\\n"
    syntax: quote " is never closed | 1: "\"" opened here | close it, or quote the text the other way if it holds a quote

    "tables\n  orders:\n    x: 1\n"
    syntax: no `:` after a key | 1: "tables"  | write `tables:` above what belongs to it

    "a: 1\ntables\n  orders:\n    x: 1\n"
    syntax: no `:` after a key | 2: "tables"  | write `key: value`; indent the line deeper if it goes on with the value above

    "a:\n  - b\n    c: d\n"
    syntax: no `:` after a key | 2: "b"  | write `b:` above what belongs to it

    "a: it's: x\n"
    syntax: `: ` inside a value without quotes | 1: ":"  | quote the value: in `a: b: c` YAML sees two keys on one line

    "a: {\n  b: 1\nc: 2\n"
    syntax: no `,` or `}` here | 3: ":"  | 1: "{" opened here | separate the entries with `,`; quote text that holds `: `

    "a: (b, c: d\n"
    syntax: `: ` inside a value without quotes | 1: ":"  | quote the value: in `a: b: c` YAML sees two keys on one line

    "key : [a b]: c\n"
    syntax: `: ` inside a value without quotes | 1: ":"  | quote the value: in `a: b: c` YAML sees two keys on one line

    "a: |\n  x\n y: 1\n"
    syntax: wrong indentation | 3: "y: 1"  | start the keys of one map in the same column, deeper than the key that holds them

    "a: \"x\" # y\nb: 'x'#y\n"
    syntax: no space before `#` | 2: "#"  | quote the `#` if it is text

    "a: &x b\n&x c: d\nd: *x\n e: *x\n"
    syntax: wrong indentation | 4: "e: *x"  | start the keys of one map in the same column, deeper than the key that holds them
    "##);
}

#[test]
fn one_run_reports_several() {
    let text =
        "a:\n  b: @x\n    deeper: ignored\n  c: 1\n  d: `y`\n  c: 2\ne:\n- f: %z\n- g: 1\nh: 'it's'\nh: 2\nh: 3\n";
    assert_snapshot!(bad(text), @r#"
    syntax: a value can't start with `@` | 2: "@x"  | put the whole value in quotes
    syntax: a value can't start with a backtick | 5: "`y`"  | put the whole value in quotes
    syntax: a value can't start with `%` | 8: "%z"  | put the whole value in quotes
    syntax: text after the closing quote | 10: "s'"  | write `''` for a quote inside single quotes
    duplicate: key `h` twice | 12: "h" again here | 11: "h" first here | remove one, or give it another name
    "#);
}

#[test]
fn duplicate_keys_keep_the_first() {
    let text = "a: 1\nb: {c: 1, 'c': 2}\na: 2\n";
    assert_snapshot!(bad(text), @r#"
    duplicate: key `c` twice | 2: "'c'" again here | 2: "c" first here | remove one, or give it another name
    duplicate: key `a` twice | 3: "a" again here | 1: "a" first here | remove one, or give it another name
    "#);
    assert_eq!(bare(&read(text).0.expect("a value")), "{a: \"1\", b: {c: \"1\"}}");
    let many = repeat(20, |i| format!("k{}: {i}\n", i % 15));
    let (node, out) = read(&many);
    assert_eq!((node.expect("a value").as_map().expect("a map").len(), out.iter().count()), (15, 5));
}

#[test]
fn aliases_copy_and_are_bounded() {
    assert_eq!(bare(&good("a: &x {b: [1]}\nc: *x\n? &k d\n: 1\n")), "{a: {b: [\"1\"]}, c: {b: [\"1\"]}, d: \"1\"}");
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    for i in 1..30 {
        let _ = writeln!(bomb, "a{i}: &a{i} [*a{0}, *a{0}]", i - 1);
    }
    assert_snapshot!(bad(&bomb), @r#"syntax: aliases repeat more than 100000 values or 16 MiB | 15: "*a13"  | write the values out"#);
    let wide = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(40_000));
    assert_snapshot!(bad(&wide).replace(&"x".repeat(1 << 20), "…"), @r#"syntax: aliases repeat more than 100000 values or 16 MiB | 2: "*a"  | write the values out"#);
    let deep = format!("a: &a {}{}\nb: {}*a{}\n", "[".repeat(40), "]".repeat(40), "[".repeat(40), "]".repeat(40));
    assert!(bad(&deep).contains("nested deeper"));
}

#[test]
fn hostile_files_end_soon() {
    let nested = repeat(200, |i| format!("{}a:\n", " ".repeat(i)));
    let cases = [
        "{a: ".repeat(100_000),
        "[".repeat(1_000_000),
        "- ".repeat(1_000_000),
        "? ".repeat(1_000_000),
        nested,
        format!("a: {}", "x".repeat(64 << 20)),
        "&a ".repeat(100_000),
        "*a ".repeat(100_000),
        "!".repeat(1_000_000),
        format!("{{{}", "a: 1, ".repeat(200_000)),
        "\"".repeat(1_000_001),
        "a: @\n".repeat(100_000),
        "'\n".repeat(100_000),
        format!("a: |\n{}", " \n".repeat(200_000)),
        "a:\n".repeat(200_000),
        "\t".repeat(1_000_000),
        "#\n".repeat(500_000),
        repeat(2000, |i| format!("{}a: @\n", " ".repeat(1999 - i))),
        repeat(2000, |i| format!("{}a: @\n", " ".repeat(i % 60))),
        format!("{}\na: 1\n", "---\n".repeat(100_000)),
        "a: \n- @\n".repeat(50_000),
    ];
    for text in cases {
        let start = Instant::now();
        let (_, out) = read(&text);
        let shown: String = text.chars().take(20).collect();
        assert!(start.elapsed() < Duration::from_secs(20), "{shown:?} took {:?}", start.elapsed());
        assert!(out.iter().count() <= 100, "{shown:?}");
    }
}

#[test]
fn places_inside_scalars() {
    let at = |source: &str, word: &str| -> String {
        let node = good(source);
        let value = node.get("a").expect("the entry");
        let (text, span) = (value.as_text().expect("text"), value.span.expect("a place"));
        let start = text.find(word).expect("the word");
        let found = locate(source, span, text, start, start + word.len());
        format!("{}:{:?}", found.start, &source[found.start as usize..found.end as usize])
    };
    let cases = [
        ("a: select é from x\n", "from"),
        ("a: 'it''s from'\n", "from"),
        ("a: \"x\\t\\u00e9 from\\n\"\n", "from"),
        ("a: |\n    x\n\n      y  z\n  \n    from b\n", "from b"),
        ("a: |\n    x\n\n      y  z\n", "  y"),
        ("a: |\n    x\n\n      y  z\n", "  z"),
        ("a: >\n  x y\n  z from\n", "z from"),
        ("a: x y\n  z from\n", "from"),
        ("a: \"x y\n  z from\"\n", "from"),
        ("a: \"x y\\n\n  z from\"\n", "from"),
        ("a: |\n  \"x\"\n", "x"),
    ];
    let shown: Vec<_> =
        cases.iter().map(|(source, word)| format!("{source:?} {word:?} {}", at(source, word))).collect();
    assert_snapshot!(shown.join("\n"), @r#"
    "a: select é from x\n" "from" 13:"from"
    "a: 'it''s from'\n" "from" 10:"from"
    "a: \"x\\t\\u00e9 from\\n\"\n" "from" 14:"from"
    "a: |\n    x\n\n      y  z\n  \n    from b\n" "from b" 30:"from b"
    "a: |\n    x\n\n      y  z\n" "  y" 16:"  y"
    "a: |\n    x\n\n      y  z\n" "  z" 19:"  z"
    "a: >\n  x y\n  z from\n" "z from" 13:"z from"
    "a: x y\n  z from\n" "from" 11:"from"
    "a: \"x y\n  z from\"\n" "from" 12:"from"
    "a: \"x y\\n\n  z from\"\n" "from" 3:"\"x y\\n\n  z from\""
    "a: |\n  \"x\"\n" "x" 8:"x"
    "#);
    assert_eq!(at("a: x y\n", ""), "3:\"\"");
}

#[test]
fn bytes_that_are_not_utf8_have_a_place() {
    assert_eq!(read_utf8("é".as_bytes()).expect("UTF-8"), "é");
    let problem = read_utf8(b"a\n\xc3\xa9 \xff").expect_err("not UTF-8");
    assert_eq!((problem.message.as_str(), problem.within), ("not UTF-8: byte 0xff at line 2, column 3", Some((5, 6))));
    assert!(read_utf8(b"\xff\xfea\0").expect_err("UTF-16").message.contains("UTF-16"));
}

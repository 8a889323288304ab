//! What people see.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::diagnostic::{Code, FileId, Problem, Span, Statement};

const PLAIN: Style = Style { color: false, width: 80, unicode: true };

fn place(file: FileId, text: &str, word: &str) -> Span {
    let start = text.find(word).expect("the word");
    let number = |n| u32::try_from(n).expect("a small file");
    Span { file, start: number(start), end: number(start + word.len()) }
}

fn one(diagnostic: impl Into<Diagnostic>) -> Diagnostics {
    let mut all = Diagnostics::default();
    all.push(diagnostic);
    all
}

#[test]
fn a_problem_with_its_line_and_cure() {
    let text = "schemas:\n  shop:\n    colour: é # red\n    comment: x\n";
    let mut sources = Sources::default();
    let file = sources.add("schema.yaml", text);
    let problem = Problem::new(Code::UnknownKey, "unknown key `colour`").help("did you mean `color`?");
    let mut all = one(problem.at(place(file, text, "colour"), "nothing reads this"));
    all.push(Problem::new(Code::Usage, "no database given").help("set `--database` or `DBSTATE_DATABASE`"));
    assert_snapshot!(render(&all, &sources, PLAIN), @r"
    unknown-key

      × unknown key `colour`
       ╭─[schema.yaml:3:5]
     2 │   shop:
     3 │     colour: é # red
       ·     ───┬──
       ·        ╰── nothing reads this
     4 │     comment: x
       ╰────
      help: did you mean `color`?

    usage

      × no database given
      help: set `--database` or `DBSTATE_DATABASE`
    ");
    assert_snapshot!(render(&all, &sources, Style { unicode: false, ..PLAIN }), @r"
    unknown-key

      x unknown key `colour`
       ,-[schema.yaml:3:5]
     2 |   shop:
     3 |     colour: é # red
       :     ^^^|^^
       :        `-- nothing reads this
     4 |     comment: x
       `----
      help: did you mean `color`?

    usage

      x no database given
      help: set `--database` or `DBSTATE_DATABASE`
    ");
    assert_snapshot!(render_short(&all, &sources), @r"
    schema.yaml:3:5: error[unknown-key]: unknown key `colour` (did you mean `color`?)
    error[usage]: no database given (set `--database` or `DBSTATE_DATABASE`)
    ");
    assert!(render(&all, &sources, Style { color: true, ..PLAIN }).contains("\u{1b}["));
}

#[test]
fn places_in_several_files_stand_under_one_message() {
    let (a, b) = ("a: 1\nb: 2\nc: 3\nd: 4\n", "x: 1\ny: 2\n");
    let mut sources = Sources::default();
    let (first, second) = (sources.add("a.yaml", a), sources.add("dir/b.yaml", b));
    let diagnostic = Diagnostic::new(Code::Duplicate, "table `shop.orders` twice")
        .label(place(second, b, "y"), "again here")
        .label(place(first, a, "d: 4"), "first here")
        .label(place(first, a, "b: 2\nc: 3"), "and here");
    assert_snapshot!(render(&one(diagnostic), &sources, PLAIN), @r"
    duplicate

      × table `shop.orders` twice
       ╭─[dir/b.yaml:2:1]
     1 │ x: 1
     2 │ y: 2
       · ┬
       · ╰── again here
       ╰────
       ╭─[a.yaml:4:1]
     1 │ a: 1
     2 │ b: 2
       · ──┬─
       ·   ╰── and here
     3 │ c: 3
     4 │ d: 4
       · ──┬─
       ·   ╰── first here
       ╰────
    ");
}

#[test]
fn a_failed_statement_is_shown_with_the_yaml() {
    let text = "views:\n  v: select nme from t\n";
    let mut sources = Sources::default();
    let file = sources.add("schema.yaml", text);
    let sql = "create view shop.v as\n  select nme\n  from shop.t";
    let statement =
        Statement { sql: sql.into(), position: sql.find("nme"), text: "column \"nme\" does not exist".into() };
    let diagnostic = Diagnostic::new(Code::Server, "PostgreSQL refused the statement")
        .label(place(file, text, "select nme from t"), "made from this")
        .statement(statement.clone());
    assert_snapshot!(render(&one(diagnostic), &sources, PLAIN), @r#"
    server

      × PostgreSQL refused the statement
       ╭─[schema.yaml:2:6]
     1 │ views:
     2 │   v: select nme from t
       ·      ────────┬────────
       ·              ╰── made from this
       ╰────
       ╭─[statement:2:10]
     1 │ create view shop.v as
     2 │   select nme
       ·          ─┬─
       ·           ╰── column "nme" does not exist
     3 │   from shop.t
       ╰────
    "#);
    let bare = Diagnostic::new(Code::Server, "lost").statement(Statement { position: None, ..statement });
    assert_snapshot!(render(&one(bare), &sources, PLAIN), @r#"
    server

      × lost
       ╭─[statement:1:1]
     1 │ create view shop.v as
       · ──────────┬──────────
       ·           ╰── column "nme" does not exist
     2 │   select nme
       ╰────
    "#);
}

#[test]
fn long_lines_and_long_places_are_cropped() {
    let long = format!("{{{} here: 1, {}}}", "a: é, ".repeat(100_000), "b: 2, ".repeat(100_000));
    let many = format!("top:\n{}", "  k: v\n".repeat(1000));
    let mut sources = Sources::default();
    let (first, second) = (sources.add("min.yaml", long.as_str()), sources.add("many.yaml", many.as_str()));
    let mut all = one(Problem::new(Code::Syntax, "odd").at(place(first, &long, "here"), "this"));
    all.push(Problem::new(Code::WrongType, "missing key `x`").at(place(second, &many, &many), "in this map"));
    all.push(Problem::new(Code::WrongType, "all").at(place(first, &long, &long), ""));
    assert_snapshot!(render(&all, &sources, PLAIN), @r"
    syntax

      × odd
       ╭─[min.yaml:1:600003]
     1 │ … é, a: é, a: é, a: é,  here: 1, b: 2, b: 2, b: 2, b: 2, b: 2, b: 2, …
       ·                         ──┬─
       ·                           ╰── this
       ╰────

    wrong-type

      × missing key `x`
       ╭─[many.yaml:1:1]
     1 │ top:
       · ──┬─
       ·   ╰── in this map
     2 │   k: v
       ╰────

    wrong-type

      × all
       ╭─[min.yaml:1:1]
     1 │ {a: é, a: é, a: é, a: é, a: é, a: é, a: é, a: é, a: é, a: é, a: é, a…
       · ────────────────────────────────────────────────────────────────────
       ╰────
    ");
}

#[test]
fn odd_places_and_characters_do_no_harm() {
    let text = "a: \u{1b}[31mred\r\nb: \u{202e}x\tz\r\n";
    let mut sources = Sources::default();
    let (file, empty) = (sources.add("a\u{7}.yaml", text), sources.add("empty.yaml", ""));
    let end = u32::try_from(text.len()).expect("small");
    let mut all = one(Problem::new(Code::Syntax, "odd \u{1b}[0m").at(place(file, text, "z"), "z\u{7}"));
    all.push(Problem::new(Code::Syntax, "at the end").at(Span { file, start: end, end }, "here"));
    all.push(Problem::new(Code::Syntax, "past the end").at(Span { file, start: end + 9, end: 3 }, "here"));
    all.push(Problem::new(Code::Syntax, "empty").at(Span { file: empty, start: 0, end: 0 }, "here"));
    let shown = render(&all, &sources, PLAIN);
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']));
    assert_snapshot!(shown, @r"
    syntax

      × odd ·[0m
       ╭─[a·.yaml:2:7]
     1 │ a: ·[31mred
     2 │ b: ·x   z
       ·         ┬
       ·         ╰── z·
       ╰────

    syntax

      × at the end
       ╭─[a·.yaml:3:1]
     2 │ b: ·x   z
     3 │ 
       · ▲
       · ╰── here
       ╰────

    syntax

      × past the end
       ╭─[a·.yaml:3:1]
     2 │ b: ·x   z
     3 │ 
       · ▲
       · ╰── here
       ╰────

    syntax

      × empty
       ╭─[empty.yaml:1:1]
     1 │ 
       · ▲
       · ╰── here
       ╰────
    ");
    assert_snapshot!(render_short(&all, &sources), @r"
    a·.yaml:2:7: error[syntax]: odd ·[0m
    a·.yaml:3:1: error[syntax]: at the end
    a·.yaml:3:1: error[syntax]: past the end
    empty.yaml:1:1: error[syntax]: empty
    ");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_places_in_any_text_are_shown(
        text in "[a-zé\u{1b}\t \r\n]{0,120}",
        spans in prop::collection::vec((0..140_u32, 0..140_u32, "[a-z\n]{0,4}"), 1..5),
        width in 0..60_usize,
    ) {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let mut diagnostic = Diagnostic::new(Code::Syntax, "odd");
        for (start, end, label) in spans {
            diagnostic = diagnostic.label(Span { file, start, end }, label);
        }
        let shown = render(&one(diagnostic.clone()), &sources, Style { width, ..PLAIN });
        prop_assert!(shown.contains("[a.yaml:") && !shown.contains(['\u{1b}', '\r']), "{}", shown);
        prop_assert_eq!(render_short(&one(diagnostic), &sources).lines().count(), 1);
    }
}

#[test]
fn lines_break_at_blanks_alone() {
    let text = "no such socket: `/var/run/postgresql/.s.PGSQL.5432`, tried `/tmp`\nand more";
    assert_eq!(wrap(text, 20), "no such socket:\n`/var/run/postgresql/.s.PGSQL.5432`,\ntried `/tmp`\nand more");
    assert_eq!(wrap("  indented", 40), "  indented");
    assert_eq!(wrap("", 40), "");
}

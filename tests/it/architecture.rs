//! The rules of the house, kept by reading the source: who may import whom, that no phase names a kind, which module sees
//! which crate, and that every file is where `ARCHITECTURE.md` says.
//!
//! Code is read as Rust's own tokens, so comments and strings are no imports. Tests inside `src` may look anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What each module of the crate may import, the lowest first. A module may always import itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // The ground: nouns and pure functions.
    ("diagnostic", &[]),
    ("sql", &["diagnostic"]),
    ("model", &["diagnostic"]),
    // It reads itself from YAML as specs do.
    ("secret", &["diagnostic"]),
    // Servers: how to reach one, and the embedded one.
    ("session", &["diagnostic"]),
    ("local", &["diagnostic"]),
    // What one kind of object is.
    ("kind", &["diagnostic", "model", "sql"]),
    ("kinds", &["diagnostic", "model", "sql", "secret", "kind"]),
    // Phases. None imports `kinds`: each is handed the register.
    ("declare", &["diagnostic", "model", "sql", "kind"]),
    ("catalog", &["diagnostic", "model", "sql", "session", "kind"]),
    ("diff", &["diagnostic", "model", "kind"]),
    // It renames in the live state first, and only then compares.
    ("plan", &["diagnostic", "model", "sql", "kind", "diff"]),
    // A plan in a file: what it stands on is digested as the ledger does.
    ("saved", &["diagnostic", "model", "kind", "declare", "plan"]),
    ("apply", &["diagnostic", "model", "sql", "session", "plan"]),
    // A scratch database is planned, built and read as any other.
    ("scratch", &["diagnostic", "model", "sql", "session", "kind", "catalog", "plan"]),
    // Its digests are of the canonical text that `declare::write` writes.
    ("ledger", &["diagnostic", "model", "sql", "session", "kind", "declare"]),
    ("access", &["model", "sql", "kind"]),
    // Many databases, by their plans.
    ("fleet", &["diagnostic", "model", "plan"]),
    ("report", &["diagnostic", "model", "sql", "plan", "access", "fleet"]),
    // Commands, and their terminal.
    (
        "ops",
        &[
            "diagnostic",
            "model",
            "sql",
            "session",
            "kind",
            "kinds",
            "declare",
            "catalog",
            "scratch",
            "ledger",
            "diff",
            "plan",
            "saved",
            "apply",
            "access",
            "fleet",
            "report",
        ],
    ),
    (
        "cli",
        &[
            "diagnostic",
            "model",
            "sql",
            // Only to hand over what `--env-file` says.
            "secret",
            "session",
            "local",
            "kind",
            "kinds",
            "declare",
            "diff",
            "plan",
            "saved",
            "apply",
            "access",
            "fleet",
            "report",
            "ops",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli"]),
];

/// The phases: they know no kind.
const PHASES: [&str; 11] =
    ["declare", "catalog", "scratch", "ledger", "diff", "plan", "saved", "apply", "access", "fleet", "report"];

/// The only modules that see a crate.
const SEES: &[(&str, &[&str])] = &[
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("lsp_server", &["cli"]),
    ("lsp_types", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("granit_parser", &["declare"]),
    ("serde_yaml", &[]),
    ("miette", &["report"]),
    ("petgraph", &["plan"]),
    ("dagre", &["report"]),
    ("similar", &["diff"]),
    ("squawk_lexer", &["sql"]),
    ("squawk_syntax", &["sql"]),
    ("tokio", &["session", "catalog", "apply", "cli"]),
    ("tokio_postgres", &["session", "catalog", "scratch", "ledger", "apply"]),
    ("rustls", &["session"]),
];

/// Files of `src` with more than [`LONGEST`] lines, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// The lines a file may have.
const LONGEST: usize = 500;

#[test]
fn imports_go_downwards() {
    let rules: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut broken = Vec::new();
    for file in sources() {
        let Some(allowed) = rules.get(file.top()) else {
            broken.push(format!("{}: module `{}` has no line in MAY_IMPORT", file.name, file.top()));
            continue;
        };
        for path in file.paths() {
            let Some(to) = path.within_crate(file) else { continue };
            if to != file.top() && rules.contains_key(to.as_str()) && !allowed.contains(&to.as_str()) {
                broken.push(format!("{}:{}: `{}` may not import `{to}`", file.name, path.line, file.top()));
            }
        }
    }
    none(&broken, "imports against the rule in ARCHITECTURE.md");
}

#[test]
fn the_rule_of_imports_has_no_circle() {
    for (i, (module, allowed)) in MAY_IMPORT.iter().enumerate() {
        let below: Vec<&str> = MAY_IMPORT[..i].iter().map(|(m, _)| *m).collect();
        for to in *allowed {
            assert!(below.contains(to), "`{module}` may import `{to}`, which does not stand above it in the list");
        }
    }
}

#[test]
fn no_phase_names_a_kind() {
    let kinds = register();
    let mut broken = Vec::new();
    for file in sources().iter().filter(|f| PHASES.contains(&f.top())) {
        // A kind's type can be reached through `kinds` alone.
        for path in file.paths().into_iter().filter(|p| p.within_crate(file).as_deref() == Some("kinds")) {
            broken.push(format!("{}:{}: `kinds` is imported", file.name, path.line));
        }
        for word in file.words() {
            let Word::Text(text) = &word.token else { continue };
            // A key of the JSON format is no kind.
            if kinds.iter().any(|(name, _)| name == text) && word.next != Some(Tree::Punct(':')) {
                broken.push(format!("{}:{}: \"{text}\"", file.name, word.line));
            }
        }
    }
    none(&broken, "phases that name a kind");
}

#[test]
fn crates_are_seen_where_they_belong() {
    let mut broken = Vec::new();
    for file in sources() {
        for path in file.paths().into_iter().filter(|p| p.segments.len() > 1) {
            let Some((name, seen_by)) = SEES.iter().find(|(name, _)| *name == path.segments[0]) else { continue };
            if !seen_by.contains(&file.top()) {
                broken.push(format!("{}:{}: `{}` may not see crate `{name}`", file.name, path.line, file.top()));
            }
        }
    }
    none(&broken, "modules that see a crate they should not");
}

#[test]
fn only_the_command_line_prints() {
    const MACROS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
    let mut broken = Vec::new();
    for file in sources().iter().filter(|f| f.top() != "cli") {
        for word in file.words() {
            let Word::Ident(name) = &word.token else { continue };
            let printed = MACROS.contains(&name.as_str()) && word.next == Some(Tree::Punct('!'));
            let called = word.in_path && word.next == Some(Tree::Open(Delimiter::Parenthesis));
            if printed || (called && ["stdout", "stderr"].contains(&name.as_str())) {
                broken.push(format!("{}:{}: `{name}`", file.name, word.line));
            }
        }
    }
    none(&broken, "output outside `cli`");
}

#[test]
fn every_test_file_is_listed() {
    let dir = root().join("tests/it");
    let main = fs::read_to_string(dir.join("main.rs")).expect("tests/it/main.rs is there");
    let listed: BTreeSet<&str> = main.lines().filter_map(|l| l.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let present: BTreeSet<String> = modules_of(&dir).into_iter().filter(|m| m != "main").collect();
    let missing = present.iter().filter(|m| !listed.contains(m.as_str()));
    let missing: Vec<String> = missing.map(|m| format!("tests/it/{m}.rs")).collect();
    none(&missing, "test files without a `mod` line in tests/it/main.rs");
}

#[test]
fn every_kind_is_in_the_register() {
    let listed: BTreeSet<String> = register().into_iter().map(|(module, _)| module).collect();
    let mut present: BTreeSet<String> = modules_of(&root().join("src/kinds")).into_iter().collect();
    for shared in ["mod", "part"] {
        assert!(present.remove(shared), "src/kinds has `{shared}`");
    }
    assert_eq!(listed, present, "the register (left) and the files of src/kinds (right) are the same");
}

#[test]
fn the_map_has_every_module() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the map is there");
    let (_, table) = map.split_once("\n## Modules\n").expect("it has a section for modules");
    let row = |l: &str| l.strip_prefix("| `")?.split_once('`').map(|(module, _)| module.to_owned());
    let listed: BTreeSet<String> = table.lines().take_while(|l| !l.starts_with('#')).filter_map(row).collect();
    let mut present: BTreeSet<String> = modules_of(&root().join("src")).into_iter().collect();
    for target in ["lib", "main"] {
        assert!(present.remove(target), "src has `{target}.rs`");
    }
    assert_eq!(listed, present, "the modules in ARCHITECTURE.md (left) and in src (right) are the same");
}

#[test]
fn files_are_short() {
    let reasons: BTreeMap<&str, &str> = LONG_FILES.iter().copied().collect();
    let long: Vec<String> = ["src", "tests", "benches"]
        .iter()
        .flat_map(|dir| rust_files(&root().join(dir)))
        .map(|path| (fs::read_to_string(&path).expect("a source is text").lines().count(), relative(&path)))
        .filter(|(lines, name)| *lines > LONGEST && !reasons.contains_key(name.as_str()))
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    none(&long, "files that should be two");
}

fn none(broken: &[String], what: &str) {
    assert!(broken.is_empty(), "{what}:\n{}", broken.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("a file of the project").display().to_string()
}

/// Module and type of every line of `kinds!`.
fn register() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("src/kinds/mod.rs")).expect("the register is there");
    let (_, list) = text.split_once("\nkinds! {").expect("src/kinds/mod.rs calls `kinds!`");
    let (list, _) = list.split_once("\n}").expect("the list is closed");
    let line = |l: &str| l.trim().strip_suffix(',')?.split_once("::").map(|(m, t)| (m.to_owned(), t.to_owned()));
    let kinds: Vec<_> = list.lines().filter_map(line).collect();
    assert!(kinds.len() > 10, "the register was read");
    kinds
}

/// The modules that the files and folders of a directory make.
fn modules_of(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory").flatten().map(|e| e.path());
    let module = |p: &PathBuf| p.is_dir() || p.extension().is_some_and(|e| e == "rs");
    let stem = |p: PathBuf| Some(p.file_stem()?.to_str()?.to_owned());
    let mut list: Vec<String> = entries.filter(module).filter_map(stem).collect();
    list.sort();
    list.dedup();
    list
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut list = Vec::new();
    for path in fs::read_dir(dir).expect("a directory").flatten().map(|e| e.path()) {
        if path.is_dir() {
            list.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            list.push(path);
        }
    }
    list.sort();
    list
}

/// A file of `src`, tests left out.
struct Source {
    /// From the root of the project.
    name: String,
    /// The modules it stands in: `["plan", "emit"]`.
    module: Vec<String>,
    tokens: Vec<Token>,
}

/// A token that is no group, with what stands around it.
#[derive(Clone)]
struct Token {
    tree: Tree,
    line: usize,
    /// How many inline modules it stands in.
    depth: usize,
}

#[derive(Clone, PartialEq)]
enum Tree {
    Ident(String),
    Text(String),
    Punct(char),
    Open(Delimiter),
    Close,
}

enum Word {
    Ident(String),
    Text(String),
}

struct Place {
    token: Word,
    line: usize,
    /// What follows.
    next: Option<Tree>,
    /// It follows `::`.
    in_path: bool,
}

/// A path as written: `crate::model::State`.
struct Written {
    segments: Vec<String>,
    line: usize,
    depth: usize,
}

impl Written {
    /// The top module of the crate that it leads to; `None` for what lies outside the crate or cannot be told.
    fn within_crate(&self, file: &Source) -> Option<String> {
        let ups = self.segments.iter().take_while(|s| *s == "super").count();
        let depth = file.module.len() + self.depth;
        match self.segments.first().map(String::as_str)? {
            "crate" | "dbstate" => self.segments.get(1).cloned(),
            // Out of every inline module, and out of the file's own modules up to the root of the crate.
            "super" if ups == depth => self.segments.get(ups).cloned(),
            _ => None,
        }
    }
}

fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(read_sources)
}

fn read_sources() -> Vec<Source> {
    let files = rust_files(&root().join("src"));
    let is_test = |p: &PathBuf| p.components().any(|c| matches!(c.as_os_str().to_str(), Some("tests.rs" | "tests")));
    let sources: Vec<Source> = files.into_iter().filter(|p| !is_test(p)).map(|p| Source::read(&p)).collect();
    assert!(sources.len() > 50, "the source was found");
    sources
}

impl Source {
    fn read(path: &Path) -> Self {
        let name = relative(path);
        let text = fs::read_to_string(path).expect("a source is text");
        let stream: TokenStream = text.parse().unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut tokens = Vec::new();
        flatten(stream, 0, &mut tokens);
        let mut module: Vec<String> =
            name.trim_start_matches("src/").trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|m| m == "mod") {
            module.pop();
        }
        Self { name, module, tokens }
    }

    /// The module right under the crate.
    fn top(&self) -> &str {
        &self.module[0]
    }

    /// Every path of two or more segments, each branch of a group by itself.
    fn paths(&self) -> Vec<Written> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let start = matches!(&self.tokens[at].tree, Tree::Ident(_)) && !self.after_path(at);
            at = if start { self.path(at, &[], &mut out) } else { at + 1 };
        }
        out
    }

    fn after_path(&self, at: usize) -> bool {
        at >= 2 && self.is_separator(at - 2)
    }

    fn is_separator(&self, at: usize) -> bool {
        let is_colon = |i: usize| self.tokens.get(i).is_some_and(|t| t.tree == Tree::Punct(':'));
        is_colon(at) && is_colon(at + 1)
    }

    /// Reads the path that begins at `at`; returns where to go on.
    fn path(&self, mut at: usize, prefix: &[String], out: &mut Vec<Written>) -> usize {
        let (line, depth) = (self.tokens[at].line, self.tokens[at].depth);
        let mut segments = prefix.to_vec();
        while let Some(Tree::Ident(name)) = self.tokens.get(at).map(|t| &t.tree) {
            segments.push(name.clone());
            at += 1;
            if !self.is_separator(at) {
                break;
            }
            at += 2;
            if self.tokens.get(at).is_some_and(|t| t.tree == Tree::Open(Delimiter::Brace)) {
                return self.branches(at + 1, &segments, out);
            }
        }
        if segments.len() > 1 {
            out.push(Written { segments, line, depth });
        }
        at
    }

    /// Reads the branches of `a::{b, c::d}` from behind the bracket.
    fn branches(&self, mut at: usize, prefix: &[String], out: &mut Vec<Written>) -> usize {
        while let Some(token) = self.tokens.get(at) {
            at = match token.tree {
                Tree::Close => return at + 1,
                Tree::Ident(_) => self.path(at, prefix, out),
                Tree::Text(_) | Tree::Punct(_) | Tree::Open(_) => at + 1,
            };
        }
        at
    }

    /// Every identifier and every string.
    fn words(&self) -> Vec<Place> {
        let word = |(i, token): (usize, &Token)| {
            let token_word = match &token.tree {
                Tree::Ident(name) => Word::Ident(name.clone()),
                Tree::Text(text) => Word::Text(text.clone()),
                Tree::Punct(_) | Tree::Open(_) | Tree::Close => return None,
            };
            Some(Place {
                token: token_word,
                line: token.line,
                next: self.tokens.get(i + 1).map(|t| t.tree.clone()),
                in_path: self.after_path(i),
            })
        };
        self.tokens.iter().enumerate().filter_map(word).collect()
    }
}

/// The tokens in a row; doc comments and `mod tests { … }` left out.
fn flatten(stream: TokenStream, depth: usize, out: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let is_ident = |i: Option<usize>, text: &str| {
        i.and_then(|i| trees.get(i)).is_some_and(|t| matches!(t, TokenTree::Ident(name) if name == text))
    };
    for (i, tree) in trees.iter().enumerate() {
        let line = tree.span().start().line;
        let mut push = |tree: Tree| out.push(Token { tree, line, depth });
        match tree {
            TokenTree::Ident(name) => push(Tree::Ident(name.to_string())),
            TokenTree::Punct(punct) => push(Tree::Punct(punct.as_char())),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let inner = text.trim_start_matches(['r', 'b', '#']).trim_end_matches('#');
                push(Tree::Text(inner.trim_matches('"').to_owned()));
            }
            TokenTree::Group(group) => {
                let inline = i >= 2 && is_ident(Some(i - 2), "mod") && group.delimiter() == Delimiter::Brace;
                let is_tests = inline && is_ident(Some(i - 1), "tests");
                let mut inner = group.stream().into_iter();
                let is_doc = group.delimiter() == Delimiter::Bracket
                    && matches!(inner.next(), Some(TokenTree::Ident(name)) if name == "doc");
                if is_tests || is_doc {
                    continue;
                }
                push(Tree::Open(group.delimiter()));
                flatten(group.stream(), depth + usize::from(inline), out);
                out.push(Token { tree: Tree::Close, line: group.span_close().start().line, depth });
            }
        }
    }
}

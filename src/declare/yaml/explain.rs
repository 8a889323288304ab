//! Explains the YAML parser's errors: where the cause is, what is wrong, and the usual cure.

use granit_parser::ErrorKind;

use super::MAX_DEPTH;
use crate::diagnostic::{Code, Diagnostic, FileId, Label, Problem, Span};

const QUOTE_IT: &str = "put the whole value in quotes";
const SPACES: &str = "indent with spaces: YAML takes no tabs there";
const TOO_DEEP: &str = "nothing in a project is that deep: close the brackets, or check the indentation";
const BACKSLASH: &str = "write `\\\\` for a backslash, or put the text in single quotes";

/// The surroundings of an error.
pub(super) struct Scene<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    /// The byte the parser points at.
    pub(super) at: usize,
    /// The innermost open `[` or `{`.
    pub(super) open: Option<Span>,
    /// The scalar before it.
    pub(super) last: Option<Span>,
}

/// The explanation of an error.
struct Finding {
    message: String,
    help: Option<String>,
    span: Span,
    label: &'static str,
    /// Whether the rest of the file can be understood in spite of it.
    local: bool,
}

/// Returns a span of `text`, clipped to it and extended to whole characters.
pub(super) fn span(file: FileId, text: &str, start: usize, end: usize) -> Span {
    let start = text.floor_char_boundary(start.min(text.len()));
    let end = text.ceil_char_boundary(end.min(text.len())).max(start);
    let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Span { file, start: number(start), end: number(end) }
}

/// Reports nesting beyond the limit.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Problem::new(Code::Syntax, format!("nested deeper than {MAX_DEPTH} levels")).help(TOO_DEEP).at(span, "")
}

/// Reports `a:b` where `a: b` was meant.
pub(super) fn missing_space(colon: Span) -> Diagnostic {
    Problem::new(Code::Syntax, "no space after `:`").help("write `key: value`, or quote the text").at(colon, "")
}

/// Reports the rest of a value, which YAML takes for a key.
pub(super) fn after_a_comma(rest: Span, text: &str) -> Diagnostic {
    Problem::new(Code::Syntax, format!("`{text}` stands alone: a `,` ends a value between `{{` and `}}`"))
        .help("quote the whole value, or write it on a line of its own")
        .at(rest, "")
}

/// Returns the diagnostic for an error of the parser, and whether the lines after it are worth reading.
pub(super) fn explain(kind: &ErrorKind, scene: &Scene<'_>) -> (Diagnostic, bool) {
    let finding = scene.finding(kind);
    let resumes = finding.local && scene.open.is_none();
    let problem = Problem { help: finding.help, ..Problem::new(Code::Syntax, finding.message) };
    let mut diagnostic = problem.at(finding.span, finding.label);
    if let Some(open) = scene.open.filter(|open| open.start != finding.span.start) {
        diagnostic.labels.push(Label { span: open, text: "opened here".into() });
    }
    (diagnostic, resumes)
}

impl Finding {
    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    fn local(mut self) -> Self {
        self.local = true;
        self
    }
}

impl Scene<'_> {
    fn finding(&self, kind: &ErrorKind) -> Finding {
        use ErrorKind as E;
        match kind {
            E::RecursionLimitExceeded => self.here(format!("nested deeper than {MAX_DEPTH} levels")).help(TOO_DEEP),
            E::TabNotAllowed | E::TabInBlockIndentation | E::TabInIndentation => self.tab(self.at).local(),
            E::TabAtBlockScalarStart | E::TabInPlainScalar => self.tab(self.tab_after()),
            E::UnexpectedCharacter { character } => self.character(*character),
            E::MappingValueNotAllowed | E::InvalidColonPlacement => self.colon(),
            E::SimpleKeyExpected | E::InvalidSimpleKey => self
                .line("no `:` after a key")
                .help("write `key: value`; indent the line deeper if it goes on with the value above")
                .local(),
            E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => {
                let quote = self.char_at(self.at);
                let finding = self.here(format!("quote {quote} is never closed")).label("opened here");
                finding.help("close it, or quote the text the other way if it holds a quote")
            }
            E::InvalidTrailingSingleQuotedScalar => {
                self.line("text after the closing quote").help("write `''` for a quote inside single quotes").local()
            }
            E::InvalidTrailingDoubleQuotedScalar => self
                .line("text after the closing quote")
                .help("put the whole value in quotes; write `\\\"` for a quote inside double quotes")
                .local(),
            E::UnclosedFlowCollection { open } => {
                self.here(format!("`{open}` is never closed")).label("opened here").help("quote it if it is text")
            }
            E::MismatchedFlowCollectionEnd { open, close } => {
                let expected = if *open == '[' { ']' } else { '}' };
                self.here(format!("`{open}` closed by `{close}`"))
                    .label("opened here")
                    .help(format!("write `{expected}`, or quote the bracket if it is text"))
            }
            E::MisplacedFlowCollectionEnd => {
                self.here(format!("`{}` closes nothing", self.char_at(self.at))).help(QUOTE_IT).local()
            }
            E::UnknownAnchor => self.here("unknown anchor".into()),
            E::DirectiveDisallowed => self.line("a directive").help("remove it; quote the text if it starts with `%`"),
            E::BomInsideDocument => self.here("a byte-order mark inside the file".into()).help("remove it"),
            E::InvalidDocumentEnd => self.line("text after the end of the document").help("remove the `...`"),
            _ => self.indentation(kind).or_else(|| self.quoted(kind)).unwrap_or_else(|| self.other(kind)),
        }
    }

    /// Explains errors that are usually caused by a line that starts in the wrong column.
    fn indentation(&self, kind: &ErrorKind) -> Option<Finding> {
        use ErrorKind as E;
        let finding = match kind {
            E::ExpectedBlockMappingKey | E::UnexpectedEofBlockMapping => self.expected_key(),
            E::ExpectedBlockSequenceEntry | E::UnexpectedEofBlockSequence => {
                self.line("no `- ` in front of a list item").help("start every item of the list in the same column")
            }
            E::BlockSequenceEntryNotAllowed => self
                .here("a list item right after a key".into())
                .help("start the list on its own line, or quote the value if it is text that starts with `-`")
                .local(),
            E::InvalidIndentation | E::InvalidQuotedScalarIndent | E::InvalidFlowScalarIndent => {
                self.line("wrong indentation").help("indent the lines of a value deeper than its key")
            }
            E::InvalidBlockScalarIndent => {
                self.line("wrong indentation").help("indent no line of the text less than its first line")
            }
            E::MappingKeyNotAllowed => {
                self.here("`? ` starts a key, and none can stand here".into()).help(QUOTE_IT).local()
            }
            _ => return None,
        };
        Some(finding)
    }

    /// Explains errors inside quotes, block headers, anchors and tags, and between brackets.
    fn quoted(&self, kind: &ErrorKind) -> Option<Finding> {
        use ErrorKind as E;
        let finding = match kind {
            E::UnknownQuotedScalarEscape => self.escape().help(BACKSLASH).local(),
            E::InvalidQuotedScalarHexEscape
            | E::InvalidLowSurrogateHexEscape
            | E::InvalidLowSurrogate
            | E::MissingLowSurrogate
            | E::UnpairedLowSurrogate
            | E::InvalidUnicodeEscape => self.line("an escape that names no character").help(BACKSLASH).local(),
            E::InvalidBlockScalarHeader | E::ZeroBlockScalarIndent => {
                self.line("text after a block's `|` or `>`").help("start the text on the next line").local()
            }
            E::MissingAnchorOrAliasName => {
                let mark = self.char_at(self.at);
                self.here(format!("no name after `{mark}`")).help(format!("quote it if it is text: \"{mark}\"")).local()
            }
            E::ExpectedFlowMappingSeparator
            | E::UnexpectedEofFlowMapping
            | E::UnexpectedEofImplicitFlowMapping
            | E::ExpectedFlowSequenceSeparator
            | E::UnexpectedEofFlowSequence => {
                let close = if self.open.is_some_and(|o| self.char_at(o.start as usize) == '[') { ']' } else { '}' };
                let help =
                    if self.text.get(..self.at).unwrap_or_default().ends_with('$') && self.char_at(self.at) == '{' {
                        "quote the variable: between brackets, YAML takes its braces for its own"
                    } else {
                        "separate the entries with `,`; quote text that holds `: `"
                    };
                self.here(format!("no `,` or `{close}` here")).help(help)
            }
            E::BlockEntryInFlowCollection | E::PlainScalarStartsWithDashFlowIndicator => {
                self.here("`-` between brackets".into()).help("separate the items with `,`, or quote the text")
            }
            E::CommentNotSeparated => {
                self.here("no space before `#`".into()).help("quote the `#` if it is text").local()
            }
            E::CommentInterceptedScalar => self.line("a comment inside a text of several lines").help(QUOTE_IT),
            E::InvalidMappingValueWhitespace | E::FlowMappingValueAdjacentCollection | E::ExpectedWhitespace => {
                self.here("no space after `:`".into()).help("write `key: value`")
            }
            _ => return None,
        };
        Some(finding)
    }

    fn other(&self, kind: &ErrorKind) -> Finding {
        let message = kind.to_string();
        self.here(if message.is_empty() { "not YAML".into() } else { message }).help(QUOTE_IT)
    }

    fn character(&self, character: char) -> Finding {
        let finding = match character {
            '@' | '`' | '%' => self.line(&format!("a value can't start with {}", shown(character))),
            c if c.is_control() => self.control(c),
            c => self.here(format!("unexpected {}", shown(c))),
        };
        let help = match character {
            '\0' => "remove it: PostgreSQL takes no text with it".to_owned(),
            c if c.is_control() => format!("write it as an escape in double quotes: \"\\x{:02x}\"", c as u32),
            _ => QUOTE_IT.to_owned(),
        };
        finding.help(help).local()
    }

    /// Explains a control character. The parser points at the start of the text that contains it.
    fn control(&self, c: char) -> Finding {
        let at = self.text[self.at..].find(c).map_or(self.at, |offset| self.at + offset);
        let finding = self.here(format!("control character U+{:04X}", c as u32));
        Finding { span: self.span(at, at + c.len_utf8()), ..finding }
    }

    /// Explains a `: ` where no key is possible: the value contains one, or a line is indented too far.
    fn colon(&self) -> Finding {
        let Some(last) = self.last.filter(|l| self.open.is_none() && l.end as usize <= self.at) else {
            let help = "close the bracket before it, or quote text that holds `: `";
            return self.here("`:` in a place where no key can be".into()).help(help);
        };
        let key = &self.text[last.start as usize..last.end as usize];
        if key.chars().count() > 1024 {
            return self
                .here("a key of more than 1024 characters".into())
                .help("write `? key`, and `: value` below it");
        }
        let Some(newline) = key.rfind('\n') else {
            let help = "quote the value: in `a: b: c` YAML sees two keys on one line";
            return self.here("`: ` inside a value without quotes".into()).help(help).local();
        };
        if let Some(colon) = key.lines().next().and_then(|l| l.find(':')) {
            let at = last.start as usize + colon;
            let finding = Finding { span: self.span(at, at + 1), ..self.here("no space after `:`".into()) };
            return finding.help("write `key: value`");
        }
        let first = last.start as usize;
        let line_start = self.text[..first].rfind('\n').map_or(0, |i| i + 1);
        if self.text[line_start..first].trim_start_matches([' ', '-', '\u{feff}']).is_empty() {
            let end = first + key.lines().next().map_or(0, |l| l.trim_end().len());
            let finding = self.here("no `:` after a key".into());
            let key = &self.text[first..end];
            return Finding { span: self.span(first, end), ..finding }
                .help(format!("write `{key}:` above what belongs to it"));
        }
        let line = &key[newline + 1..];
        let start = last.start as usize + newline + 1 + (line.len() - line.trim_start().len());
        let finding = self.here("a key inside the value of the line above".into());
        Finding { span: self.span(start, last.end as usize), ..finding }
            .help("start it in the column of the keys beside it, or leave the value above empty")
    }

    /// Explains a place in a map where neither another key nor the end is found.
    fn expected_key(&self) -> Finding {
        let at = self.skip_space();
        let line = self.text[..at].rfind('\n').map_or(0, |i| i + 1);
        let is_item = self.text[line..at].trim_start().starts_with('-');
        match self.char_at(at) {
            _ if is_item => self
                .line("a list item where a key is expected")
                .help("indent the list deeper than its key, and leave the line of the key empty after the `:`"),
            '-' => self.line("a list item where a key is expected").help("indent the list deeper than its key"),
            ',' => self.line("a value can't start with `,`").help(QUOTE_IT).local(),
            '"' | '\'' => {
                self.line("quoted text where a key is expected").help("put the whole value in one pair of quotes")
            }
            _ => self
                .line("wrong indentation")
                .help("start the keys of one map in the same column, deeper than the key that holds them"),
        }
    }

    fn tab(&self, at: usize) -> Finding {
        let at = if self.char_at(at) == '\t' { at } else { at.saturating_sub(1) };
        let finding = self.here("a tab in the indentation".into());
        Finding { span: self.span(at, at + 1), ..finding }.help(SPACES)
    }

    fn escape(&self) -> Finding {
        let text = self.text.get(self.at..).unwrap_or_default();
        let mut chars = text.char_indices().skip(1);
        let known = "0abtnvfre \"/\\N_LPxuU\t\n\r";
        while let Some((at, c)) = chars.next() {
            let escaped = if c == '\\' { chars.next() } else { None };
            if let Some((_, e)) = escaped.filter(|&(_, e)| !known.contains(e)) {
                let start = self.at + at;
                let finding = self.here(format!("unknown escape `\\{e}`"));
                return Finding { span: self.span(start, start + 1 + e.len_utf8()), ..finding };
            }
        }
        self.here("unknown escape in double quotes".into())
    }

    /// Returns the first tab after the error that starts a line or follows its leading spaces.
    fn tab_after(&self) -> usize {
        let text = self.text.get(self.at..).unwrap_or_default();
        let lines = text.match_indices('\n').map(|(i, _)| &text[i + 1..]).map(|l| l.trim_start_matches(' '));
        lines.into_iter().find(|l| l.starts_with('\t')).map_or(self.at, |l| self.text.len() - l.len())
    }

    /// Makes a finding at the character that the parser points at.
    fn here(&self, message: String) -> Finding {
        let at = self.skip_space();
        Finding { message, help: None, span: self.span(at, at + 1), label: "", local: false }
    }

    /// Makes a finding at the rest of the line that the parser points at.
    fn line(&self, message: &str) -> Finding {
        let at = self.skip_space();
        let rest = self.text.get(at..).unwrap_or_default();
        let length = rest.lines().next().unwrap_or_default().trim_end().len();
        Finding { message: message.into(), help: None, span: self.span(at, at + length), label: "", local: false }
    }

    fn skip_space(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at + (rest.len() - rest.trim_start_matches([' ', '\n', '\r']).len())
    }

    fn char_at(&self, at: usize) -> char {
        self.text.get(at..).and_then(|t| t.chars().next()).unwrap_or('\n')
    }

    fn span(&self, start: usize, end: usize) -> Span {
        span(self.file, self.text, start, end)
    }
}

/// Quotes a character for a message; a backtick would end the backticks around it.
fn shown(c: char) -> String {
    if c == '`' { "a backtick".into() } else { format!("`{c}`") }
}

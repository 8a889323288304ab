//! Parses YAML 1.2 to a [`Node`] with the span of every key and value.
//!
//! This is stricter than YAML where YAML surprises: keys are text and unique; merge keys, custom tags, directives and
//! further documents are errors. Limits ensure that no file can hang the process or exhaust its memory: [`MAX_DEPTH`]
//! levels, [`MAX_NODES`] nodes, [`MAX_ALIAS_NODES`] nodes and [`MAX_ALIAS_BYTES`] bytes brought in by aliases.

mod build;
mod explain;
mod locate;
pub mod notes;
mod recover;

use granit_parser::{Options, Parser, options};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, FileId, Problem, Span};
use crate::model::node::{Node, Value};
use build::{Aliases, Builder};

pub use locate::locate;

/// The maximum nesting of lists and maps.
pub const MAX_DEPTH: usize = 64;
/// The maximum number of nodes in a file, including those brought in by aliases.
pub const MAX_NODES: usize = 10_000_000;
/// The maximum number of nodes brought in by aliases.
pub const MAX_ALIAS_NODES: usize = 100_000;
/// The maximum number of bytes of text brought in by aliases.
pub const MAX_ALIAS_BYTES: usize = 16 << 20;
/// The number of problems in a file after which reading stops.
const MAX_PROBLEMS: usize = 100;

/// Returns the value of a file, or `None` after a syntax error. The value of a file that is empty or contains only
/// comments is [`Value::Null`].
///
/// Every problem is pushed to `out`, in the order of the file. Duplicate keys, keys that are not text, tags, merge keys
/// and unknown anchors only leave out their entry. After a syntax error, reading starts again at the next line that can
/// be understood by itself, only to find further problems.
pub fn parse(file: FileId, text: &str, out: &mut Diagnostics) -> Option<Node> {
    read(file, text, Aliases::Resolved, out)
}

/// Parses like [`parse`], but reads every alias as the text `*name`: what is written, not what it means.
pub fn parse_as_written(file: FileId, text: &str, out: &mut Diagnostics) -> Option<Node> {
    read(file, text, Aliases::Kept, out)
}

fn read(file: FileId, text: &str, aliases: Aliases, out: &mut Diagnostics) -> Option<Node> {
    if u32::try_from(text.len()).is_err() {
        out.push(Diagnostic::new(Code::File, "file of 4 GiB or more").help("split it into several files"));
        return None;
    }
    let first = segment(file, text, 0, aliases);
    let mut found = first.found;
    let mut start = first.resume.and_then(|at| recover::line_after(text, at));
    while let Some(from) = start.filter(|_| found.len() < MAX_PROBLEMS) {
        let end = recover::segment_end(text, from);
        let next = segment(file, &text[..end], from, aliases);
        found.extend(next.found);
        start = match next.resume {
            Some(at) => recover::line_after(text, at),
            None => (!next.failed && end < text.len()).then_some(end),
        };
    }
    found.sort_by_key(|d| d.labels.first().map(|l| l.span.start));
    found.truncate(MAX_PROBLEMS);
    out.extend(found);
    (!first.failed).then(|| first.root.unwrap_or_else(|| empty(file, text)))
}

/// Returns the text of a file.
///
/// # Errors
/// A problem of class [`Code::File`] that gives the line and column of the first byte that is not UTF-8; its `within`
/// is that byte.
pub fn read_utf8(bytes: &[u8]) -> Result<&str, Problem> {
    let at = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(e) => e.valid_up_to(),
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Problem::new(Code::File, "text is UTF-16, not UTF-8").help("save the file as UTF-8").within(0, 2));
    }
    let before = std::str::from_utf8(&bytes[..at]).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    let message = format!("not UTF-8: byte 0x{:02x} at line {line}, column {column}", bytes[at]);
    Err(Problem::new(Code::File, message).help("save the file as UTF-8").within(at, at + 1))
}

/// Returns the text of the quoted scalar with this span.
pub fn unquoted(source: &str, span: Span) -> Option<String> {
    let written = source.get(span.start as usize..span.end as usize).filter(|w| w.starts_with(['"', '\'']))?;
    let node = parse(span.file, written, &mut Diagnostics::default())?;
    node.as_text().map(str::to_owned)
}

/// Parses `text[from..]` as one document, up to the first syntax error.
fn segment(file: FileId, text: &str, from: usize, aliases: Aliases) -> Builder<'_> {
    let mut limits = limits();
    limits.set_emit_comments(false);
    let mut builder = Builder::new(file, text, from, aliases);
    for item in Parser::new_from_str_with_options(&text[from..], limits) {
        let go_on = match item {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                builder.syntax_error(&error);
                false
            }
        };
        if !go_on {
            break;
        }
    }
    builder.finish();
    builder
}

/// Returns the parser's options, which are the same for every reader of a file.
fn limits() -> Options {
    options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        disallow_directives: true,
        emit_unresolved_aliases: true,
    }
}

/// Returns the value of an empty file.
fn empty(file: FileId, text: &str) -> Node {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    Node { value: Value::Null, span: Some(Span { file, start: end, end }) }
}

#[cfg(test)]
mod tests;

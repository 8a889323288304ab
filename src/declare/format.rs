//! Writes a file in the canonical layout: as `pull` writes it, with every comment kept.
//!
//! The meaning stays exactly the same. If that cannot be verified, the file is refused and left as it is.

mod canonical;

use super::layout::Layout;
use super::write::write_with;
use super::yaml::{self, notes};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, FileId, Span};
use crate::kind::Entry;
use crate::model::bridge::is_number;
use crate::model::node::{Node, Scalar, Value};

/// Returns the text of a file in the canonical layout. `register` determines the order of keys and the short forms;
/// without it both stay as they are.
///
/// Returns `None`, and adds problems, if the file is not valid YAML or contains something that has no place in the
/// layout.
pub fn format(
    file: FileId,
    text: &str,
    register: Option<&'static [Entry]>,
    problems: &mut Diagnostics,
) -> Option<String> {
    let mut found = Diagnostics::default();
    let root = yaml::parse_as_written(file, text, &mut found).filter(|_| found.is_empty());
    problems.extend(found);
    let mut root = root?;
    let layout = Layout::read(text, &root);
    if let Some(register) = register {
        canonical::file(&mut root, register, &layout);
    }
    let formatted = write_with(&root, &layout);
    if !says_the_same(file, &formatted, &root, text) {
        let start = u32::try_from(text.len() - text.trim_start().len()).unwrap_or(0);
        let span = Span { file, start, end: start + 1 };
        let message = "the file has comments or anchors in a place that no layout keeps";
        let problem = Diagnostic::new(Code::Syntax, message).help("move them to lines of their own above a key");
        problems.push(problem.label(span, ""));
        return None;
    }
    let dos = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    Some(if dos { formatted.replace('\n', "\r\n") } else { formatted })
}

/// Returns whether `formatted` has the value `wanted`, and every comment and anchor of the original text.
fn says_the_same(file: FileId, formatted: &str, wanted: &Node, text: &str) -> bool {
    let mut problems = Diagnostics::default();
    let Some(is) = yaml::parse_as_written(file, formatted, &mut problems) else { return false };
    let comments = |text: &str| {
        let mut list: Vec<String> =
            notes::read(text).comments.iter().map(|(start, end)| text[*start..*end].trim_end().to_owned()).collect();
        list.sort_unstable();
        list
    };
    let names = |text: &str| {
        let mut list: Vec<Box<str>> = notes::read(text).anchors.into_values().collect();
        list.sort_unstable();
        list
    };
    problems.is_empty()
        && alike(&is, wanted)
        && comments(formatted) == comments(text)
        && names(formatted) == names(text)
}

/// Returns whether two values are equal, regardless of their spans and quotes.
pub fn alike(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Null, Value::Null) => true,
        (Value::Scalar(one), Value::Scalar(other)) => one.text == other.text && literal(one) == literal(other),
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| alike(a, b))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|((k, a), (l, b))| k.text == l.text && alike(a, b))
        }
        (Value::Null | Value::Scalar(_) | Value::List(_) | Value::Map(_), _) => false,
    }
}

/// Returns whether a scalar is a number or a boolean.
fn literal(scalar: &Scalar) -> bool {
    scalar.plain && (matches!(&*scalar.text, "true" | "false") || is_number(&scalar.text))
}

#[cfg(test)]
mod tests;

//! A file in the canonical layout: as `pull` writes, with every comment kept.
//!
//! What it means stays the same to the letter; where that can't be shown, the file is refused and stays as it is.

mod canonical;

use super::layout::Layout;
use super::write::write_with;
use super::yaml::{self, notes};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, FileId, Span};
use crate::kind::Entry;
use crate::model::bridge::is_number;
use crate::model::node::{Node, Scalar, Value};

/// The text of a file in the canonical layout; `register` tells the order of keys and short forms, without it both stay
/// as they are.
///
/// `None`, and problems, where the file is no YAML, and where it says what the layout has no place for.
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

/// True where `formatted` holds what is wanted, and every comment and anchor of the text it was made from.
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

/// True for equal values, wherever they stand and however they are quoted.
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

/// True for a number or a boolean.
fn literal(scalar: &Scalar) -> bool {
    scalar.plain && (matches!(&*scalar.text, "true" | "false") || is_number(&scalar.text))
}

#[cfg(test)]
mod tests;

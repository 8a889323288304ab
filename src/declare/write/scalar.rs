//! Writes one scalar: plain, quoted, or as a literal block.

use std::fmt::Write as _;

use crate::model::bridge::is_number;
use crate::model::node::Scalar;

/// The position of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// As a value on its own line or after a key.
    Block,
    /// As a key of a block map.
    Key,
    /// Inside brackets.
    Flow,
}

/// Returns a scalar on one line. It is plain if every reader then reads this text (or, if `plain`, this number or
/// boolean), else quoted.
pub(super) fn inline(text: &str, plain: bool, context: Context) -> String {
    let literal = plain && (matches!(text, "true" | "false") || is_number(text));
    if literal || is_text_when_plain(text, context) {
        text.to_owned()
    } else if text.chars().all(is_printable) && text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        double_quoted(text)
    }
}

/// Returns multi-line text as a literal block, with lines at column `indent`, or `None` if some reader would not read
/// exactly this text.
pub(super) fn block(scalar: &Scalar, indent: usize) -> Option<String> {
    let body = scalar.text.trim_end_matches('\n');
    let last = body.rsplit('\n').next().unwrap_or_default();
    let exact = scalar.text.contains('\n')
        && !last.trim().is_empty()
        && scalar.text.chars().all(|c| matches!(c, '\n' | '\t') || is_printable(c));
    if !exact {
        return None;
    }
    // Without an indicator, a reader would take leading white space for indentation.
    let indicator = if scalar.text.starts_with([' ', '\n', '\t']) { "2" } else { "" };
    let ends = scalar.text.len() - body.len();
    let mut out = format!("|{indicator}{}\n", ["-", "", "+"][ends.min(2)]);
    for line in body.split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
        out.push('\n');
    }
    out.extend(std::iter::repeat_n('\n', ends.saturating_sub(1)));
    Some(out)
}

/// Returns whether a text needs no quotes, as every reader takes it for text.
fn is_text_when_plain(text: &str, context: Context) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let starts_well = first.is_alphabetic() || matches!(first, '_' | '(' | '$' | '/') || is_measure(text);
    let not_in_flow = [',', '[', ']', '{', '}', ':', '?', '#'];
    starts_well
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && (context != Context::Flow || !text.contains(not_in_flow))
        && !is_reserved(text)
}

/// Returns whether a text is like `30s` or `5 min`: it starts with a digit, but no reader takes it for a number, date
/// or time.
fn is_measure(text: &str) -> bool {
    let letter =
        |c: char| c.is_ascii_alphabetic() && !matches!(c.to_ascii_lowercase(), 'a'..='f' | 'o' | 't' | 'x' | 'z');
    text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(letter)
}

/// Returns whether some reader takes the word for a boolean, a null or a number.
fn is_reserved(text: &str) -> bool {
    const WORDS: [&str; 11] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Returns whether every reader accepts the character as it is, on one line.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a string cannot fail.
                let _ = if code < 0x100 { write!(out, "\\x{code:02X}") } else { write!(out, "\\u{code:04X}") };
            }
        }
    }
    out.push('"');
    out
}

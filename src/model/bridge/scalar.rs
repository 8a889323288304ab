//! Numbers and booleans in scalars, and scalars in messages.

use crate::diagnostic::{Code, Problem};
use crate::model::node::{Node, Scalar, Value};

/// Parses the whole number of a plain scalar, as in YAML 1.2: decimal, `0x` or `0o`.
pub(super) fn integer(text: &str) -> Option<i128> {
    let digits = |digits: &str, radix| {
        let all = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        i128::from_str_radix(digits, radix).ok().filter(|_| all)
    };
    if let Some(hex) = text.strip_prefix("0x") {
        return digits(hex, 16);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return digits(octal, 8);
    }
    match text.strip_prefix('-') {
        Some(rest) => digits(rest, 10).map(|n| -n),
        None => digits(text.strip_prefix('+').unwrap_or(text), 10),
    }
}

/// Parses the number of a plain scalar, as in YAML 1.2.
pub(super) fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if unsigned == text => return Some(f64::NAN),
        _ => {}
    }
    let number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit())
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    number.then(|| text.parse().ok()).flatten()
}

/// Returns whether [`integer`] or [`float`] can parse a scalar.
pub fn is_number(text: &str) -> bool {
    integer(text).is_some() || float(text).is_some()
}

/// Describes a node for messages: `text `abc``, `number `5``, `a list`.
pub(super) fn describe(node: &Node) -> String {
    match &node.value {
        Value::Scalar(s) if s.plain && matches!(&*s.text, "true" | "false") => format!("`{}`", s.text),
        Value::Scalar(s) if s.plain && is_number(&s.text) => format!("number `{}`", crop(&s.text)),
        Value::Scalar(s) if s.text.is_empty() => "empty text".into(),
        Value::Scalar(s) => format!("text `{}`", crop(&s.text)),
        Value::Null | Value::List(_) | Value::Map(_) => node.noun().into(),
    }
}

/// Returns the problem of a value that is not of the type `expected`.
pub(super) fn wrong_type(expected: &str, node: &Node) -> Problem {
    let problem = Problem::new(Code::WrongType, format!("expected {expected}, found {}", describe(node)));
    match &node.value {
        Value::Null if expected == "text" => problem.help("write `\"\"` for empty text"),
        Value::Null if expected == "a map" => problem.help("write `{}` for an empty map"),
        Value::Null if expected == "a list" => problem.help("write `[]` for an empty list"),
        Value::Scalar(s) if expected == "a list" => problem.help(format!("write `[{}]`", crop(&s.text))),
        Value::Null | Value::Scalar(_) | Value::List(_) | Value::Map(_) => problem,
    }
}

/// Returns the problem of a scalar that is not the expected number or boolean.
pub(super) fn wrong_scalar(expected: &str, node: &Node, scalar: &Scalar) -> Problem {
    let problem = wrong_type(expected, node);
    let is_boolean = expected.contains("true");
    let fits = match expected {
        "a number" => is_number(&scalar.text),
        _ if is_boolean => matches!(&*scalar.text, "true" | "false"),
        _ => integer(&scalar.text).is_some(),
    };
    let without = scalar.text.replace(['_', ','], "");
    if fits && !scalar.plain {
        problem.help("remove the quotes")
    } else if is_boolean {
        problem.help("write true or false")
    } else if without.len() < scalar.text.len() && is_number(&without) {
        problem.help(format!("write `{without}`"))
    } else {
        problem
    }
}

/// Returns the first line of `text`, cut to 60 characters.
pub(super) fn crop(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None if line.len() < text.trim_end().len() => format!("{line}…"),
        None => line.to_owned(),
    }
}

//! Turns serde's errors about a node into diagnostics.

use serde::de::{Error, Expected, Unexpected};

use super::scalar::crop;
use super::{BridgeError, suggest};
use crate::diagnostic::{Code, Problem, Span};

impl BridgeError {
    /// Sets the place to `span`, unless the error has one already.
    pub(super) fn or_at(mut self, span: Option<Span>) -> Self {
        self.span = self.span.or(span);
        self
    }
}

impl From<Problem> for BridgeError {
    fn from(problem: Problem) -> Self {
        Self { problem, span: None }
    }
}

impl Error for BridgeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Problem::from_text(&message.to_string()).into()
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {expected}, found {}", noun(&found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {expected}, found {length} of them"))
    }

    fn unknown_variant(word: &str, expected: &'static [&'static str]) -> Self {
        let problem = Problem::new(Code::WrongType, format!("unknown value `{}`", crop(word)));
        with_choices(problem, word, expected, "one of")
    }

    fn unknown_field(word: &str, expected: &'static [&'static str]) -> Self {
        let problem = Problem::new(Code::UnknownKey, format!("unknown key `{}`", crop(word)));
        with_choices(problem, word, expected, "the keys here are")
    }

    fn missing_field(field: &'static str) -> Self {
        Problem::new(Code::WrongType, format!("missing key `{field}`")).help(format!("write `{field}: …`")).into()
    }

    fn duplicate_field(field: &'static str) -> Self {
        Problem::new(Code::Duplicate, format!("key `{field}` twice")).into()
    }
}

/// Adds the help to a problem: the expected word that is nearest, or else all of them.
pub(super) fn with_choices(problem: Problem, word: &str, expected: &[&str], lead: &str) -> BridgeError {
    let problem = match suggest(word, expected.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None if expected.is_empty() => problem,
        None => {
            let all: Vec<_> = expected.iter().map(|e| format!("`{e}`")).collect();
            problem.help(format!("{lead} {}", all.join(", ")))
        }
    };
    problem.into()
}

fn noun(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Str("") => "empty text".into(),
        Unexpected::Str(s) => format!("text `{}`", crop(s)),
        Unexpected::Char(c) => format!("text `{c}`"),
        Unexpected::Bool(b) => format!("`{b}`"),
        Unexpected::Signed(n) => format!("number `{n}`"),
        Unexpected::Unsigned(n) => format!("number `{n}`"),
        Unexpected::Float(n) => format!("number `{n}`"),
        Unexpected::Unit | Unexpected::Option => "nothing".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a map".into(),
        other => other.to_string(),
    }
}

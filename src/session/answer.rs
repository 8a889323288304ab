//! Reads what the server answers: values, and what went wrong with a statement, as a diagnostic.

use tokio_postgres::error::ErrorPosition;
use tokio_postgres::row::RowIndex;
use tokio_postgres::types::{FromSql, Kind, Type};
use tokio_postgres::{Error, Row};

use crate::diagnostic::{Code, Diagnostic, Result, Statement};

/// What the server said, or how the connection was lost, as a fragment.
pub fn cause(error: &Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}

/// What the server said of `sql`, at the place it named; or that the connection was lost.
pub fn server_error(error: &Error, sql: &str) -> Box<Diagnostic> {
    let Some(db) = error.as_db_error() else {
        let message = format!("the connection was lost: {error}");
        let help = "run the command again; an apply goes on from what was committed";
        return Box::new(Diagnostic::new(Code::Connection, message).help(help));
    };
    let byte = |sql: &str, at: u32| sql.char_indices().nth((at as usize).saturating_sub(1)).map(|(byte, _)| byte);
    let (sql, position) = match db.position() {
        Some(ErrorPosition::Original(at)) => (sql, byte(sql, *at)),
        // Inside a routine's body, or a statement that PostgreSQL made itself.
        Some(ErrorPosition::Internal { position, query }) => (query.as_str(), byte(query, *position)),
        None => (sql, None),
    };
    let mut message = db.message().to_owned();
    if let Some(detail) = db.detail() {
        message = format!("{message} ({})", detail.replace('\n', "; "));
    }
    // Without a place, the message would only stand there twice.
    let text = if position.is_some() { db.message().to_owned() } else { String::new() };
    let statement = Statement { sql: sql.to_owned(), position, text };
    let mut diagnostic = Diagnostic::new(Code::Server, message).statement(statement);
    if let Some(hint) = db.hint() {
        diagnostic = diagnostic.help(hint.to_owned());
    }
    Box::new(diagnostic)
}

/// Reads the value of a column of our own query.
///
/// # Errors
/// An internal error if the value is not of this type, null for instance: the server is not what it says it is, or
/// something changed its answer on the way.
pub fn cell<'a, T: FromSql<'a>>(row: &'a Row, column: impl RowIndex + std::fmt::Display) -> Result<T> {
    row.try_get(column).map(|Sound(value)| value).map_err(|error| {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        let message = format!("the server's answer can't be read: {error}{source}");
        let help = "check that the connection leads to a PostgreSQL server, and nothing changes what it answers";
        Box::new(Diagnostic::new(Code::Internal, message).help(help))
    })
}

type Unreadable = Box<dyn std::error::Error + Sync + Send>;

/// A value whose arrays have as many elements as they say they have: the driver makes room for them unseen.
pub struct Sound<T>(pub T);

impl<'a, T: FromSql<'a>> FromSql<'a> for Sound<T> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> std::result::Result<Self, Unreadable> {
        if matches!(kind.kind(), Kind::Array(_)) && elements(raw).is_none_or(|count| count > raw.len() / 4) {
            return Err("an array is shorter than it says".into());
        }
        T::from_sql(kind, raw).map(Self)
    }

    fn from_sql_null(kind: &Type) -> std::result::Result<Self, Unreadable> {
        T::from_sql_null(kind).map(Self)
    }

    fn accepts(kind: &Type) -> bool {
        T::accepts(kind)
    }
}

/// The number of elements that an array announces; each takes four bytes or more. The header is the number of
/// dimensions, a flag and the type of the elements, and for each dimension its length and its first index.
fn elements(raw: &[u8]) -> Option<usize> {
    let number = |at: usize| usize::try_from(i32::from_be_bytes(raw.get(at..at + 4)?.try_into().ok()?)).ok();
    match number(0)? {
        0 => Some(0),
        dimensions @ 1..=6 => (0..dimensions).try_fold(1usize, |all, i| all.checked_mul(number(12 + 8 * i)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_that_says_too_much_is_an_error() {
        let array = |dimensions: i32, length: i32| {
            let header = [dimensions, 0, 25, length, 1, 1].map(i32::to_be_bytes).concat();
            [&header[..], b"x"].concat()
        };
        let read = |raw: &[u8]| Sound::<Vec<String>>::from_sql(&Type::TEXT_ARRAY, raw).map(|Sound(list)| list);
        assert_eq!(read(&array(1, 1)).expect("an array"), ["x"]);
        assert_eq!(read(&[0; 12]).expect("an array"), [""; 0]);
        for (dimensions, length) in [(1, i32::MAX), (1, -1), (6, 1), (7, 1), (-1, 1)] {
            assert!(read(&array(dimensions, length)).is_err(), "{dimensions} dimensions, {length} elements");
        }
        assert!(read(&[]).is_err());
    }
}

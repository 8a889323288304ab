//! What went wrong, where, and how to cure it: one type for every message a user can see.
//!
//! A [`Problem`] has no place yet: parsers and kinds make it. A [`Diagnostic`] is a problem with labels into the
//! sources it came from. [`Diagnostics`] collects them, so that one run reports everything. Messages are lower-case
//! fragments with names in backticks; the cure goes into `help`.

mod sources;

use std::fmt;

pub use sources::{Source, Sources};

/// A source file's number in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A range of bytes in one source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

/// The class of a problem: what `dbstate explain` knows, and which exit code follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A file can't be read, or is not UTF-8.
    File,
    /// Text that is not YAML, or past the limits on depth and size.
    Syntax,
    /// A key that nothing reads.
    UnknownKey,
    /// The same key or the same object twice.
    Duplicate,
    /// A value of another type than the key takes, or outside its range.
    WrongType,
    /// A name that nothing declares.
    Dangling,
    /// A secret written where anyone can read it.
    Secret,
    /// SQL text that PostgreSQL or the offline parser refuses.
    Sql,
    /// Something this server version lacks.
    Version,
    /// No connection, or it was lost.
    Connection,
    /// PostgreSQL answered a statement with an error.
    Server,
    /// A lock was not to be had in time.
    Lock,
    /// A hazard that nothing allows.
    Hazard,
    /// A change that PostgreSQL offers no safe way to make.
    Refused,
    /// A privilege that the role which applies lacks.
    Privilege,
    /// A saved plan that no longer fits its database, or is for another one.
    Stale,
    /// A file that is no saved plan, or not one of this version.
    PlanFile,
    /// Differences left after an apply.
    NotConverged,
    /// The command line or the configuration is wrong.
    Usage,
    /// The embedded server.
    Local,
    /// A defect of dbstate.
    Internal,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 21] = [
        Self::File,
        Self::Syntax,
        Self::UnknownKey,
        Self::Duplicate,
        Self::WrongType,
        Self::Dangling,
        Self::Secret,
        Self::Sql,
        Self::Version,
        Self::Connection,
        Self::Server,
        Self::Lock,
        Self::Hazard,
        Self::Refused,
        Self::Privilege,
        Self::Stale,
        Self::PlanFile,
        Self::NotConverged,
        Self::Usage,
        Self::Local,
        Self::Internal,
    ];

    /// The code as printed and as `dbstate explain` takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Syntax => "syntax",
            Self::UnknownKey => "unknown-key",
            Self::Duplicate => "duplicate",
            Self::WrongType => "wrong-type",
            Self::Dangling => "dangling-reference",
            Self::Secret => "secret",
            Self::Sql => "sql",
            Self::Version => "version",
            Self::Connection => "connection",
            Self::Server => "server",
            Self::Lock => "lock",
            Self::Hazard => "hazard",
            Self::Refused => "refused",
            Self::Privilege => "privilege",
            Self::Stale => "stale-plan",
            Self::PlanFile => "plan-file",
            Self::NotConverged => "not-converged",
            Self::Usage => "usage",
            Self::Local => "local",
            Self::Internal => "internal",
        }
    }

    /// True where the exit code is 3: a guard refused before any change.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Hazard | Self::Refused | Self::Privilege | Self::Stale)
    }
}

/// A problem that knows no place yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its class.
    pub code: Code,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// How to cure it.
    pub help: Option<String>,
    /// The byte range inside the text that was parsed, where the problem is narrower than the whole.
    pub within: Option<(usize, usize)>,
}

impl Problem {
    /// A problem of class `code`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, within: None }
    }

    /// The same, with its cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, narrowed to bytes `start..end` of the text that was parsed.
    #[must_use]
    pub fn within(mut self, start: usize, end: usize) -> Self {
        self.within = Some((start, end));
        self
    }

    /// The problem as the text of an error of serde, which has nothing else: cure, place and class included.
    pub fn to_text(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("\nhelp: {}", help.replace('\n', " "))).unwrap_or_default();
        let within = self.within.map(|(start, end)| format!("\nwithin: {start} {end}")).unwrap_or_default();
        format!("{}{help}{within}\ncode: {}", self.message, self.code.as_str())
    }

    /// The problem in the text of an error of serde: the inverse of [`Self::to_text`].
    pub fn from_text(text: &str) -> Self {
        let mut problem = Self::new(Code::WrongType, "");
        let mut rest = text;
        while let Some((head, line)) = rest.rsplit_once('\n') {
            let number = |text: &str| text.parse().unwrap_or_default();
            match line.split_once(": ") {
                Some(("help", help)) => problem.help = Some(help.to_owned()),
                Some(("code", word)) => {
                    problem.code = Code::ALL.into_iter().find(|c| c.as_str() == word).unwrap_or(problem.code);
                }
                Some(("within", range)) => {
                    problem.within = range.split_once(' ').map(|(start, end)| (number(start), number(end)));
                }
                _ => break,
            }
            rest = head;
        }
        rest.clone_into(&mut problem.message);
        problem
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(self, span: Span, label: impl Into<String>) -> Diagnostic {
        Diagnostic::from(self).label(span, label)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// A label under a place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say under it; may be empty.
    pub text: String,
}

/// A statement sent to PostgreSQL that failed, with the byte its error points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text sent.
    pub sql: String,
    /// The byte offset PostgreSQL named, if any.
    pub position: Option<usize>,
    /// What to say there: PostgreSQL's own message.
    pub text: String,
}

/// A problem with its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What and how to cure it.
    pub problem: Problem,
    /// Where: the first label is the main one.
    pub labels: Vec<Label>,
    /// The statement that failed, for errors of the server.
    pub statement: Option<Box<Statement>>,
}

/// The crate's result: errors are boxed, for they are large and rare.
pub type Result<T, E = Box<Diagnostic>> = std::result::Result<T, E>;

impl Diagnostic {
    /// A diagnostic without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Problem::new(code, message).into()
    }

    /// The same, with its cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.problem.help = Some(help.into());
        self
    }

    /// The same, with one more label.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// The same, with the statement that failed.
    #[must_use]
    pub fn statement(mut self, statement: Statement) -> Self {
        self.statement = Some(Box::new(statement));
        self
    }
}

impl From<Problem> for Diagnostic {
    fn from(problem: Problem) -> Self {
        Self { problem, labels: Vec::new(), statement: None }
    }
}

impl From<Problem> for Box<Diagnostic> {
    fn from(problem: Problem) -> Self {
        Self::new(problem.into())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for Diagnostic {}

/// Every problem of a run, in the order found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: impl Into<Diagnostic>) {
        self.0.push(diagnostic.into());
    }

    /// Unwraps a result, keeping its error.
    pub fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|e| self.0.push(*e)).ok()
    }

    /// True when nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// `value` when nothing was found, else everything that was.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Box<Diagnostic>> for Diagnostics {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self(vec![*diagnostic])
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl From<Problem> for Diagnostics {
    fn from(problem: Problem) -> Self {
        Self(vec![problem.into()])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Why a file can't be read or written, as a fragment without the system's number for it.
pub fn io_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

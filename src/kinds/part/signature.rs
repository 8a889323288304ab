//! The signature of a routine: its arguments, its result and its key.
//!
//! Parsed as typed in psql and as `pg_get_function_arguments` and `pg_get_function_result` print it. PostgreSQL stores
//! no lengths and precisions here, so they are ignored. See
//! <https://www.postgresql.org/docs/current/sql-createfunction.html>.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Sql, TypeName, refused};
use crate::diagnostic::{Code, Problem};
use crate::kind::{References, Renaming, RoutineKey, plain_key};
use crate::sql::{self, Token};

/// Which way an argument goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In.
    In,
    /// Out.
    Out,
    /// Both.
    InOut,
    /// In, any number of them.
    Variadic,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::In => "",
            Self::Out => "out ",
            Self::InOut => "inout ",
            Self::Variadic => "variadic ",
        }
    }

    /// Returns whether the caller passes the argument.
    pub fn is_input(self) -> bool {
        self != Self::Out
    }

    /// Returns whether the caller gets the argument back.
    pub fn is_output(self) -> bool {
        matches!(self, Self::Out | Self::InOut)
    }
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// Which way it goes.
    pub mode: Mode,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its type.
    pub data_type: TypeName,
    /// What it is when a caller leaves it out.
    pub default: Option<Sql>,
}

/// The arguments of a routine, in order: `order_id bigint, out total numeric`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Args(pub Vec<Arg>);

impl Args {
    /// Parses a list of arguments as typed in psql.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut list = Vec::new();
        for piece in sql::split_commas(text) {
            let offset = piece.as_ptr() as usize - text.as_ptr() as usize;
            list.push(Arg::parse(piece).map_err(|p| shifted(p, offset))?);
        }
        Ok(Self(list))
    }

    /// Returns the arguments that a caller passes.
    pub fn inputs(&self) -> impl Iterator<Item = &Arg> {
        self.0.iter().filter(|a| a.mode.is_input())
    }

    /// Returns the arguments that a caller gets back.
    pub fn outputs(&self) -> impl Iterator<Item = &Arg> {
        self.0.iter().filter(|a| a.mode.is_output())
    }

    /// Returns the types that identify the routine: `bigint, text[]`.
    pub fn types(&self) -> String {
        self.inputs().map(|a| a.data_type.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether a call may fit both: [`Kind::rivals`](crate::kind::Kind::rivals).
    pub fn rival(&self, other: &Self) -> bool {
        let numbers = |args: &Self| {
            let open = args.inputs().any(|a| a.mode == Mode::Variadic);
            let least = args.inputs().filter(|a| a.default.is_none() && a.mode != Mode::Variadic).count();
            (least, if open { usize::MAX } else { args.inputs().count() })
        };
        let (mine, theirs) = (numbers(self), numbers(other));
        mine.0 <= theirs.1 && theirs.0 <= mine.1 && (mine.0 < mine.1 || theirs.0 < theirs.1)
    }

    /// Updates types and defaults after a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        for arg in &mut self.0 {
            arg.data_type.follow(renaming);
            arg.default.iter_mut().for_each(|d| d.follow(renaming));
        }
    }

    /// Adds references to every type and to what defaults name.
    pub fn references(&self, out: &mut References) {
        for arg in &self.0 {
            arg.data_type.reference(out, "args");
            if let Some(default) = &arg.default {
                out.expression(default.as_str(), "args");
            }
        }
    }

    /// Returns why PostgreSQL would refuse to replace `old` by these arguments, if it would.
    pub fn clash(&self, old: &Self) -> Option<&'static str> {
        let renamed = |(new, old): (&Arg, &Arg)| old.name.is_some() && new.name != old.name;
        let defaults = |args: &Self| args.inputs().filter(|a| a.default.is_some()).count();
        let variadic = |args: &Self| args.0.iter().any(|a| a.mode == Mode::Variadic);
        let outputs = |args: &Self| args.outputs().map(|a| (a.name.clone(), a.data_type.clone())).collect::<Vec<_>>();
        if self.inputs().zip(old.inputs()).any(renamed) {
            return Some("an argument has another name");
        }
        if defaults(self) < defaults(old) {
            return Some("an argument lost its default");
        }
        if outputs(self) != outputs(old) {
            return Some("its result has other columns");
        }
        (variadic(self) != variadic(old)).then_some("its last argument is variadic or is so no more")
    }
}

impl Arg {
    /// Creates an argument without a name.
    fn unnamed(data_type: &TypeName) -> Self {
        Self { mode: Mode::In, name: None, data_type: stored(data_type), default: None }
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let tokens = sql::tokens(text);
        let end = tokens.iter().position(|t| t.is_word("default") || t.is("=")).unwrap_or(tokens.len());
        let colon = tokens[..end].iter().rposition(|t| t.is(":")).filter(|i| i + 1 == end);
        let (mut head, tail) = (&tokens[..colon.unwrap_or(end)], tokens.get(end + 1));
        let default = tail.map(|first| Sql::new(&text[first.start..]));
        let mut mode = take_mode(&mut head);
        let (data_type, taken) = TypeName::parse_front(head, text)?;
        if taken == head.len() {
            return Ok(Self { mode: mode.unwrap_or(Mode::In), name: None, data_type: stored(&data_type), default });
        }
        let name = head[0].name();
        head = &head[1..];
        mode = mode.or_else(|| take_mode(&mut head));
        let (data_type, taken) = TypeName::parse_front(head, text)?;
        match head.get(taken) {
            None => Ok(Self { mode: mode.unwrap_or(Mode::In), name, data_type: stored(&data_type), default }),
            Some(extra) => Err(extra_word(*extra)),
        }
    }
}

/// Removes the mode, if there is one, from the front of `head`.
fn take_mode(head: &mut &[Token<'_>]) -> Option<Mode> {
    let word = |i: usize, w: &str| head.get(i).is_some_and(|t| t.is_word(w));
    let (mode, taken) = match () {
        () if word(0, "in") && word(1, "out") => (Mode::InOut, 2),
        () if word(0, "in") => (Mode::In, 1),
        () if word(0, "out") => (Mode::Out, 1),
        () if word(0, "inout") => (Mode::InOut, 1),
        () if word(0, "variadic") => (Mode::Variadic, 1),
        () => return None,
    };
    *head = &head[taken..];
    Some(mode)
}

fn extra_word(token: Token<'_>) -> Problem {
    let problem = Problem::new(Code::Sql, format!("`{}` does not belong to an argument", token.text));
    let help = if token.is("%") {
        "write the column's type itself; PostgreSQL keeps no `%type`"
    } else {
        "write a mode, a name, a type and a default, as in `create function`: `inout n integer default 1`"
    };
    problem.help(help).within(token.start, token.end())
}

fn shifted(mut problem: Problem, by: usize) -> Problem {
    problem.within = problem.within.map(|(start, end)| (start + by, end + by));
    problem
}

/// Returns a type as stored for a routine: without length and precision.
fn stored(data_type: &TypeName) -> TypeName {
    let plain = data_type.without_modifier();
    let (base, array) = plain.as_str().strip_suffix("[]").map_or((plain.as_str(), ""), |base| (base, "[]"));
    let base = match base {
        "bpchar" => "character",
        _ if base.starts_with("interval ") => "interval",
        _ => return plain,
    };
    TypeName::parse(&format!("{base}{array}")).expect("a type of PostgreSQL's own")
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mode.word())?;
        if let Some(name) = &self.name {
            write!(f, "{} ", param(name))?;
        }
        write!(f, "{}", self.data_type)?;
        match &self.default {
            Some(default) => write!(f, " default {default}"),
            None => Ok(()),
        }
    }
}

/// Returns a parameter's name, quoted if it would be read as something else.
fn param(name: &str) -> String {
    let bare = sql::ident(name);
    let alone = sql::tokens(&bare).len() == 1;
    let mode = ["in", "out", "inout", "variadic", "setof", "national", "double", "table"].contains(&name);
    if alone && !mode || bare.starts_with('"') { bare } else { format!("\"{name}\"") }
}

impl fmt::Display for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arg) in self.0.iter().enumerate() {
            write!(f, "{}{arg}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Serialize for Args {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Args {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

/// What a function gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returns {
    /// One value.
    One(TypeName),
    /// Any number of values.
    SetOf(TypeName),
    /// Any number of rows of these columns.
    Table(Vec<(String, TypeName)>),
}

impl Returns {
    /// Parses what follows `returns`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let tokens = sql::tokens(text);
        let first = |word: &str| tokens.first().is_some_and(|t| t.is_word(word));
        if first("setof") {
            let offset = tokens[0].end();
            let data_type = TypeName::parse(&text[offset..]).map_err(|p| shifted(p, offset))?;
            return Ok(Self::SetOf(stored(&data_type)));
        }
        let bracket = tokens.get(1).is_some_and(|t| t.is("("));
        match tokens.last() {
            Some(last) if first("table") && bracket && last.is(")") => {
                let inner = &text[tokens[1].end()..last.start];
                let columns = Args::parse(inner).map_err(|p| shifted(p, tokens[1].end()))?;
                columns.0.into_iter().map(column).collect::<Result<_, _>>().map(Self::Table)
            }
            _ => TypeName::parse(text).map(|t| Self::One(stored(&t))),
        }
    }

    /// Updates the types after a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        match self {
            Self::One(of) | Self::SetOf(of) => of.follow(renaming),
            Self::Table(columns) => columns.iter_mut().for_each(|(_, of)| of.follow(renaming)),
        }
    }

    /// Adds references to every type.
    pub fn references(&self, out: &mut References) {
        match self {
            Self::One(data_type) | Self::SetOf(data_type) => data_type.reference(out, "returns"),
            Self::Table(columns) => columns.iter().for_each(|(_, t)| t.reference(out, "returns")),
        }
    }

    /// Returns whether any number of rows is returned.
    pub fn is_set(&self) -> bool {
        !matches!(self, Self::One(_))
    }

    /// Returns whether the function is called by triggers.
    pub fn is_trigger(&self) -> bool {
        matches!(self, Self::One(t) if matches!(t.as_str(), "trigger" | "event_trigger"))
    }
}

fn column(arg: Arg) -> Result<(String, TypeName), Problem> {
    match arg {
        Arg { mode: Mode::In, name: Some(name), data_type, default: None } => Ok((name, data_type)),
        other => Err(Problem::new(Code::Sql, format!("`{other}` is no column of a result"))
            .help("write a name and a type: `table(id bigint, email text)`")),
    }
}

impl fmt::Display for Returns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(data_type) => write!(f, "{data_type}"),
            Self::SetOf(data_type) => write!(f, "setof {data_type}"),
            Self::Table(columns) => {
                let list: Vec<String> = columns.iter().map(|(name, t)| format!("{} {t}", param(name))).collect();
                write!(f, "table({})", list.join(", "))
            }
        }
    }
}

impl Serialize for Returns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Returns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

/// Parses the arguments in the parentheses of a key: modes and types, without names.
pub fn key_args(key: &str) -> Result<Args, Problem> {
    let open = key.rfind_args();
    let Some(inner) = key.get(open + 1..).and_then(|rest| rest.strip_suffix(')')) else { return Ok(Args::default()) };
    let mut list = Vec::new();
    for piece in sql::split_commas(inner) {
        let tokens = sql::tokens(piece);
        let mut head = tokens.as_slice();
        let mode = take_mode(&mut head);
        let start = head.first().map_or(0, |t| t.start);
        let data_type = TypeName::parse(&piece[start..])?;
        list.push(Arg { mode: mode.unwrap_or(Mode::In), ..Arg::unnamed(&data_type) });
    }
    Ok(Args(list))
}

/// Returns the canonical key, consisting of the name and the input types, from the key as written and the arguments.
pub fn routine_key(written: &str, args: &Args) -> Result<String, Problem> {
    let open = written.rfind_args();
    if open == written.len() && written.contains('(') && !written.ends_with(')') {
        let at = written.find('(').unwrap_or_default();
        let problem = Problem::new(Code::WrongType, format!("`(` is never closed in the key `{written}`"));
        return Err(problem.help(format!("write `{written})`")).within(at, at + 1));
    }
    let name = plain_key(written[..open].trim_end())?;
    let from_key = key_args(written)?.types();
    let from_args = args.types();
    if open == written.len() || from_key == from_args {
        return Ok(format!("{name}({from_args})"));
    }
    if args.0.is_empty() {
        return Ok(format!("{name}({from_key})"));
    }
    let message = format!("the key says `{name}({from_key})`, but `args` takes ({from_args})");
    Err(Problem::new(Code::WrongType, message).help(format!("write `{name}({from_args})`, or the name alone")))
}

crate::kinds::part::text_schema!(
    Args,
    "Arguments, as in `create function`: `order_id bigint, note text default null`."
);
crate::kinds::part::text_schema!(Returns, "What it returns: a type, `setof` a type, `table (…)`, `trigger`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_read_as_postgresql_reads_them() {
        for (typed, printed, types) in [
            ("order_id int8", "order_id bigint", "bigint"),
            ("bigint", "bigint", "bigint"),
            (
                "double precision, x double precision",
                "double precision, x double precision",
                "double precision, double precision",
            ),
            (
                "IN a int, OUT b text, INOUT c varchar(9)",
                "a integer, out b text, inout c character varying",
                "integer, character varying",
            ),
            ("VARIADIC list text[]", "variadic list text[]", "text[]"),
            (
                "a numeric(12,2) DEFAULT 1.5, b text = 'x, y'",
                "a numeric default 1.5, b text default 'x, y'",
                "numeric, text",
            ),
            ("a int := 3", "a integer default 3", "integer"),
            ("\"My Arg\" shop.\"Status\"", "\"My Arg\" shop.\"Status\"", "shop.\"Status\""),
            ("a out int", "out a integer", ""),
            ("at timestamp(3) with time zone", "at timestamp with time zone", "timestamp with time zone"),
            ("interval interval day to second (3)", "\"interval\" interval", "interval"),
            ("c bpchar(3)", "c character", "character"),
            ("date date", "date date", "date"),
            ("", "", ""),
        ] {
            let args = Args::parse(typed).expect(typed);
            assert_eq!(args.to_string(), printed);
            assert_eq!(args.types(), types);
            assert_eq!(Args::parse(printed).expect(printed), args);
        }
    }

    #[test]
    fn what_is_no_argument_is_refused_at_the_word() {
        assert_eq!(Args::parse("a int, b text wrong").unwrap_err().within, Some((14, 19)));
        assert!(Args::parse("a shop.orders.id%type").unwrap_err().help.unwrap_or_default().contains("%type"));
    }

    #[test]
    fn results_read_as_postgresql_prints_them() {
        for (typed, printed) in [
            ("INT8", "bigint"),
            ("SETOF shop.orders", "setof shop.orders"),
            ("TABLE(id uuid, \"E mail\" varchar(3))", "table(id uuid, \"E mail\" character varying)"),
            ("table (id int)", "table(id integer)"),
        ] {
            assert_eq!(Returns::parse(typed).expect(typed).to_string(), printed);
        }
    }

    #[test]
    fn keys_are_the_name_and_the_input_types() {
        let args = |text: &str| Args::parse(text).expect(text);
        assert_eq!(routine_key("total(int8)", &args("id bigint")).unwrap(), "total(bigint)");
        assert_eq!(routine_key("total", &args("id bigint, out x text")).unwrap(), "total(bigint)");
        assert_eq!(routine_key("f(variadic text[])", &Args::default()).unwrap(), "f(text[])");
        assert_eq!(routine_key("touch()", &Args::default()).unwrap(), "touch()");
        assert_eq!(routine_key("odd (name)(int)", &args("int")).unwrap(), "odd (name)(integer)");
        let problem = routine_key("total(text)", &args("id bigint")).unwrap_err();
        assert_eq!(problem.message, "the key says `total(text)`, but `args` takes (bigint)");
    }
}

//! Changes a type that cannot be altered: a new type takes its name, and its columns are converted.
//!
//! A column is converted by `alter column … type`, which rewrites its table; its default is dropped before and set
//! again after. Whatever uses the type or such a column is dropped before and created again after, as PostgreSQL would
//! otherwise compare values of the old type with values of the new one.

use std::collections::BTreeMap;

use super::TypeName;
use super::cast_pairs::has_no_cast;
use super::names::object_name;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Cx, Kind, find};
use crate::kinds::cast::Cast;
use crate::kinds::column::{Column, above};
use crate::kinds::domain::Domain;
use crate::kinds::enum_type::EnumType;
use crate::kinds::schema::Schema;
use crate::kinds::table::{Table, is_key, is_made_anew, of_type};
use crate::model::{Address, HazardClass, Lock, Object, State, Step};
use crate::sql;

/// How values of the old type become values of the new one.
#[derive(Debug, Clone, Copy)]
pub struct Conversion<'a> {
    /// The statement that makes the new type.
    pub create: &'a Step,
    /// The type in between: `text` for labels.
    pub through: Option<&'a str>,
    /// What values of a domain are before and after: types that are no domains.
    pub between: Option<(&'a TypeName, &'a TypeName)>,
    /// The cast that says how, where types that hold the type could not be moved otherwise: the query of a function
    /// whose one argument is `$1`.
    pub cast: Option<&'a str>,
    /// What may go wrong with values, where it may.
    pub risk: Option<&'a str>,
}

/// Returns the statements, or a problem that names the user that is in the way.
pub fn convert(cx: &Cx<'_>, by: Conversion<'_>) -> Result<Vec<Step>, Problem> {
    let columns = columns(cx)?;
    let old = object_name(cx.at.key(), "", "old");
    let noun = cx.entry.noun;
    let old = sql::dotted([cx.at.top().key(), old.as_str()]);
    let bare = sql::ident(&object_name(cx.at.key(), "", "old"));
    let mut steps = vec![Step::new(format!("alter {} rename to {bare}", cx.target())), by.create.clone().renews()];
    let cast = by.cast.filter(|_| !columns.moved.is_empty()).map(|query| cast_between(cx, &old, query));
    let (make, unmake) = cast.unwrap_or_default();
    steps.extend(make);
    steps.extend(columns.below.iter().filter_map(|at| default_step(at, false, cx)));
    for (table, columns) in &columns.moved {
        let step = Step::new(move_columns(table, columns, by, cx))
            .lock(Lock::AccessExclusive)
            .needs(std::iter::once(*table).chain(table.ancestors()).cloned());
        steps.push(match by.risk {
            _ if !holds_rows(table) => step,
            Some(risk) => rewrites(step).hazard(HazardClass::Data, risk),
            None => rewrites(step),
        });
    }
    steps.extend(columns.below.iter().filter_map(|at| default_step(at, true, cx)));
    steps.extend(columns.named.iter().flat_map(|at| [false, true].map(|set| default_step(at, set, cx))).flatten());
    steps.extend(unmake);
    steps.push(Step::new(format!("drop {noun} {old}")).needs(columns.leaving.iter().cloned()));
    let unseated: Vec<Address> = std::iter::once(cx.at)
        .chain(columns.moved.values().flatten().copied())
        .chain(columns.below.iter().copied())
        .cloned()
        .collect();
    Ok(steps.into_iter().map(|s| s.unseats(unseated.iter().cloned())).collect())
}

/// Returns the statements that create a cast from the old type to the new one, and those that drop it.
fn cast_between(cx: &Cx<'_>, old: &str, query: &str) -> (Vec<Step>, Vec<Step>) {
    let new = cx.identity();
    let function = sql::dotted([cx.at.top().key(), object_name(cx.at.key(), "", "move").as_str()]);
    let make = [
        format!(
            "create function {function}({old}) returns {new} language sql immutable strict as {}",
            sql::literal(query)
        ),
        format!("create cast ({old} as {new}) with function {function}({old})"),
    ];
    let unmake = [format!("drop cast ({old} as {new})"), format!("drop function {function}({old})")];
    (make.into_iter().map(Step::new).collect(), unmake.into_iter().map(Step::new).collect())
}

/// The columns that use the type.
struct Columns<'a> {
    /// Columns that have the type before and after, by table.
    moved: BTreeMap<&'a Address, Vec<&'a Address>>,
    /// Columns that are converted along with a column of a parent table.
    below: Vec<&'a Address>,
    /// Columns of which only the default uses the type.
    named: Vec<&'a Address>,
    /// Columns that get another type in the same plan, and tables of the type, which leave it meanwhile.
    leaving: Vec<Address>,
}

fn columns<'a>(cx: &Cx<'a>) -> Result<Columns<'a>, Problem> {
    let mut columns = Columns { moved: BTreeMap::new(), below: Vec::new(), named: Vec::new(), leaving: Vec::new() };
    let of_type = of_type(cx.at, cx.live);
    let mut users: Vec<&Address> = users(cx, cx.at);
    users.sort();
    users.dedup();
    for user in users {
        let Some(column) = cx.desired.spec::<Column>(user) else {
            if !cx.desired.contains(user) || can_go(cx, user) {
                continue; // dropped, or dropped and made again
            }
            if of_type.contains(user) {
                columns.leaving.push(user.clone());
                continue;
            }
            return Err(in_the_way(cx.at, user));
        };
        // A generated column is dropped and created again.
        if column.generated.is_some() && cx.live.spec::<Column>(user).is_some_and(|c| c.generated.is_some()) {
            continue;
        }
        let holds = |c: &Column| c.data_type.base() == cx.identity();
        match (cx.live.spec::<Column>(user).is_some_and(holds), holds(column)) {
            (true, true) => {}
            (true, false) => {
                columns.leaving.push(user.clone());
                continue;
            }
            (false, _) => {
                // The default of a column whose type is based on this one is dropped when that type is converted.
                if !column.data_type.base().contains('.') && column.generated.is_none() {
                    columns.named.push(user);
                }
                continue;
            }
        }
        if user.parent().is_some_and(|table| is_made_anew(table, cx.live, cx.desired)) {
            continue; // its rows are put aside
        }
        if is_key(user, cx.live) {
            return Err(in_the_way(cx.at, user));
        }
        let stuck = |u: &&&Address| cx.desired.contains(u) && !can_go(cx, u);
        if let Some(fixed) = self::users(cx, user).iter().find(stuck) {
            return Err(in_the_way(user, fixed));
        }
        if !above(user, cx.live).is_empty() {
            columns.below.push(user);
            continue;
        }
        columns.moved.entry(user.parent().expect("a column has a table")).or_default().push(user);
    }
    Ok(columns)
}

/// Returns whether an object can be dropped and created again, by itself or along with what it is a part of.
fn can_go(cx: &Cx<'_>, user: &Address) -> bool {
    let entry = find(cx.register, user.kind());
    let again = |object: &Object| (entry.rebuildable)(&*object.spec);
    entry.rules.part || cx.live.get(user).map_or(entry.rules.rebuildable, again)
}

/// Returns whether a type, or the element type of an array, must be replaced to become what is desired.
pub fn is_another(data_type: &TypeName, live: &State, desired: &State) -> bool {
    let Some(schema) = sql::split_name(data_type.base()).filter(|parts| parts.len() == 2) else { return false };
    let at = |kind| Address::root(Schema::NAME, &schema[0]).child(kind, &schema[1]);
    let (labels, domain) = (at(EnumType::NAME), at(Domain::NAME));
    if let Some((old, new)) = live.spec::<EnumType>(&labels).zip(desired.spec::<EnumType>(&labels)) {
        return new.needs_another(old);
    }
    let domains = live.spec::<Domain>(&domain).zip(desired.spec::<Domain>(&domain));
    domains.is_some_and(|(old, new)| new.changes_type(old) || is_another(&old.data_type, live, desired))
}

/// Returns the objects in the live database that use an object, except those below it.
fn users<'a>(cx: &Cx<'a>, used: &Address) -> Vec<&'a Address> {
    cx.live.edges().filter(|(user, to)| *to == used && !user.is_within(used)).map(|(user, _)| user).collect()
}

fn in_the_way(used: &Address, user: &Address) -> Problem {
    Problem::new(Code::Refused, format!("{used} must be made anew, but {user} uses it"))
        .help(format!("change {user} so that it no longer uses {used}, or make a type of another name"))
}

/// Returns the statement that drops a live column's default or sets the desired one; `None` if that is passed down from
/// a parent table.
fn default_step(at: &Address, set: bool, cx: &Cx<'_>) -> Option<Step> {
    let (table, name) = (cx.at(at.parent()?).identity(), sql::ident(at.key()));
    let of = |at: &Address, state: &State| state.spec::<Column>(at).and_then(|c| c.default.clone());
    let what = if set {
        let wanted = of(at, cx.desired);
        let passed_down = above(at, cx.desired).first().map(|top| of(top, cx.desired));
        if passed_down.as_ref() == Some(&wanted) {
            return None;
        }
        wanted.map_or_else(|| "drop default".to_owned(), |default| format!("set default {default}"))
    } else {
        of(at, cx.live)?;
        "drop default".to_owned()
    };
    Some(Step::new(format!("alter table {table} alter column {name} {what}")).lock(Lock::AccessExclusive))
}

fn rewrites(step: Step) -> Step {
    step.hazard(HazardClass::Rewrite, "rewrites the table to move it to the new type")
}

/// Returns `false` for a foreign table, which has no values to convert and does not accept `using`.
fn holds_rows(table: &Address) -> bool {
    table.kind() == Table::NAME
}

/// Returns one statement for all columns of a table, so that it is rewritten only once.
fn move_columns(table: &Address, columns: &[&Address], by: Conversion<'_>, cx: &Cx<'_>) -> String {
    let mut parts = Vec::new();
    for at in columns {
        let name = sql::ident(at.key());
        let Some(wanted) = cx.desired.spec::<Column>(at) else { continue };
        let held = cx.live.spec::<Column>(at);
        if held.is_some_and(|c| c.default.is_some()) {
            parts.push(format!("alter column {name} drop default"));
        }
        // What becomes an array, or is one no longer, does so in the change of the column itself.
        let is_array = |t: &TypeName| t.element().is_some();
        let later = held.map(|c| &c.data_type).filter(|held| is_array(held) != is_array(&wanted.data_type));
        let to = later.unwrap_or(&wanted.data_type);
        let array = if is_array(to) { "[]" } else { "" };
        let through = by.through.map(|t| format!("::{t}{array}")).unwrap_or_default();
        let collate = wanted.collation.as_ref().map(|c| format!(" collate {c}")).unwrap_or_default();
        let value = match by.between {
            Some((from, new)) if array.is_empty() => reshaped(&name, (from, new), to, cx),
            Some((from, new)) if needs_text(from, new, cx) || is_reshaped(from, new) => format!("{name}::text[]::{to}"),
            Some(_) | None => format!("{name}{through}::{to}"),
        };
        let using = if holds_rows(table) { format!(" using {value}") } else { String::new() };
        parts.push(format!("alter column {name} type {to}{collate}{using}"));
        if let Some(default) = wanted.default.as_ref().filter(|_| later.is_none()) {
            parts.push(format!("alter column {name} set default {default}"));
        }
    }
    format!("alter table {} {}", cx.at(table).identity(), parts.join(", "))
}

/// Returns whether values are converted by way of text: the types differ and at least one is created by users, or
/// PostgreSQL has no cast between them. A cast that is declared and there already is used.
///
/// Every type can be written as text and read from it, whereas there need not be a cast between two types.
pub fn needs_text(old: &TypeName, new: &TypeName, cx: &Cx<'_>) -> bool {
    let base = |t: &TypeName| t.without_modifier().as_str().trim_end_matches("[]").to_owned();
    let (old, new) = (base(old), base(new));
    let cast = Address::root(Cast::NAME, &format!("{old} as {new}"));
    if cx.live.contains(&cast) && cx.desired.contains(&cast) {
        return false;
    }
    old != new && (old.contains('.') || new.contains('.')) && new != "text" || has_no_cast(&old, &new)
}

/// Returns the cast to text that precedes the conversion to a type.
pub fn text_of(to: &TypeName) -> &'static str {
    if to.element().is_some() { "::text[]" } else { "::text" }
}

/// Returns the expression for a value of `old` as one of `new`, which is written `to`. A scalar becomes the only element of
/// an array, and an array becomes its first element, unless PostgreSQL reads or writes the array as text.
pub fn reshaped(name: &str, (old, new): (&TypeName, &TypeName), to: &TypeName, cx: &Cx<'_>) -> String {
    let way = if needs_text(old, new, cx) { text_of(new) } else { "" };
    match (old.element(), new.element()) {
        (None, Some(_)) if !is_text(old) => {
            format!("case when {name} is null then null else array[{name}]{way}::{to} end")
        }
        (Some(from), None) if !is_text(new) => {
            let way = if needs_text(&from, new, cx) { "::text" } else { "" };
            format!("{name}[1]{way}::{to}")
        }
        (None | Some(_), None | Some(_)) => format!("{name}{way}::{to}"),
    }
}

/// Returns whether one is an array and the other is not.
fn is_reshaped(old: &TypeName, new: &TypeName) -> bool {
    old.element().is_some() != new.element().is_some()
}

/// Returns whether a type is one of PostgreSQL's text types.
pub fn is_text(data_type: &TypeName) -> bool {
    ["text", "character varying", "character"].contains(&data_type.without_modifier().as_str())
}

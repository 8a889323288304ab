//! `serial`: an integer whose default is the next value of a sequence, which is dropped with the column.
//!
//! See <https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL>.

use std::collections::HashSet;
use std::sync::Arc;

use super::Column;
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::Kind;
use crate::kinds::part::names::object_name;
use crate::kinds::part::{Sql, TypeName};
use crate::kinds::sequence::Sequence;
use crate::model::{Address, Object, Origin, State};
use crate::sql;

/// Replaces every serial column by what PostgreSQL creates for it. One whose values come from elsewhere, too, is a problem.
pub fn expand(desired: &mut State, problems: &mut Diagnostics) {
    for at in desired.of_kind(Column::NAME) {
        let Some(column) = desired.spec::<Column>(&at) else { continue };
        let integer = match column.data_type.as_str() {
            "serial" | "serial4" => "integer",
            "bigserial" | "serial8" => "bigint",
            "smallserial" | "serial2" => "smallint",
            _ => continue,
        };
        let others = [
            ("default", column.default.is_some()),
            ("identity", column.identity.is_some()),
            ("generated", column.generated.is_some()),
        ];
        if let Some((field, _)) = others.into_iter().find(|(_, given)| *given) {
            let message = format!("`{}` takes its values from a sequence", column.data_type);
            let help = format!("remove `{field}`, or write `{integer}`");
            let problem = Problem::new(Code::WrongType, message).help(help);
            let span = desired.get(&at).and_then(|object| object.origin.field(field));
            problems.push(span.map_or_else(|| problem.clone().into(), |span| problem.clone().at(span, "")));
            continue;
        }
        let data_type = TypeName::parse(integer).expect("an integer is a type");
        let sequence = sequence_of(&at);
        let default = default_of(&sequence);
        let column = Column { data_type: data_type.clone(), not_null: true, default: Some(default), ..column.clone() };
        desired.set(&at, column);
        if !desired.contains(&sequence) {
            let span = desired.get(&at).and_then(|o| o.origin.span());
            let spec = Sequence { owned_by: Some(sql::dotted(at.path())), ..Sequence::of_type(data_type) };
            let was = sequence_of(&before(&at, desired));
            let mut object = Object::new(Arc::new(spec), Origin::Derived(span));
            if was != sequence {
                object.set_was(was.key());
            }
            desired.insert(sequence, object);
        }
    }
}

/// Returns the address that a column had before it or its table was renamed.
fn before(at: &Address, desired: &State) -> Address {
    let key = |at: &Address| desired.get(at).and_then(|o| o.was()).unwrap_or(at.key()).to_owned();
    let table = at.parent().expect("a column has a table");
    at.top().child(table.kind(), &key(table)).child(at.kind(), &key(at))
}

/// Turns the result of [`expand`] back into a serial column, if nothing else is known about the sequence.
pub fn compact(state: &mut State) {
    let mut unsaid: HashSet<Address> = HashSet::new();
    for at in state.of_kind(Column::NAME) {
        let Some((serial, sequence)) = serial_of(state, &at) else { continue };
        state.set(&at, serial);
        unsaid.insert(sequence);
    }
    state.retain(|at, _| !unsaid.contains(at));
}

/// Returns the serial column that means the same as a column and its sequence, and that sequence.
fn serial_of(state: &State, at: &Address) -> Option<(Column, Address)> {
    let column = state.spec::<Column>(at)?;
    let default = column.default.as_ref().filter(|_| column.not_null)?;
    let name = match column.data_type.as_str() {
        "integer" => "serial",
        "bigint" => "bigserial",
        "smallint" => "smallserial",
        _ => return None,
    };
    let sequence = sequence_of(at);
    let plain = Sequence { owned_by: Some(sql::dotted(at.path())), ..Sequence::of_type(column.data_type.clone()) };
    let as_made = state.spec::<Sequence>(&sequence)? == &plain && state.children(&sequence).is_empty();
    let data_type = TypeName::parse(name).expect("a serial is read as a type");
    let serial = || Column { data_type, not_null: false, default: None, ..column.clone() };
    (as_made && *default == default_of(&sequence)).then(|| (serial(), sequence))
}

fn default_of(sequence: &Address) -> Sql {
    Sql::new(&format!("nextval({}::regclass)", sql::literal(&sql::dotted(sequence.path()))))
}

/// Returns the address of the sequence that PostgreSQL creates for a serial column.
///
/// # Panics
/// When `column` stands at the top: a column has a table.
pub fn sequence_of(column: &Address) -> Address {
    let table = column.parent().expect("a column has a table");
    column.top().child(Sequence::NAME, &object_name(table.key(), column.key(), "seq"))
}

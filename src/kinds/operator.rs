//! An operator: the key is the symbol with the types of its operands, `+(shop.money, shop.money)`, `none` for no operand.
//!
//! See <https://www.postgresql.org/docs/current/sql-createoperator.html>. PostgreSQL notes commutators and negators on both
//! sides, so what is declared on one counts for the other; `none` says that it has none all the same.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{USER_SCHEMA, function, operator};
use super::part::{QualifiedName, TypeName, is_default};
use super::schema::Schema;
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Identity, Kind, OPERATOR, ROUTINE, References, Renaming, RoutineKey, Rules, Under,
};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// An operator.
#[derive(Debug, Clone, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The function that does it.
    pub function: QualifiedName,
    /// The operator that does the same with its operands swapped: `=`, `operator(shop.=)`; `none` where it has none although
    /// another one names it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub commutator: Option<String>,
    /// The operator that is its negation; `none` likewise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub negator: Option<String>,
    /// The function that estimates the selectivity of a comparison with a constant.
    #[serde(default, skip_serializing_if = "is_default")]
    pub restrict: Option<QualifiedName>,
    /// The function that estimates the selectivity of a join.
    #[serde(default, skip_serializing_if = "is_default")]
    pub join: Option<QualifiedName>,
    /// Can join by hashes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hashes: bool,
    /// Can join sorted inputs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub merges: bool,
}

impl PartialEq for Operator {
    fn eq(&self, other: &Self) -> bool {
        let Self { function, commutator, negator, restrict, join, hashes, merges } = self;
        (function, restrict, join) == (&other.function, &other.restrict, &other.join)
            && (said(commutator.as_ref()), said(negator.as_ref()))
                == (said(other.commutator.as_ref()), said(other.negator.as_ref()))
            && (hashes, merges) == (&other.hashes, &other.merges)
    }
}

/// What says that an operator has no other side.
const NONE: &str = "none";

/// Returns the other side, where there is one.
fn said(other: Option<&String>) -> Option<&String> {
    other.filter(|name| *name != NONE)
}

/// `shop.+ (integer, integer)`.
fn identity(at: &Address) -> String {
    let (symbol, types) = at.key().split_at(at.key().rfind_args());
    format!("{}.{symbol} {types}", sql::ident(at.top().key()))
}

/// The types of the operands in a key; `None` where there is no operand.
fn operands(key: &str) -> Result<[Option<TypeName>; 2], Problem> {
    let inner = key.get(key.rfind_args() + 1..).and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
    let read = |text: &&str| {
        let none = text.eq_ignore_ascii_case("none");
        if none { Ok(None) } else { TypeName::parse(text).map(Some) }
    };
    match sql::split_commas(inner).as_slice() {
        [left, right] => Ok([read(left)?, read(right)?]),
        _ => Err(Problem::new(Code::WrongType, format!("`{key}` names no operator"))
            .help("write the symbol and both operands: `+(integer, integer)`, or `-(none, integer)`")),
    }
}

/// `+(integer, integer)`.
fn key_of(symbol: &str, operands: &[Option<TypeName>; 2]) -> String {
    let word = |t: &Option<TypeName>| t.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    format!("{symbol}({}, {})", word(&operands[0]), word(&operands[1]))
}

impl Kind for Operator {
    const NAME: KindName = KindName("operator");
    const NOUN: &'static str = "operator";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "operators", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2617,
        identity: Identity::By(identity),
        falls_with_parent: false,
        owner: true,
        comment: true,
        slots: &[OPERATOR],
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_operator where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        let operand = |oid: &str| format!("case when {oid} = 0 then 'none' else format_type({oid}, null) end");
        Some(format!(
            "select o.oid, 2615 as parent_class, o.oprnamespace as parent,
                    o.oprname || '(' || {} || ', ' || {} || ')' as key, o.oprowner::regrole::text as owner,
                    {} as function, {} as commutator, {} as negator, {} as restrict, {} as join,
                    o.oprcanhash as hashes, o.oprcanmerge as merges
             from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
             where o.oprcode <> 0 and {USER_SCHEMA}
             order by n.nspname, o.oprname, key",
            operand("o.oprleft"),
            operand("o.oprright"),
            function("o.oprcode"),
            operator("o.oprcom"),
            operator("o.oprnegate"),
            function("o.oprrest"),
            function("o.oprjoin"),
        ))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        let symbol = written[..written.rfind_args()].trim();
        let known = |c: char| "+-*/<>=~!@#%^&|`?".contains(c);
        if symbol.is_empty() || symbol.len() > 63 || !symbol.chars().all(known) {
            let problem = Problem::new(Code::WrongType, format!("`{symbol}` is no symbol of an operator"));
            return Err(problem.help("write a symbol of + - * / < > = ~ ! @ # % ^ & | ` ?, then the types in brackets"));
        }
        Ok(key_of(symbol, &operands(written)?))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            let schema = at.top().key();
            for named in [&mut spec.commutator, &mut spec.negator].into_iter().flatten() {
                *named = qualified(named, schema, desired);
            }
            desired.set(&at, spec);
        }
        for at in desired.of_kind(Self::NAME) {
            tell_other_sides(&at, desired);
        }
    }

    /// An operator that another one names without being named in turn says so.
    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        for (at, is_negation) in named_by_others(state).into_keys() {
            if let Some(mut spec) = state.spec::<Self>(&at).cloned() {
                spec.side(is_negation).get_or_insert_with(|| NONE.to_owned());
                state.set(&at, spec);
            }
        }
    }

    fn references(&self, at: &Address, out: &mut References) {
        for data_type in operands(at.key()).into_iter().flatten().flatten() {
            data_type.reference(out, "function");
        }
        self.function.reference(ROUTINE, out, "function");
        for (name, field) in [(&self.restrict, "restrict"), (&self.join, "join")] {
            if let Some(name) = name {
                name.reference(ROUTINE, out, field);
            }
        }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        let others = [&mut self.restrict, &mut self.join];
        for function in std::iter::once(&mut self.function).chain(others.into_iter().flatten()) {
            function.follow(ROUTINE, renaming);
        }
        for operator in [&mut self.commutator, &mut self.negator].into_iter().flatten() {
            if let Some(new) = renaming.signature(operator) {
                *operator = new;
            }
        }
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.signature(key)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { function, commutator, negator, restrict, join, hashes, merges } = self;
        let [left, right] = operands(cx.at.key()).unwrap_or_default();
        let mut words = vec![format!("function = {function}")];
        let mut add = |word: &str, value: Option<String>| words.extend(value.map(|v| format!("{word} = {v}")));
        add("leftarg", left.map(|t| t.to_string()));
        add("rightarg", right.map(|t| t.to_string()));
        add("commutator", said(commutator.as_ref()).cloned());
        add("negator", said(negator.as_ref()).cloned());
        add("restrict", restrict.as_ref().map(ToString::to_string));
        add("join", join.as_ref().map(ToString::to_string));
        let flags = [("hashes", hashes), ("merges", merges)];
        words.extend(flags.into_iter().filter(|(_, on)| **on).map(|(word, _)| word.to_owned()));
        let symbol = &cx.at.key()[..cx.at.key().rfind_args()];
        let name = format!("{}.{symbol}", sql::ident(cx.at.top().key()));
        let step = Step::new(format!("create operator {name} (\n    {}\n)", words.join(",\n    ")));
        // PostgreSQL would note an operator that names this one, and is created later, on this one too.
        let sides = [(commutator, false), (negator, true)].into_iter();
        let without = sides.filter(|(side, _)| side.as_deref() == Some(NONE)).map(|(_, is_negation)| is_negation);
        let first = without.filter_map(|side| named_by_others(cx.desired).remove(&(cx.at.clone(), side)));
        vec![step.needs(first.flatten())]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { function, commutator, negator, restrict, join, hashes, merges } = self;
        if *function != old.function {
            return Alter::Replace("another function does it".to_owned());
        }
        let value = |v: &Option<QualifiedName>| v.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let mut words = Vec::new();
        for (word, new, old) in [("restrict", restrict, &old.restrict), ("join", join, &old.join)] {
            if new != old {
                words.push(format!("{word} = {}", value(new)));
            }
        }
        let sides = [("commutator", commutator, &old.commutator), ("negator", negator, &old.negator)];
        if sides.iter().any(|(_, new, old)| new.as_deref() == Some(NONE) && said(old.as_ref()).is_some()) {
            let problem = Problem::new(Code::Refused, format!("{} is noted on both sides", cx.at));
            return Alter::Refuse(problem.help("PostgreSQL can't take that back on one: drop both operators first"));
        }
        // From PostgreSQL 17 on what was not said can be said later, but never taken back.
        let (mut said_later, mut taken_back) = (false, false);
        for (word, new, old) in sides.map(|(word, new, old)| (word, said(new.as_ref()), said(old.as_ref()))) {
            taken_back |= new != old && old.is_some();
            let new = new.filter(|_| new != old);
            said_later |= new.is_some();
            words.extend(new.map(|new| format!("{word} = {new}")));
        }
        for (word, new, old) in [("hashes", *hashes, old.hashes), ("merges", *merges, old.merges)] {
            taken_back |= old && !new;
            said_later |= new && !old;
            words.extend((new && !old).then(|| word.to_owned()));
        }
        if taken_back || said_later && !cx.server.version.at_least(17) {
            return Alter::Replace("PostgreSQL can't change what the planner may do with it".to_owned());
        }
        let step = Step::new(format!("alter {} set ({})", cx.target(), words.join(", ")));
        let new = self.other_sides(cx.at).filter(|other| !cx.live.contains(other));
        Alter::InPlace(vec![step.needs(new)])
    }
}

impl Operator {
    /// Returns the key for its negator or its commutator.
    fn side(&mut self, is_negation: bool) -> &mut Option<String> {
        if is_negation { &mut self.negator } else { &mut self.commutator }
    }

    /// Returns its commutator and its negator, where they are declared.
    fn other_sides(&self, at: &Address) -> impl Iterator<Item = Address> {
        [false, true].into_iter().filter_map(|is_negation| self.other_side(is_negation, at))
    }

    /// Returns its negator or its commutator, where that is declared.
    fn other_side(&self, is_negation: bool, at: &Address) -> Option<Address> {
        let [left, right] = operands(at.key()).ok()?;
        if is_negation {
            named(self.negator.as_ref()?, &[left, right])
        } else {
            named(self.commutator.as_ref()?, &[right, left])
        }
    }
}

/// Returns the operators that others name as their commutator or, where the flag is true, as their negator, each with those
/// others.
fn named_by_others(state: &State) -> BTreeMap<(Address, bool), Vec<Address>> {
    let mut named: BTreeMap<(Address, bool), Vec<Address>> = BTreeMap::new();
    for at in state.of_kind(Operator::NAME) {
        let Some(spec) = state.spec::<Operator>(&at) else { continue };
        for is_negation in [false, true] {
            if let Some(other) = spec.other_side(is_negation, &at) {
                named.entry((other, is_negation)).or_default().push(at.clone());
            }
        }
    }
    named
}

/// `operator(shop.=)` for `=` where the schema declares that symbol, and for `shop.=`.
fn qualified(named: &str, schema: &str, desired: &State) -> String {
    let text = named.trim();
    if text.eq_ignore_ascii_case(NONE) {
        return NONE.to_owned();
    }
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if let Some(inner) = bare.to_lowercase().strip_prefix("operator(pg_catalog.").and_then(|t| t.strip_suffix(')')) {
        return inner.to_owned();
    }
    if bare.to_lowercase().starts_with("operator(") {
        return format!("operator({}", &bare["operator(".len()..]);
    }
    let declared = |at: &Address| at.top().key() == schema && at.key()[..at.key().rfind_args()] == bare;
    match text.rsplit_once('.') {
        Some((schema, symbol)) => format!("operator({schema}.{symbol})"),
        None if desired.of_kind(Operator::NAME).iter().any(declared) => {
            format!("operator({}.{bare})", sql::ident(schema))
        }
        None => bare,
    }
}

/// The declared operator of that name with those operands.
fn named(text: &str, operands: &[Option<TypeName>; 2]) -> Option<Address> {
    let inner = text.strip_prefix("operator(")?.strip_suffix(')')?;
    let (schema, symbol) = inner.rsplit_once('.')?;
    let schema = sql::split_name(schema)?.pop()?;
    Some(Address::root(Schema::NAME, &schema).child(Operator::NAME, &key_of(symbol, operands)))
}

/// Notes the commutator and negator of `at` on the operators they are.
fn tell_other_sides(at: &Address, desired: &mut State) {
    let Some(spec) = desired.spec::<Operator>(at).cloned() else { return };
    let symbol = &at.key()[..at.key().rfind_args()];
    let itself = format!("operator({}.{symbol})", sql::ident(at.top().key()));
    for is_negation in [false, true] {
        if let Some(other) = spec.other_side(is_negation, at)
            && let Some(mut there) = desired.spec::<Operator>(&other).cloned()
        {
            there.side(is_negation).get_or_insert_with(|| itself.clone());
            desired.set(&other, there);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_spelling() {
        let operator = Operator {
            function: QualifiedName::parse("f").unwrap(),
            commutator: None,
            negator: None,
            restrict: None,
            join: None,
            hashes: false,
            merges: false,
        };
        let key = |written: &str| operator.key(written, None);
        assert_eq!(key("<-> (int4,NONE)").unwrap(), "<->(integer, none)");
        assert_eq!(key("=(shop.\"A\", shop.b)").unwrap(), "=(shop.\"A\", shop.b)");
        assert!(key("plus(int, int)").is_err());
        assert!(key("+(int)").is_err());
    }
}

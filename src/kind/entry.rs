//! A kind with its type erased: all that phases see of it.

use std::path::Path;
use std::sync::Arc;

use schemars::generate::SchemaSettings;

use super::access::Fact;
use super::picture::Mark;
use super::{Alter, Cx, FacetRow, Home, Kind, Lowered, Misfit, References, Renaming, Rules};
use crate::diagnostic::{Diagnostics, Problem};
use crate::model::bridge::{self, BridgeError};
use crate::model::node::{Key, Node, Value};
use crate::model::{Act, Address, Demand, KindName, PgVersion, Spec, State, Step};

/// A problem or a bridge error, each in its place.
pub type ReadResult = Result<Arc<dyn Spec>, BridgeError>;

/// A kind with its type erased: one line of the register.
pub struct Entry {
    /// [`Kind::NAME`].
    pub name: KindName,
    /// [`Kind::NOUN`].
    pub noun: &'static str,
    /// [`Kind::HOMES`].
    pub homes: &'static [Home],
    /// [`Kind::RULES`].
    pub rules: Rules,
    /// [`Kind::PRESENT`].
    pub present: Option<&'static str>,
    /// [`Kind::NEEDS`].
    pub needs: Option<&'static str>,
    /// [`Kind::catalog`].
    pub catalog: fn(PgVersion) -> Option<String>,
    /// [`Kind::facet`].
    pub facet: fn(&FacetRow, &Rules) -> Vec<(String, Arc<dyn Spec>)>,
    /// [`Kind::born`].
    pub born: fn(&Address, &Cx<'_>) -> Vec<(String, Arc<dyn Spec>)>,
    /// The keys of the long form.
    pub fields: fn() -> &'static [&'static str],
    /// The JSON Schema of the long form.
    pub schema: fn() -> serde_json::Value,
    /// True where text is a short form of its own: [`Kind::short`].
    pub reads_text: fn() -> bool,
    /// [`Kind::free_schema`].
    pub free_schema: fn(&Home, Option<&Self>) -> serde_json::Value,
    /// Reads any form but [`Form::Free`].
    pub read: fn(&Node) -> ReadResult,
    /// Writes the shortest form that says all.
    pub write: fn(&dyn Spec) -> Node,
    /// Writes the long form: always a map.
    pub write_long: fn(&dyn Spec) -> Node,
    /// [`Kind::key`].
    pub key: fn(&dyn Spec, &str, Option<&Address>) -> Result<String, Problem>,
    /// [`Kind::one_key`].
    pub one_key: fn(&dyn Spec, Option<&Address>) -> String,
    /// [`Kind::lower`].
    pub lower: fn(&Home, Option<&Address>, &Node, &mut Lowered),
    /// [`Kind::raise`].
    pub raise: fn(&[(&Address, &dyn Spec)]) -> Option<Node>,
    /// [`Kind::complete`].
    pub complete: fn(&mut State, &mut Diagnostics, &'static [Self]),
    /// [`Kind::before_raise`].
    pub before_raise: fn(&mut State, &'static [Self]),
    /// [`Kind::suit`].
    pub suit: fn(&mut State, PgVersion),
    /// [`Kind::builtin`].
    pub builtin: fn(&str) -> bool,
    /// [`Kind::managed`].
    pub managed: fn(&dyn Spec, &Address, &State) -> bool,
    /// [`Kind::in_scope`].
    pub in_scope: fn(&dyn Spec, &Address, &State) -> bool,
    /// [`Kind::references`].
    pub references: fn(&dyn Spec, &Address, &mut References),
    /// [`Kind::serves`].
    pub serves: fn(&dyn Spec, &Address, &mut References),
    /// [`Kind::refuse`].
    pub refuse: fn(&dyn Spec, &Cx<'_>) -> Option<Misfit>,
    /// [`Kind::located`].
    pub located: fn(&dyn Spec, &Path) -> Option<Arc<dyn Spec>>,
    /// [`Kind::adjusts`].
    pub adjusts: fn(&dyn Spec) -> bool,
    /// [`Kind::rebuildable`].
    pub rebuildable: fn(&dyn Spec) -> bool,
    /// [`Kind::follow`], on a copy.
    pub follow: fn(&dyn Spec, Renaming<'_>) -> Arc<dyn Spec>,
    /// [`Kind::key_after`].
    pub key_after: fn(&dyn Spec, &str, Renaming<'_>) -> Option<String>,
    /// [`Kind::renamed_with`].
    pub renamed_with: fn(&State, &Address, &Address) -> Vec<(Address, Address)>,
    /// [`Kind::rekeyed`].
    pub rekeyed: fn(&mut State, &Address, &Address),
    /// [`Kind::foresee`].
    pub foresee: fn(&mut State, &State),
    /// [`Kind::is_upset`].
    pub is_upset: fn(&State, &State) -> bool,
    /// [`Kind::inline`].
    pub inline: fn(&dyn Spec, &Address) -> Option<String>,
    /// [`Kind::create`].
    pub create: fn(&dyn Spec, &Cx<'_>) -> Vec<Step>,
    /// [`Kind::alter`]: the new spec, then the old.
    pub alter: fn(&dyn Spec, &dyn Spec, &Cx<'_>) -> Alter,
    /// [`Kind::release`]: the new spec, then the old.
    pub release: fn(&dyn Spec, &dyn Spec, &[Address], &Cx<'_>) -> Option<Alter>,
    /// [`Kind::drop`].
    pub drop: fn(&dyn Spec, &Cx<'_>) -> Vec<Step>,
    /// [`Kind::keeps_name`].
    pub keeps_name: fn(&dyn Spec, &Address, &State) -> bool,
    /// [`Kind::rename`].
    pub rename: fn(&dyn Spec, &str, &Cx<'_>) -> Vec<Step>,
    /// [`Kind::demands`].
    pub demands: fn(&dyn Spec, Act, &Cx<'_>) -> Vec<Demand>,
    /// [`Kind::rivals`], of two objects of this kind.
    pub rivals: fn(&dyn Spec, &dyn Spec) -> bool,
    /// [`Kind::access`].
    pub access: fn(&dyn Spec, &Address) -> Option<Fact>,
    /// [`Kind::draw`].
    pub draw: fn(&dyn Spec, &Address) -> Option<Mark>,
    /// The spec to write statements from, given the declared one, the same as PostgreSQL spells it, and the live one: a field
    /// that PostgreSQL spells like the live object's is taken from there, any other as declared. Statements in PostgreSQL's
    /// spelling would not be stored as they stand, because it respells some expressions every time.
    pub respelled: fn(&dyn Spec, &dyn Spec, &dyn Spec) -> Arc<dyn Spec>,
    /// [`Kind::spelled`]: of the declared spec, then the stored one.
    pub spelled: fn(&dyn Spec, &dyn Spec) -> Option<Arc<dyn Spec>>,
    /// [`Kind::kept`]: the spec as PostgreSQL spells it, with what only the declared one says.
    pub kept: fn(&Arc<dyn Spec>, &dyn Spec) -> Arc<dyn Spec>,
    /// [`Kind::check`].
    pub check: fn(&dyn Spec, &Address, &State) -> Vec<(Problem, &'static str)>,
}

/// Returns the register's line of a kind.
pub const fn entry<K: Kind>() -> Entry {
    Entry {
        name: K::NAME,
        noun: K::NOUN,
        homes: K::HOMES,
        rules: K::RULES,
        present: K::PRESENT,
        needs: K::NEEDS,
        catalog: K::catalog,
        facet: |row, rules| erase(K::facet(row, rules)),
        born: |on, cx| erase(K::born(on, cx)),
        fields: bridge::fields_of::<K>,
        schema: schema::<K>,
        reads_text: || K::short("").is_some(),
        free_schema: K::free_schema,
        read: read::<K>,
        write: write::<K>,
        write_long: |spec| bridge::to_node(of::<K>(spec)),
        key: |spec, written, parent| of::<K>(spec).key(written, parent),
        one_key: |spec, parent| of::<K>(spec).one_key(parent),
        lower: K::lower,
        raise: |children| K::raise(&children.iter().map(|(at, spec)| (*at, of::<K>(*spec))).collect::<Vec<_>>()),
        complete: K::complete,
        before_raise: K::before_raise,
        suit: K::suit,
        builtin: K::builtin,
        managed: |spec, at, desired| of::<K>(spec).managed(at, desired),
        in_scope: |spec, at, desired| of::<K>(spec).in_scope(at, desired),
        references: |spec, at, out| of::<K>(spec).references(at, out),
        serves: |spec, at, out| of::<K>(spec).serves(at, out),
        refuse: |spec, cx| of::<K>(spec).refuse(cx),
        located: |spec, dir| of::<K>(spec).located(dir).map(|spec| Arc::new(spec) as Arc<dyn Spec>),
        adjusts: |spec| of::<K>(spec).adjusts(),
        rebuildable: |spec| of::<K>(spec).rebuildable(),
        follow: |spec, renaming| {
            let mut spec = of::<K>(spec).clone();
            spec.follow(renaming);
            Arc::new(spec)
        },
        key_after: |spec, key, renaming| of::<K>(spec).key_after(key, renaming),
        renamed_with: K::renamed_with,
        rekeyed: K::rekeyed,
        foresee: K::foresee,
        is_upset: K::is_upset,
        inline: |spec, at| of::<K>(spec).inline(at),
        create: |spec, cx| of::<K>(spec).create(cx),
        alter: |new, old, cx| of::<K>(new).alter(of::<K>(old), cx),
        release: |new, old, used, cx| of::<K>(new).release(of::<K>(old), used, cx),
        drop: |spec, cx| of::<K>(spec).drop(cx),
        keeps_name: |spec, at, desired| of::<K>(spec).keeps_name(at, desired),
        rename: |spec, to, cx| of::<K>(spec).rename(to, cx),
        demands: |spec, act, cx| of::<K>(spec).demands(act, cx),
        rivals: |spec, other| of::<K>(spec).rivals(of::<K>(other)),
        access: |spec, at| of::<K>(spec).access(at),
        draw: |spec, at| of::<K>(spec).draw(at),
        respelled: respelled::<K>,
        spelled: |spec, stored| of::<K>(spec).spelled(of::<K>(stored)).map(|spec| Arc::new(spec) as Arc<dyn Spec>),
        kept: |stored, declared| {
            let kept = of::<K>(&**stored).kept(of::<K>(declared));
            kept.map_or_else(|| Arc::clone(stored), |kept| Arc::new(kept))
        },
        check: |spec, at, state| of::<K>(spec).check(at, state),
    }
}

/// Returns the spec as the kind's own type.
fn of<K: Kind>(spec: &dyn Spec) -> &K {
    spec.as_any().downcast_ref().expect("an address's kind is its spec's kind")
}

/// Erases the type of facets of one kind, each given with its key.
fn erase<K: Kind>(list: Vec<(String, K)>) -> Vec<(String, Arc<dyn Spec>)> {
    list.into_iter().map(|(key, spec)| (key, Arc::new(spec) as Arc<dyn Spec>)).collect()
}

/// The JSON Schema of the long form.
fn schema<K: Kind>() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    K::json_schema(&mut settings.into_generator()).to_value()
}

/// Reads any form but [`Form::Free`](super::Form::Free).
fn read<K: Kind>(node: &Node) -> ReadResult {
    if let Some(result) = node.as_text().and_then(K::short) {
        let spec = result.map_err(|problem| BridgeError { problem, span: node.span })?;
        return Ok(Arc::new(spec));
    }
    let spec: K = match (K::RULES.short_field, &node.value) {
        (Some(field), Value::Scalar(_) | Value::List(_)) => {
            let key = Key { text: field.into(), span: node.span };
            bridge::from_node(&Node { value: Value::Map(vec![(key, node.clone())]), span: node.span })?
        }
        (_, Value::Null) => bridge::from_node(&Node { value: Value::Map(Vec::new()), span: node.span })?,
        _ => bridge::from_node(node)?,
    };
    Ok(Arc::new(spec))
}

/// Writes the shortest form that expresses everything.
fn write<K: Kind>(spec: &dyn Spec) -> Node {
    let spec = of::<K>(spec);
    if let Some(text) = spec.shorten() {
        return Node::text(text);
    }
    let long = bridge::to_node(spec);
    match (K::RULES.short_field, long.as_map()) {
        (Some(field), Some([(key, value)])) if &*key.text == field && value.as_map().is_none() => value.clone(),
        _ => long,
    }
}

/// Implements [`Entry::respelled`]: fields that PostgreSQL spells like the live object's are taken from there, all
/// others as written.
fn respelled<K: Kind>(written: &dyn Spec, stored: &dyn Spec, live: &dyn Spec) -> Arc<dyn Spec> {
    let [written, stored, live] = [written, stored, live].map(|spec| of::<K>(spec));
    let [say, is, was] = [written, stored, live].map(bridge::to_node);
    let entries = |node: &Node| node.as_map().unwrap_or_default().to_vec();
    let mut fields: Vec<_> = entries(&is).into_iter().filter(|(k, v)| was.get(&k.text) == Some(v)).collect();
    let same = |key: &str| is.get(key) == was.get(key);
    fields.extend(entries(&say).into_iter().filter(|(k, _)| !same(&k.text)));
    let mut mixed = bridge::from_node::<K>(&Node::new(Value::Map(fields))).unwrap_or_else(|_| stored.clone());
    mixed.carry(stored);
    Arc::new(mixed)
}

//! The contract of a kind: what one file under `kinds/` says of one kind of PostgreSQL object.
//!
//! Phases never see a kind's own type. They see an [`Entry`]: the same contract with the type erased, one line of the
//! register each. See `CONTRIBUTING.md` for the walk through a new kind.

pub mod access;
mod cx;
pub mod demands;
mod entry;
pub mod names;
pub mod picture;
mod reference;
mod register;
mod renaming;
mod rules;
mod shared;

use std::fmt::Debug;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use access::Fact;
pub use cx::{Cx, RoutineKey, identity};
pub use entry::{Entry, ReadResult, entry};
use picture::Mark;
pub use reference::{Reference, References, Text};
pub use register::{find, home, nested};
pub use renaming::Renaming;
pub use rules::{
    COLLATION, CONSTRAINT, Form, Home, Identity, OPERATOR, OPERATOR_CLASS, OPERATOR_FAMILY, Privileges, RELATION,
    ROUTINE, Rules, Scope, Slot, TYPE, Under,
};
pub use shared::Shared;

use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::model::node::Node;
use crate::model::{Act, Address, Demand, KindName, Object, PgVersion, State, Step};
use crate::sql;

/// How to turn one spec into another.
#[derive(Debug)]
pub enum Alter {
    /// In place, by these statements.
    InPlace(Vec<Step>),
    /// By dropping the object and creating it again; the reason.
    Replace(String),
    /// By dropping it: the declaration says that it must not exist.
    Drop,
    /// Not at all; the reason, and the remedy.
    Refuse(Problem),
}

/// The columns of a catalog row that facets are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FacetRow {
    /// The owner's name, where the query has a column `owner`.
    pub owner: Option<String>,
    /// The access list, where the query has a column `acl`; inner `None` is PostgreSQL's null.
    pub acl: Option<Option<Vec<String>>>,
}

impl FacetRow {
    /// The column that holds the owner.
    pub const OWNER: &'static str = "owner";
    /// The column that holds the access list.
    pub const ACL: &'static str = "acl";
}

/// What [`Kind::lower`] adds to.
#[derive(Default)]
pub struct Lowered {
    /// Objects.
    pub objects: Vec<(Address, Object)>,
    /// What must wait until every object is known: globs.
    pub later: Vec<Later>,
    /// Problems.
    pub problems: Diagnostics,
}

/// A piece of lowering that needs every declared object.
pub type Later = Box<dyn FnOnce(&mut State, &mut Diagnostics)>;

/// One kind of PostgreSQL object.
///
/// The type itself is the object's spec: what YAML says in long form, what the catalog query returns, and what `pull`
/// prints. Fields that are absent take serde's default and are not printed.
pub trait Kind: Clone + PartialEq + Debug + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Its name in addresses and messages: `foreign_key`.
    const NAME: KindName;
    /// Its noun in SQL: `materialized view`.
    const NOUN: &'static str;
    /// Where it nests in YAML.
    const HOMES: &'static [Home];
    /// What phases may know about it.
    const RULES: Rules;

    /// The `from` clause, over the catalogs alone, of a query that has a row wherever [`Kind::catalog`] finds one.
    ///
    /// Planning a query for an empty catalog is wasted time on the server. The clauses of all kinds are therefore tested in
    /// one statement, and only the queries of kinds that are present run. With `None` the query always runs.
    const PRESENT: Option<&'static str> = None;

    /// A query that says of objects which are not there yet what its text can't: pairs of keys, of which the first needs the
    /// second, both among those in the text array `$1`. Asked where several are to be made.
    const NEEDS: Option<&'static str> = None;

    /// One `select`, run with an empty `search_path`; `None` where the version has no such thing.
    ///
    /// Columns named like fields fill the spec; nulls are skipped, and a `jsonb` column is a nested value. Fields whose names
    /// begin with `live_` come from the catalog alone: YAML cannot contain them, and they are not printed. Other columns are
    /// for the reader: `oid` and `sub` (the object, as in `pg_depend`), `parent_class`, `parent` and `parent_sub` (its parent),
    /// `key`, `ordinal`, `owner`, `acl`.
    fn catalog(_server: PgVersion) -> Option<String> {
        None
    }

    /// The facets of this kind on an object with `rules`, read from that object's catalog row.
    fn facet(_row: &FacetRow, _rules: &Rules) -> Vec<(String, Self)> {
        Vec::new()
    }

    /// The facets that an object has from birth, before any statement about them.
    fn born(_on: &Address, _cx: &Cx<'_>) -> Vec<(String, Self)> {
        Vec::new()
    }

    /// Reads the short form, if that is more than the value of one field.
    fn short(_text: &str) -> Option<Result<Self, Problem>> {
        None
    }

    /// Writes the short form, if that expresses everything.
    fn shorten(&self) -> Option<String> {
        None
    }

    /// Returns the key as addresses contain it, given the key as written.
    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        plain_key(written)
    }

    /// The key of the only object of [`Form::One`]; empty for a facet.
    fn one_key(&self, _parent: Option<&Address>) -> String {
        String::new()
    }

    /// Reads [`Form::Free`].
    fn lower(_home: &Home, _parent: Option<&Address>, _node: &Node, _out: &mut Lowered) {}

    /// Writes [`Form::Free`]: the value for all children of one parent.
    fn raise(_children: &[(&Address, &Self)]) -> Option<Node> {
        None
    }

    /// The JSON Schema of [`Form::Free`], below an object of a kind.
    fn free_schema(_home: &Home, _parent: Option<&Entry>) -> serde_json::Value {
        serde_json::Value::Bool(true)
    }

    /// Adds what follows from the rest of the project, once every file is read.
    fn complete(_desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {}

    /// Removes from a live state what short YAML need not say: the inverse of [`Kind::complete`].
    fn before_raise(_state: &mut State, _register: &'static [Entry]) {}

    /// Removes from the desired state what a shorthand stands for but that version of the server lacks.
    fn suit(_desired: &mut State, _server: PgVersion) {}

    /// True for a key that PostgreSQL provides itself and that need not be declared.
    fn builtin(_key: &str) -> bool {
        false
    }

    /// True if the project manages this live object, given that it manages its parent.
    fn managed(&self, _at: &Address, _desired: &State) -> bool {
        true
    }

    /// True if the project manages this live object at the top level, where not everything is managed.
    fn in_scope(&self, at: &Address, desired: &State) -> bool {
        desired.contains(at)
    }

    /// What must exist before it; its parent is implied.
    fn references(&self, _at: &Address, _out: &mut References) {}

    /// The types that it gives abilities to: an operator class makes them sortable, a cast convertible. It comes before what
    /// uses such a type, if possible.
    fn serves(&self, _at: &Address, _out: &mut References) {}

    /// Why it cannot be created or changed now, and the field to blame: a secret is missing, or the server's version lacks
    /// something. Asked before [`Kind::create`] and [`Kind::alter`].
    fn refuse(&self, _cx: &Cx<'_>) -> Option<Misfit> {
        None
    }

    /// Returns the spec with relative paths resolved against the directory of the file it was read from; `None` if it
    /// contains no path.
    fn located(&self, _dir: &Path) -> Option<Self> {
        None
    }

    /// True if PostgreSQL adjusts it when a column that it uses changes its type.
    fn adjusts(&self) -> bool {
        Self::RULES.self_adjusting
    }

    /// True if dropping and creating it again loses nothing that the plan does not restore.
    fn rebuildable(&self) -> bool {
        Self::RULES.rebuildable
    }

    /// Replaces the name of something that was renamed, as PostgreSQL does where it tracks the use.
    fn follow(&mut self, _renaming: Renaming<'_>) {}

    /// The new key of a live object whose key contains the name of something that was renamed: `total(shop.status)`.
    /// Called after [`Kind::follow`].
    fn key_after(&self, _key: &str, _renaming: Renaming<'_>) -> Option<String> {
        None
    }

    /// The live objects that PostgreSQL renames together with the one of this kind at `from`: old and new addresses.
    fn renamed_with(_live: &State, _from: &Address, _to: &Address) -> Vec<(Address, Address)> {
        Vec::new()
    }

    /// True if a call may mean this as well as `other`, a routine of the same name: their numbers of arguments can be the same,
    /// and one has arguments that need not be given.
    fn rivals(&self, _other: &Self) -> bool {
        false
    }

    /// Adjusts live objects of this kind after a rename from `old` to `new`.
    fn rekeyed(_live: &mut State, _old: &Address, _new: &Address) {}

    /// Applies to `live` what statements about other objects will do to objects of this kind.
    fn foresee(_live: &mut State, _desired: &State) {}

    /// Returns whether [`Self::foresee`] is to be asked although no object differs.
    fn is_upset(_live: &State, _desired: &State) -> bool {
        false
    }

    /// Its text within its parent's `create`, if that refers to nothing but its siblings there.
    fn inline(&self, _at: &Address) -> Option<String> {
        None
    }

    /// Statements that create it.
    fn create(&self, cx: &Cx<'_>) -> Vec<Step>;

    /// Statements that turn `old` into `self`.
    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter;

    /// How `old` becomes it while letting go of the objects in `used`, which are dropped and created again; `None` if it
    /// cannot. Asked of objects that cannot be rebuilt themselves.
    fn release(&self, _old: &Self, _used: &[Address], _cx: &Cx<'_>) -> Option<Alter> {
        None
    }

    /// Statements that drop it.
    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop {}", cx.target()))]
    }

    /// True for a live object that has its name from one above its parent, and can't have another while it is below that.
    fn keeps_name(&self, _at: &Address, _desired: &State) -> bool {
        false
    }

    /// The statement that renames it; `cx` is at the old address.
    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("alter {} rename to {}", cx.target(), sql::ident(to)))]
    }

    /// What the applying role needs for a statement about it.
    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        demands::usual(act, cx)
    }

    /// What it contributes to the computation of who may do what.
    fn access(&self, _at: &Address) -> Option<Fact> {
        None
    }

    /// How a diagram shows it; `None` if it does not.
    fn draw(&self, _at: &Address) -> Option<Mark> {
        None
    }

    /// This as PostgreSQL stores it, where that is certain without asking it; `stored` is the object as it is there.
    fn spelled(&self, _stored: &Self) -> Option<Self> {
        None
    }

    /// This, the same object as `declared` in PostgreSQL's spelling, with what that says besides the spelling: what follows from
    /// its place in the project, which another database need not share. `None` if that is nothing else.
    fn kept(&self, _declared: &Self) -> Option<Self> {
        None
    }

    /// Copies from `stored`, the same object as PostgreSQL spells it, the fields that YAML cannot contain.
    fn carry(&mut self, _stored: &Self) {}

    /// Problems that serde cannot find, each with its field.
    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        Vec::new()
    }
}

/// Checks that a name is one that PostgreSQL accepts: not empty, at most 63 bytes, without a zero byte. Returns it
/// unchanged.
pub fn plain_key(written: &str) -> Result<String, Problem> {
    if written.is_empty() {
        return Err(Problem::new(Code::WrongType, "a name is empty").help("give it a name"));
    }
    if written.len() > 63 {
        let message = format!("the name `{written}` has {} bytes", written.len());
        return Err(Problem::new(Code::WrongType, message).help("PostgreSQL keeps 63 bytes of a name; shorten it"));
    }
    if written.contains('\0') {
        return Err(Problem::new(Code::WrongType, "a name holds a zero byte").help("remove it"));
    }
    Ok(written.to_owned())
}

/// A problem, and the field to blame.
pub type Misfit = (Problem, &'static str);

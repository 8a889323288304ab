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
    COLLATION, Form, Home, Identity, OPERATOR, OPERATOR_CLASS, OPERATOR_FAMILY, Privileges, RELATION, ROUTINE, Rules,
    Scope, Slot, TYPE, Under,
};

use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::model::node::Node;
use crate::model::{Act, Address, Demand, KindName, Object, PgVersion, State, Step};
use crate::sql;

/// How to get from one spec to another.
#[derive(Debug)]
pub enum Alter {
    /// By these statements.
    InPlace(Vec<Step>),
    /// By dropping and making again; why.
    Replace(String),
    /// By dropping it: what is wanted says that it shall not be.
    Drop,
    /// Not at all; why, and the cure.
    Refuse(Problem),
}

/// The columns of a catalog row that facets read.
#[derive(Debug, Clone, Default)]
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
    /// What can be done only once every object is known: globs.
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
    /// Where it nests.
    const HOMES: &'static [Home];
    /// What phases must know.
    const RULES: Rules;

    /// The `from` clause, over the catalogs alone, of a query that has a row wherever [`Kind::catalog`] finds one.
    ///
    /// Planning a query costs the server more than an empty catalog is worth: the clauses of all kinds are asked in one
    /// statement, and only of what is there does the catalog query ask. `None`: it is always asked.
    const PRESENT: Option<&'static str> = None;

    /// One `select`, run with an empty `search_path`; `None` where the version has no such thing.
    ///
    /// Fields whose names begin with `live_` are the catalog's alone: YAML can't hold them, and they are not printed.
    /// Columns that are not fields of the spec: `oid` and `sub` (the object, as in `pg_depend`), `parent_class`,
    /// `parent` and `parent_sub` (what it stands under), `key`, `ordinal`, `owner`, `acl`. Nulls are left out; a
    /// `jsonb` column is a nested value.
    fn catalog(_server: PgVersion) -> Option<String> {
        None
    }

    /// The facets of this kind on an object of `rules`, from the row that described that object.
    fn facet(_row: &FacetRow, _rules: &Rules) -> Vec<(String, Self)> {
        Vec::new()
    }

    /// The facets that an object has from its creation, before any statement of ours about them.
    fn born(_on: &Address, _cx: &Cx<'_>) -> Vec<(String, Self)> {
        Vec::new()
    }

    /// Reads the short form, where it is more than the value of one field.
    fn short(_text: &str) -> Option<Result<Self, Problem>> {
        None
    }

    /// Writes the short form, when it says all there is.
    fn shorten(&self) -> Option<String> {
        None
    }

    /// The key as addresses hold it, from the key as written and the spec.
    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        plain_key(written)
    }

    /// The key of the one object of [`Form::One`]; empty for a facet.
    fn one_key(&self, _parent: Option<&Address>) -> String {
        String::new()
    }

    /// Reads [`Form::Free`].
    fn lower(_home: &Home, _parent: Option<&Address>, _node: &Node, _out: &mut Lowered) {}

    /// Writes [`Form::Free`]: the value for what stands under one parent.
    fn raise(_children: &[(&Address, &Self)]) -> Option<Node> {
        None
    }

    /// The JSON Schema of [`Form::Free`].
    fn free_schema(_home: &Home) -> serde_json::Value {
        serde_json::Value::Bool(true)
    }

    /// Fills in what follows from the rest of the project, once every file is read.
    fn complete(_desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {}

    /// Takes out of a live state what a shorter YAML says too: the inverse of [`Kind::complete`].
    fn before_raise(_state: &mut State, _register: &'static [Entry]) {}

    /// Takes out of the wanted state what a short word stands for and a server of that version lacks.
    fn suit(_desired: &mut State, _server: PgVersion) {}

    /// True for a key that PostgreSQL itself provides, and that need not be declared.
    fn builtin(_key: &str) -> bool {
        false
    }

    /// True when the project manages this live object, given that it manages what it stands under.
    fn managed(&self, _at: &Address, _desired: &State) -> bool {
        true
    }

    /// True when the project manages this live object although it stands at the top and not everything is managed.
    fn in_scope(&self, at: &Address, desired: &State) -> bool {
        desired.contains(at)
    }

    /// What must stand before it; its parent is implied.
    fn references(&self, _at: &Address, _out: &mut References) {}

    /// The types that others can do more with once it stands: an operator class lets them be sorted, a cast converted. It
    /// comes before what uses such a type, where that is possible.
    fn serves(&self, _at: &Address, _out: &mut References) {}

    /// Why a plan that makes or changes it can't be made now, and the field that says so: a secret that is not there,
    /// something the server's version lacks. Asked before [`Kind::create`] and [`Kind::alter`].
    fn refuse(&self, _cx: &Cx<'_>) -> Option<Misfit> {
        None
    }

    /// The same, with its relative paths counted from the directory of the file it was read from; `None` when it
    /// holds no path.
    fn located(&self, _dir: &Path) -> Option<Self> {
        None
    }

    /// True where PostgreSQL itself adjusts it when a column it uses changes its type.
    fn adjusts(&self) -> bool {
        Self::RULES.self_adjusting
    }

    /// True where dropping and making it again loses nothing but what the plan makes again too.
    fn rebuildable(&self) -> bool {
        Self::RULES.rebuildable
    }

    /// Names what was renamed by its new name, as PostgreSQL does where it knows of the use.
    fn follow(&mut self, _renaming: Renaming<'_>) {}

    /// The key of a live object that holds the name of what was renamed, as it is now: `total(shop.status)`. Its spec has
    /// followed.
    fn key_after(&self, _key: &str, _renaming: Renaming<'_>) -> Option<String> {
        None
    }

    /// The live objects that PostgreSQL renames with the one of this kind at `from`, as they were and as they will be.
    fn renamed_with(_live: &State, _from: &Address, _to: &Address) -> Vec<(Address, Address)> {
        Vec::new()
    }

    /// Moves live objects of this kind whose key names what was renamed from `old` to `new`.
    fn rekeyed(_live: &mut State, _old: &Address, _new: &Address) {}

    /// Foresees in `live` what statements about other objects will have done to objects of this kind.
    fn foresee(_live: &mut State, _desired: &State) {}

    /// What it says between the brackets of its parent's `create`, where it refers to nothing but its siblings there.
    fn inline(&self, _at: &Address) -> Option<String> {
        None
    }

    /// Statements that make it.
    fn create(&self, cx: &Cx<'_>) -> Vec<Step>;

    /// Statements that turn `old` into `self`.
    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter;

    /// How `old` becomes it and lets go meanwhile of those objects, which are dropped and made anew; `None` where it
    /// can't. Asked where it can't itself be made anew.
    fn release(&self, _old: &Self, _used: &[Address], _cx: &Cx<'_>) -> Option<Alter> {
        None
    }

    /// Statements that drop it.
    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop {}", cx.target()))]
    }

    /// The statement that renames it; `cx` is at the old address.
    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("alter {} rename to {}", cx.target(), sql::ident(to)))]
    }

    /// What the role that applies needs for a statement about it.
    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        demands::usual(act, cx)
    }

    /// What it says of who may do what.
    fn access(&self, _at: &Address) -> Option<Fact> {
        None
    }

    /// What it is in a diagram.
    fn draw(&self, _at: &Address) -> Option<Mark> {
        None
    }

    /// Takes from `stored`, the same object as PostgreSQL spells it, what YAML never says.
    fn carry(&mut self, _stored: &Self) {}

    /// Checks what serde can't.
    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        Vec::new()
    }
}

/// A name as PostgreSQL takes it: not empty, at most 63 bytes, without a zero byte.
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

/// A problem, and the field that has it.
pub type Misfit = (Problem, &'static str);

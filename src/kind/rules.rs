//! What phases may know about a kind: where it nests, how SQL names it, and what it may have.

use crate::model::{Address, KindName, PgVersion};

use super::RoutineKey;

/// A namespace in which a name may occur once: `relation` for tables, views, indexes and sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub &'static str);

/// Tables, views, materialized views, indexes, sequences, foreign tables: rows of `pg_class`.
pub const RELATION: Slot = Slot("relation");
/// Types, and the row types of relations.
pub const TYPE: Slot = Slot("type");
/// Functions, procedures and aggregates, by name without arguments.
pub const ROUTINE: Slot = Slot("routine");
/// Operators, by symbol without operands.
pub const OPERATOR: Slot = Slot("operator");
/// Operator classes, by name without their index method.
pub const OPERATOR_CLASS: Slot = Slot("operator class");
/// Operator families, by name without their index method.
pub const OPERATOR_FAMILY: Slot = Slot("operator family");
/// Constraints of one table or domain.
pub const CONSTRAINT: Slot = Slot("constraint");
/// Collations.
pub const COLLATION: Slot = Slot("collation");

impl Slot {
    /// Returns the name in this namespace that a key contains: that of a routine without its argument types.
    pub fn bare(self, key: &str) -> &str {
        if self == ROUTINE || self == OPERATOR {
            &key[..key.rfind_args()]
        } else if self == OPERATOR_CLASS || self == OPERATOR_FAMILY {
            key.rsplit_once(" using ").map_or(key, |(name, _)| name)
        } else {
            key
        }
    }
}

/// Where a kind nests in YAML.
#[derive(Debug, Clone, Copy)]
pub struct Home {
    /// What it nests under.
    pub under: Under,
    /// The key: `columns`.
    pub key: &'static str,
    /// The form of the value.
    pub form: Form,
}

/// What a kind nests under.
#[derive(Debug, Clone, Copy)]
pub enum Under {
    /// The top of a file.
    Root,
    /// Those kinds.
    Kinds(&'static [KindName]),
    /// Every kind whose rules say `owner`.
    Owned,
    /// Every kind whose rules say `comment`.
    Commented,
    /// Every kind whose rules list privileges.
    Granted,
}

/// The form in which a kind nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A map from keys to values.
    Map,
    /// One value; the key follows from [`Kind::one_key`].
    One,
    /// A list of keys, or of maps in which that field has the key.
    List(&'static str),
    /// The kind reads and writes it by [`Kind::lower`] and [`Kind::raise`].
    Free,
}

/// How SQL names an object after its noun.
#[derive(Debug, Clone, Copy)]
pub enum Identity {
    /// `name`.
    Plain,
    /// `schema.name`, whatever levels are between.
    Qualified,
    /// `schema.name(types)`: the key holds the types.
    Routine,
    /// `name on schema.parent`.
    OnParent,
    /// `name on noun schema.parent`, with that noun.
    OnNoun(&'static str),
    /// `schema.parent.name`.
    Dotted,
    /// As the kind itself writes it.
    By(fn(&Address) -> String),
    /// The name of the database itself. Addresses do not contain it, so that a project fits databases of any name.
    Database,
}

/// Whether a change belongs to one database or to the whole cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One database.
    Database,
    /// The cluster: only what is declared is managed.
    Cluster,
}

/// The privileges of a kind.
///
/// See <https://www.postgresql.org/docs/current/ddl-priv.html>.
#[derive(Debug, Clone, Copy)]
pub struct Privileges {
    /// The word after `on`, where it is not the noun: `table` for views.
    pub noun: &'static str,
    /// The key in `roles.x.grants` and in default privileges: `tables`.
    pub plural: &'static str,
    /// Each privilege and its letter in an `aclitem`.
    pub all: &'static [(&'static str, char)],
    /// The privileges that PUBLIC has by default.
    pub public: &'static [&'static str],
}

impl Privileges {
    /// The privilege that only newer versions have, and the first major version that has it.
    pub const LATE: (&'static str, u32) = ("maintain", 17);

    /// Returns the privileges that a server of that version has.
    pub fn known(&self, server: PgVersion) -> impl Iterator<Item = &'static str> {
        self.all
            .iter()
            .map(|(name, _)| *name)
            .filter(move |name| *name != Self::LATE.0 || server.at_least(Self::LATE.1))
    }
}

/// What phases may know about a kind.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of PostgreSQL of its own")]
pub struct Rules {
    /// Database or cluster.
    pub scope: Scope,
    /// The `pg_class` oid of its catalog, as `pg_depend.classid` names it; 0 where it has none.
    pub class: u32,
    /// How SQL names it.
    pub identity: Identity,
    /// Dropping its parent drops it.
    pub falls_with_parent: bool,
    /// Dropping and creating it again loses nothing that the plan does not restore.
    pub rebuildable: bool,
    /// PostgreSQL adjusts it when a column that it uses changes its type.
    pub self_adjusting: bool,
    /// It can be renamed in place.
    pub renames: bool,
    /// Its name matters little: an identical sibling under a name that nobody declares is taken for it, and renamed.
    pub nameless: bool,
    /// It has values that move to its parent's replacement, so it is renamed even when its parent is replaced.
    pub holds_values: bool,
    /// It has an owner.
    pub owner: bool,
    /// It can have a comment.
    pub comment: bool,
    /// Its privileges.
    pub privileges: Option<Privileges>,
    /// The namespaces in which its name takes a place.
    pub slots: &'static [Slot],
    /// The field that `file:` reads, if its value may be in a file of its own.
    pub file: Option<&'static str>,
    /// The field that a plain scalar or list sets.
    pub short_field: Option<&'static str>,
    /// It is created after everything else, because it affects objects created later.
    pub last: bool,
    /// It reacts to other statements: it is dropped before all of them, and created after them.
    pub watches: bool,
    /// Clients can see it: dropping or renaming it is `breaking`.
    pub visible: bool,
    /// It contains names: a name that it qualifies must be declared.
    pub space: bool,
    /// It brings along objects that nothing declares.
    pub opaque: bool,
    /// If it cannot stay, its parent is rebuilt with it.
    pub part: bool,
    /// It only describes a part of its parent: its children fall with the parent and not with it.
    pub shadow: bool,
    /// To read it, PostgreSQL opens its parent, as it writes out expressions over that.
    pub deparsed: bool,
}

impl Rules {
    /// Returns whether it is a row of `pg_constraint`: no two constraints of its parent have the same name, whatever they are.
    pub fn is_constraint(&self) -> bool {
        self.class == 2606
    }

    /// A kind of one database that falls with its parent and can be rebuilt.
    pub const DEFAULT: Self = Self {
        scope: Scope::Database,
        class: 0,
        identity: Identity::Qualified,
        falls_with_parent: true,
        rebuildable: true,
        self_adjusting: false,
        renames: false,
        nameless: false,
        holds_values: false,
        owner: false,
        comment: false,
        privileges: None,
        slots: &[],
        file: None,
        short_field: None,
        last: false,
        watches: false,
        visible: false,
        space: false,
        opaque: false,
        part: false,
        shadow: false,
        deparsed: false,
    };
}

//! An exclusion constraint. See <https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-EXCLUDE>.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::columns_in;
use super::column::Column;
use super::part::backing::Backing;
use super::part::catalog::operator;
use super::part::constraint::{self, index_fields, index_words, timing};
use super::part::{
    IndexKey, Parameters, Sql, follow_tablespace, index_key, is_default, refer_to_access_method, refer_to_tablespace,
    since,
};
use super::table::{Attached, Table, hide_plain, is_partitioned, only};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, RELATION, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// An exclusion constraint: no two rows satisfy all its operators.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// The access method of its index; `gist` when absent.
    #[serde(default = "gist", skip_serializing_if = "is_gist")]
    #[schemars(extend("examples" = ["gist", "spgist", "btree", "hash"]))]
    pub method: String,
    /// What is compared, and how: `room with =`.
    pub elements: Vec<Element>,
    /// Further columns that its index contains.
    #[serde(default, skip_serializing_if = "is_default")]
    pub include: Vec<String>,
    /// Which rows count.
    #[serde(default, rename = "where", skip_serializing_if = "is_default")]
    pub predicate: Option<Sql>,
    /// May be checked at the end of a transaction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deferrable: bool,
    /// Is checked at the end of a transaction unless set otherwise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub initially_deferred: bool,
    /// Storage parameters of its index.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Parameters,
    /// Where its index is; the database's own tablespace when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tablespace: Option<String>,
    /// A comment on its index.
    #[serde(default, skip_serializing_if = "is_default")]
    pub index_comment: Option<String>,
    /// Of a partitioned table: it gets no parts but those that partitions declare, and is not valid until each has one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub only: bool,
    /// Whether it is a part of its parent table's.
    #[serde(default, rename = "live_attached", skip_serializing)]
    pub attached: Attached,
}

/// An index key and the operator that compares it: `room with =`, `during with &&`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Element {
    /// What is compared.
    pub key: IndexKey,
    /// The operator: `=`, or `operator(shop.===)`.
    pub operator: String,
}

fn gist() -> String {
    "gist".to_owned()
}

fn is_gist(method: &str) -> bool {
    method == "gist"
}

impl PartialEq for Exclusion {
    fn eq(&self, other: &Self) -> bool {
        self.is_defined_as(other) && self.backing() == other.backing()
    }
}

impl Kind for Exclusion {
    const NAME: KindName = KindName("exclusion");
    const NOUN: &'static str = "constraint";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Table::NAME]), key: "exclusions", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2606,
        identity: Identity::OnParent,
        self_adjusting: true,
        renames: true,
        nameless: true,
        comment: true,
        slots: &[RELATION],
        short_field: Some("elements"),
        deparsed: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_constraint where contype = 'x'");

    fn catalog(_server: PgVersion) -> Option<String> {
        let fields = format!(
            "(select am.amname::text from pg_am am where am.oid = ic.relam) as method,
             array({keys}) as elements,
             pg_get_expr(i.indpred, i.indrelid) as \"where\", {index}, {attached}",
            keys = index_key::catalog(&format!(" || ' with ' || {}", operator("con.conexclop[k.i]"))),
            index = index_fields(),
            attached = constraint::attached("excl"),
        );
        Some(constraint::catalog('x', &fields))
    }

    /// PostgreSQL takes no exclusion constraint of a table for a part of another's.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        let is_own = matches!(self.attached, Attached::No);
        is_own
            || self
                .attached
                .managed(at, desired, |their| desired.spec::<Self>(their).is_some_and(|t| t.is_defined_as(self)))
    }

    fn foresee(live: &mut State, desired: &State) {
        for at in only::to_make_anew(Self::NAME, live, desired) {
            if let Some(exclusion) = live.spec::<Self>(&at).cloned() {
                live.set(&at, Self { only: false, ..exclusion });
            }
        }
    }

    fn is_upset(live: &State, desired: &State) -> bool {
        !only::to_make_anew(Self::NAME, live, desired).is_empty()
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        hide_plain(state, Self::NAME, |spec: &Self| spec.attached);
    }

    fn carry(&mut self, stored: &Self) {
        self.attached = stored.attached;
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let is_above = cx.at.parent().is_some_and(|table| is_partitioned(table, cx.desired));
        is_above.then(|| since(17, "exclusion constraints of partitioned tables", "elements", cx))?
    }

    fn references(&self, at: &Address, out: &mut References) {
        refer_to_tablespace(self.tablespace.as_ref(), out);
        refer_to_access_method(&self.method, "method", out);
        let Some(table) = at.parent() else { return };
        for element in &self.elements {
            element.key.references(out, "elements");
            match &element.key.subject {
                index_key::Subject::Column(name) => out.object(table.child(Column::NAME, name), "elements"),
                index_key::Subject::Expression(text) => {
                    out.row_expression(text.as_str(), Some(table), Column::NAME, "elements");
                }
            }
            if let Some(choices) = element.key.choices() {
                out.text(&choices, "elements");
            }
        }
        for column in &self.include {
            out.object(table.child(Column::NAME, column), "include");
        }
        if let Some(predicate) = &self.predicate {
            out.row_expression(predicate.as_str(), Some(table), Column::NAME, "where");
        }
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let problem = Problem::new(Code::WrongType, "no column is named").help("name at least one: `[id]`");
        if self.elements.is_empty() { vec![(problem, "elements")] } else { only::check(at, desired) }
    }

    fn inline(&self, at: &Address) -> Option<String> {
        let words = self.words();
        (self.index_comment.is_none() && !self.only && constraint::is_closed(&words))
            .then(|| constraint::inline(at, &words))
    }

    /// PostgreSQL makes an index with expressions anew, and may spell them otherwise than before.
    fn adjusts(&self) -> bool {
        self.texts().next().is_none()
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let needs: Vec<Address> = self.texts().flat_map(|t| columns_in(t, cx.at, cx.desired)).collect();
        let cost = "builds an index while readers and writers wait";
        let add = constraint::add_key(cx, &self.words(), self.only, cost).needs(needs);
        self.backing().complete([add].into_iter().chain(only::attach_parts(cx)).chain(only::join(cx)), cx)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        if !self.is_defined_as(old) {
            return Alter::Replace("it is defined otherwise".to_owned());
        }
        self.backing().alter(old.backing(), cx)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let needs = self.attached.leaves_with(cx);
        constraint::drop(cx).into_iter().map(|s| s.needs(needs.iter().cloned())).collect()
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        constraint::rename(to, cx)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        follow_tablespace(&mut self.tablespace, renaming);
        for element in &mut self.elements {
            element.key.follow(renaming);
            if let Some(operator) = renaming.text(&element.operator) {
                element.operator = operator;
            }
        }
        renaming.columns(&mut self.include);
        self.predicate.iter_mut().for_each(|p| p.follow(renaming));
    }
}

impl Exclusion {
    fn backing(&self) -> Backing<'_> {
        let Self { options, tablespace, index_comment, only, .. } = self;
        Backing { options, tablespace: tablespace.as_ref(), comment: index_comment.as_ref(), only: *only }
    }

    /// What stands behind its name.
    fn words(&self) -> String {
        let elements: Vec<String> = self.elements.iter().map(ToString::to_string).collect();
        let words = index_words(&self.include, &self.options, self.tablespace.as_deref());
        let predicate = self.predicate.as_ref().map(|p| format!(" where ({p})")).unwrap_or_default();
        let timing = timing(self.deferrable, self.initially_deferred);
        format!("exclude using {} ({}){words}{predicate}{timing}", sql::ident(&self.method), elements.join(", "))
    }

    /// True when what can't be changed in place is equal.
    fn is_defined_as(&self, other: &Self) -> bool {
        let Self {
            method,
            elements,
            include,
            predicate,
            deferrable,
            initially_deferred,
            options: _,
            tablespace: _,
            index_comment: _,
            only: _,
            attached: _,
        } = self;
        let timing =
            timing(*deferrable, *initially_deferred) == constraint::timing(other.deferrable, other.initially_deferred);
        timing
            && *method == other.method
            && *elements == other.elements
            && *include == other.include
            && *predicate == other.predicate
    }

    fn texts(&self) -> impl Iterator<Item = &Sql> {
        let keys = self.elements.iter().filter_map(|e| match &e.key.subject {
            index_key::Subject::Expression(text) => Some(text),
            index_key::Subject::Column(_) => None,
        });
        keys.chain(&self.predicate)
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {}", self.key, self.operator)
    }
}

impl<'de> serde::Deserialize<'de> for Element {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::kinds::part::read_text(deserializer)
    }
}

impl TryFrom<String> for Element {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        let tokens = sql::tokens(&text);
        let mut reader = index_key::Reader { tokens: &tokens, at: 0, text: &text };
        let key = reader.key()?;
        let rest = if reader.eat("with") { tokens.get(reader.at) } else { None };
        let Some(first) = rest else {
            return Err(Problem::new(Code::Sql, format!("`{text}` does not say how to compare"))
                .help("write a key and an operator: `room with =`"));
        };
        let operator = text[first.start..].trim();
        // `operator(pg_catalog.=)` is `=`.
        let own = sql::fold(operator)
            .strip_prefix("operator(pg_catalog.")
            .and_then(|o| o.strip_suffix(')'))
            .map(str::to_owned);
        Ok(Self { key, operator: own.unwrap_or_else(|| operator.to_owned()) })
    }
}

impl From<Element> for String {
    fn from(element: Element) -> Self {
        element.to_string()
    }
}

crate::kinds::part::text_schema!(Element, "A column or an expression and an operator: `room with =`.");

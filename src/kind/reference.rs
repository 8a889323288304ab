//! References from an object to what must exist before it.

use super::Slot;
use crate::model::{Address, KindName};
use crate::sql;
use crate::sql::grammar::Grammar;

/// Something an object needs before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// An object of the project.
    Object(Address),
    /// An object of the project, or else one that PostgreSQL or somebody made: not to declare it is no mistake.
    Perhaps(Address),
    /// A name in a namespace; it may be PostgreSQL's own or an extension's.
    Name {
        /// The namespace.
        slot: Slot,
        /// The schema, when written.
        schema: Option<String>,
        /// The name.
        name: String,
    },
    /// SQL text: every name in it that the project declares.
    Text(String),
}

/// SQL text whose grammar is known, and the field that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// What it must be.
    pub grammar: Grammar,
    /// The field.
    pub field: &'static str,
    /// The object whose children of this kind it may name, where every word that stands for a value is such a name.
    pub columns: Option<(Address, KindName)>,
}

/// What an object needs, with the field that says so.
#[derive(Debug, Default)]
pub struct References {
    /// In the order found.
    pub list: Vec<(Reference, &'static str)>,
    /// The texts whose grammar is known.
    pub texts: Vec<Text>,
}

impl References {
    /// Adds a reference to an object of the project, named in `field`.
    pub fn object(&mut self, at: Address, field: &'static str) {
        self.list.push((Reference::Object(at), field));
    }

    /// Adds a reference to an object that need not be declared, named in `field`.
    pub fn perhaps(&mut self, at: Address, field: &'static str) {
        self.list.push((Reference::Perhaps(at), field));
    }

    /// Adds a reference by a dotted name as typed in SQL, found in `field`.
    pub fn name(&mut self, slot: Slot, dotted: &str, field: &'static str) {
        let Some(mut parts) = sql::split_name(dotted) else { return };
        let Some(name) = parts.pop() else { return };
        self.list.push((Reference::Name { slot, schema: parts.pop(), name }, field));
    }

    /// Adds an SQL expression in `field`.
    pub fn expression(&mut self, text: &str, field: &'static str) {
        self.written(text, Grammar::Expression, None, field);
    }

    /// Adds an SQL expression in `field` over the columns of a table, which are its children of the kind `column`. Nothing is known
    /// of them where there is no table.
    pub fn row_expression(&mut self, text: &str, table: Option<&Address>, column: KindName, field: &'static str) {
        let columns = table.map(|table| (table.clone(), column));
        self.written(text, Grammar::Expression, columns, field);
    }

    /// Adds an SQL query in `field`.
    pub fn query(&mut self, text: &str, field: &'static str) {
        self.written(text, Grammar::Query, None, field);
    }

    /// Adds a routine's body in `field`.
    pub fn body(&mut self, text: &str, language: &str, field: &'static str) {
        self.written(text, Grammar::Body(language.to_owned()), None, field);
    }

    fn written(&mut self, text: &str, grammar: Grammar, columns: Option<(Address, KindName)>, field: &'static str) {
        self.texts.push(Text { text: text.to_owned(), grammar, field, columns });
        self.text(text, field);
    }

    /// Adds SQL text in `field` that is not a whole expression, query or body.
    pub fn text(&mut self, text: &str, field: &'static str) {
        self.list.push((Reference::Text(text.to_owned()), field));
    }
}

//! How objects follow the rename of something they refer to: PostgreSQL stores the oid of what is meant, not its name.

use std::ops::Range;

use super::{RELATION, ROUTINE, Slot};
use crate::model::Address;
use crate::sql::{self, Token, TokenClass};

/// A rename, as seen from an object that may name what is renamed.
///
/// It serves to compare: where it errs about a name in a longer text, the object is taken for changed.
#[derive(Debug, Clone, Copy)]
pub struct Renaming<'a> {
    /// Who names it.
    pub at: &'a Address,
    /// The renamed object, as it was.
    pub from: &'a Address,
    /// As it is now.
    pub to: &'a Address,
    /// Where the renamed object is.
    place: Place,
}

/// Where a renamed object is, which decides how others name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is a schema: its name precedes a dot.
    Space,
    /// In namespaces of a schema: its name follows a dot.
    Slots(&'static [Slot]),
    /// Beside the object that refers to it, under the same table.
    Sibling,
    /// Elsewhere.
    Elsewhere,
}

impl<'a> Renaming<'a> {
    /// Creates the rename of `from` to `to`, of a kind with the given rules, as seen from `at`.
    pub fn new(at: &'a Address, from: &'a Address, to: &'a Address, rules: &super::Rules) -> Self {
        let sibling = from.parent().is_some_and(|table| table.parent().is_some() && at.parent() == Some(table));
        let place = match (rules.space, rules.slots) {
            (true, _) => Place::Space,
            (false, slots @ [_, ..]) => Place::Slots(slots),
            (false, []) if sibling => Place::Sibling,
            (false, []) => Place::Elsewhere,
        };
        Self { at, from, to, place }
    }

    /// Returns whether the renamed object is a child of `at`: a column, seen from its table.
    pub fn is_of_part(&self) -> bool {
        self.from.parent() == Some(self.at)
    }

    /// Returns the same rename, as seen from SQL text in `at` over the columns of one table.
    #[must_use]
    pub fn beside(self) -> Self {
        Self { place: Place::Sibling, ..self }
    }

    /// Updates the name of an object of that kind that is in no schema: a role, a foreign server.
    pub fn root(&self, kind: crate::model::KindName, name: &mut String) {
        if *self.from == Address::root(kind, name) {
            self.to.key().clone_into(name);
        }
    }

    /// Returns the new key of something whose key is the name of an object of that kind that is in no schema: a grant
    /// to a role. `None` if it stays.
    pub fn key(&self, kind: crate::model::KindName, key: &str) -> Option<String> {
        (*self.from == Address::root(kind, key)).then(|| self.to.key().to_owned())
    }

    /// Updates the name of a column of the same table.
    pub fn column(&self, name: &mut String) {
        if self.place == Place::Sibling && name == self.from.key() {
            self.to.key().clone_into(name);
        }
    }

    /// Updates the names of columns of the same table.
    pub fn columns(&self, names: &mut [String]) {
        for name in names {
            self.column(name);
        }
    }

    /// Returns the new form of a dotted name of something in `slot`; `None` if it stays.
    pub fn name(&self, slot: Slot, dotted: &str) -> Option<String> {
        let mut parts = sql::split_name(dotted).filter(|parts| parts.len() == 2)?;
        let at = self.part(slot, &parts[0], &parts[1])?;
        self.new_name().clone_into(&mut parts[at]);
        Some(sql::dotted(parts.iter().map(String::as_str)))
    }

    /// Returns the index of the part of `schema.name` that changes: 0 or 1.
    fn part(&self, slot: Slot, schema: &str, name: &str) -> Option<usize> {
        match self.place {
            Place::Space => (schema == self.from.key()).then_some(0),
            Place::Slots(slots) => {
                let it = slots.contains(&slot) && schema == self.from.top().key() && name == self.old_name();
                it.then_some(1)
            }
            Place::Sibling | Place::Elsewhere => None,
        }
    }

    fn bare<'k>(&self, key: &'k str) -> &'k str {
        match self.place {
            Place::Slots([slot, ..]) => slot.bare(key),
            _ => key,
        }
    }

    fn old_name(&self) -> &str {
        self.bare(self.from.key())
    }

    fn new_name(&self) -> &str {
        self.bare(self.to.key())
    }

    /// Returns the new form of SQL text that PostgreSQL printed with an empty `search_path`; `None` if it stays.
    pub fn text(&self, text: &str) -> Option<String> {
        let changes = self.changes(text);
        if changes.is_empty() {
            return None;
        }
        let mut out = String::new();
        let mut copied = 0;
        for (range, new) in changes {
            out += &text[copied..range.start];
            out += &new;
            copied = range.end;
        }
        Some(out + &text[copied..])
    }

    /// Returns the names that change in such a text, each with its byte range, in order.
    pub fn changes(&self, text: &str) -> Vec<(Range<usize>, String)> {
        if self.place == Place::Elsewhere || !text.contains(self.old_name().trim_matches('"')) {
            return Vec::new();
        }
        let tokens = sql::tokens(text);
        let mut changes: Vec<(usize, String)> = Vec::new();
        for i in 0..tokens.len() {
            if self.is_named(&tokens, i) {
                changes.push((i, sql::ident(self.new_name())));
            } else if let Some(literal) = self.literal(&tokens, i) {
                changes.push((i, literal));
            }
        }
        if let Place::Slots(slots) = self.place
            && slots.contains(&RELATION)
            && !changes.is_empty()
        {
            let columns = (0..tokens.len()).filter(|i| self.is_qualifier(&tokens, *i));
            changes.extend(columns.map(|i| (i, sql::ident(self.new_name()))));
            changes.sort();
        }
        changes.into_iter().map(|(i, new)| (tokens[i].start..tokens[i].end(), new)).collect()
    }

    /// Returns whether a token is the name of the renamed object.
    fn is_named(&self, tokens: &[Token<'_>], i: usize) -> bool {
        let dot = |i: usize| tokens.get(i).is_some_and(|t| t.is("."));
        let after_dot = i > 0 && dot(i - 1);
        let called = tokens.get(i + 1).is_some_and(|t| t.is("("));
        let is = |i: usize, name: &str| tokens[i].name().as_deref() == Some(name);
        match self.place {
            Place::Space => is(i, self.from.key()) && dot(i + 1) && !after_dot,
            Place::Slots(slots) => {
                let schema = i > 1 && is(i - 2, self.from.top().key()) && !(i > 2 && dot(i - 3));
                after_dot && schema && is(i, self.old_name()) && called == slots.contains(&ROUTINE)
            }
            Place::Sibling => is(i, self.from.key()) && !called,
            Place::Elsewhere => false,
        }
    }

    /// Returns whether a token is the name of a relation, before that of a column.
    fn is_qualifier(&self, tokens: &[Token<'_>], i: usize) -> bool {
        let dot = |i: usize| tokens.get(i).is_some_and(|t| t.is("."));
        tokens[i].name().as_deref() == Some(self.old_name()) && dot(i + 1) && !(i > 0 && dot(i - 1))
    }

    /// Returns the new form of a constant that names an object, as in `'shop.orders_id_seq'::regclass`.
    fn literal(&self, tokens: &[Token<'_>], i: usize) -> Option<String> {
        let token = &tokens[i];
        let cast = |rest: &[Token<'_>]| matches!(rest, [a, b, word, ..] if a.is(":") && b.is(":") && word.text.starts_with("reg"));
        if token.class != TokenClass::Str || !cast(&tokens[i + 1..]) {
            return None;
        }
        Some(sql::literal(&self.text(&sql::unquote(token.text)?)?))
    }

    /// Returns the new key of a routine or operator whose argument types change: `total(shop.status)`.
    pub fn signature(&self, key: &str) -> Option<String> {
        use super::RoutineKey as _;
        let open = key.rfind_args();
        Some(key[..open].to_owned() + &self.text(&key[open..])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Rules, TYPE};
    use crate::model::KindName;

    const SCHEMA: Rules = Rules { space: true, ..Rules::DEFAULT };
    const TABLE: Rules = Rules { slots: &[RELATION, TYPE], ..Rules::DEFAULT };
    const FUNCTION: Rules = Rules { slots: &[ROUTINE], ..Rules::DEFAULT };

    fn in_schema(key: &str) -> Address {
        Address::root(KindName("schema"), "shop").child(KindName("any"), key)
    }

    fn check(rules: &Rules, [from, to]: [&Address; 2], text: &str, after: &str) {
        let view = in_schema("view");
        let new = Renaming::new(&view, from, to, rules).text(text);
        assert_eq!(new.as_deref().unwrap_or(text), after);
    }

    #[test]
    fn texts_follow() {
        let shop = in_schema("view").top().clone();
        let store = Address::root(KindName("schema"), "My Store");
        let text = "SELECT shop.a FROM shop.shop WHERE 'shop.x' = 'shop.y'::regclass::text AND b.shop.c";
        let after = "SELECT \"My Store\".a FROM \"My Store\".shop WHERE 'shop.x' = '\"My Store\".y'::regclass::text AND b.shop.c";
        check(&SCHEMA, [&shop, &store], text, after);
        let [t, u] = ["t", "u"].map(in_schema);
        check(
            &TABLE,
            [&t, &u],
            "SELECT t.id, x.t FROM shop.t JOIN other.t x",
            "SELECT u.id, x.t FROM shop.u JOIN other.t x",
        );
        check(&TABLE, [&t, &u], "SELECT t.id, shop.t(1) FROM shop.f t", "SELECT t.id, shop.t(1) FROM shop.f t");
        check(&TABLE, [&t, &u], "(a shop.t[], 't'::shop.t)", "(a shop.u[], 't'::shop.u)");
        let [t, u] = ["t(integer)", "u(integer)"].map(in_schema);
        check(&FUNCTION, [&t, &u], "shop.t(1) + t(2) + 's.t'::shop.t", "shop.u(1) + t(2) + 's.t'::shop.t");
    }

    #[test]
    fn keys_follow_in_their_types() {
        let [t, u] = ["status", "state"].map(in_schema);
        let view = in_schema("f(shop.status)");
        let renaming = Renaming::new(&view, &t, &u, &TABLE);
        assert_eq!(
            renaming.signature("shop.status(shop.status, text)").as_deref(),
            Some("shop.status(shop.state, text)")
        );
        assert_eq!(renaming.signature("status(text)"), None);
        assert_eq!(renaming.name(TYPE, "shop.status").as_deref(), Some("shop.state"));
        assert_eq!(renaming.name(ROUTINE, "shop.status"), None);
    }
}

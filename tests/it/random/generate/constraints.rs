//! Keys, checks and indexes.

use super::*;

impl Maker<'_> {
    pub(super) fn key_in(&mut self, table: Id) {
        if !self.state.under(table, "primary_key").is_empty() {
            return;
        }
        let columns = self.keys(table, 2);
        if columns.is_empty() {
            return;
        }
        let name = self.fresh();
        let mut new = object(Some(table), "primary_key", name.clone());
        new.fields.insert("columns", json!(columns.iter().map(|c| format!("@={c}@")).collect::<Vec<_>>()));
        if self.rng.one_in(3) {
            new.fields.insert("name", json!(name));
        }
        self.state.add(new);
    }

    pub(super) fn primary_key(&mut self) {
        let table = self.any_table();
        self.key_in(table);
    }

    /// Columns that can be compared.
    pub(super) fn keys(&mut self, table: Id, most: usize) -> Vec<Id> {
        let list = self.state.under(table, "columns");
        if list.is_empty() { list } else { self.rng.some(&list, most) }
    }

    pub(super) fn unique(&mut self) {
        let table = self.any_table();
        let columns = self.keys(table, 2);
        if columns.is_empty() {
            return;
        }
        let name = self.fresh();
        let mut new = object(Some(table), "unique", name);
        new.fields.insert("columns", json!(columns.iter().map(|c| format!("@={c}@")).collect::<Vec<_>>()));
        if self.rng.one_in(5) {
            new.fields.insert("deferrable", json!(true));
        }
        self.state.add(new);
    }

    pub(super) fn check(&mut self) {
        let table = self.any_table();
        let name = self.fresh();
        let Some(test) = self.test_of(table) else { return };
        let mut new = object(Some(table), "checks", name);
        new.fields.insert("expression", json!(test));
        self.state.add(new);
    }

    /// A condition over a column of a relation.
    pub fn test_of(&mut self, relation: Id) -> Option<String> {
        let columns = self.state.columns(relation);
        let column = self.rng.maybe(&columns)?;
        let class = self.state.objects[&column].class;
        Some(self.test(&format!("@{column}@"), class))
    }

    /// A test that is immutable, as an index wants it: the text of an enum's label is not.
    pub fn lasting_test_of(&mut self, relation: Id) -> Option<String> {
        self.test_of(relation).filter(|test| !test.contains("::text"))
    }

    pub(super) fn foreign_key(&mut self) {
        let table = self.any_table();
        let targets: Vec<Id> = [self.state.of("primary_key"), self.state.of("unique")].concat();
        let Some(target) = self.rng.maybe(&targets) else { return };
        let key = self.state.objects[&target].clone();
        let columns: Vec<Id> =
            crate::random::state::uses(&key).into_iter().filter(|id| Some(*id) != key.parent).collect();
        let (Some(other), [column]) = (key.parent, columns.as_slice()) else { return };
        if key.fields.contains_key("deferrable") {
            return;
        }
        if self.state.objects[column].class == Class::Array {
            return; // PostgreSQL has no equality of `varchar[]` for it
        }
        let kind = self.state.objects[column].fields["type"].clone();
        let alike: Vec<Id> = self.state.under(table, "columns");
        let alike: Vec<Id> = alike
            .into_iter()
            .filter(|id| {
                self.state.objects[id].fields["type"] == kind
                    && !self.state.objects[id].fields.contains_key("generated")
            })
            .collect();
        let Some(own) = self.rng.maybe(&alike) else { return };
        let name = self.fresh();
        let mut new = object(Some(table), "foreign_keys", name);
        new.signature = format!("@{target}@"); // not written: the foreign key goes with the key it rests on
        new.fields.insert("columns", json!([format!("@={own}@")]));
        let primary = key.section == "primary_key" && self.rng.one_in(2);
        let list = if primary { String::new() } else { format!("(@{column}@)") };
        new.fields.insert("references", json!(format!("@{other}@{list}")));
        if self.rng.one_in(3) {
            new.fields.insert("on_delete", json!(self.rng.pick(&["cascade", "set null", "restrict"])));
        }
        if self.rng.one_in(4) {
            new.fields.insert("deferrable", json!(true));
        }
        if self.rng.one_in(2) {
            new.fields.insert("not_valid", json!(true));
        }
        self.state.add(new);
    }

    pub(super) fn index(&mut self) {
        let relations =
            [self.state.of("tables"), self.state.of("tables"), self.state.of("materialized_views")].concat();
        let Some(table) = self.rng.maybe(&relations) else { return };
        let mut keys = Vec::new();
        for _ in 0..=self.rng.below(2) {
            let Some(column) = self.any_column(table, &[Class::Number, Class::Text, Class::Time, Class::Bool]) else {
                return;
            };
            let text = match self.state.objects[&column].class {
                Class::Number => {
                    *self.rng.pick(&["c", "c desc", "(c + 1)", "abs(c) desc nulls last", "coalesce(c, 0)"])
                }
                Class::Text => {
                    *self.rng.pick(&["c", "lower(c)", "(c || 'x')", "c collate \"C\"", "upper(trim(c)) desc"])
                }
                _ => *self.rng.pick(&["c", "c desc", "c desc nulls last"]),
            };
            keys.push(replace_c(text, &format!("@{column}@")));
        }
        let classes = self.state.of("operator_classes");
        if self.rng.one_in(3)
            && let (Some(class), Some(column)) = (self.rng.maybe(&classes), self.any_column(table, &[Class::Number]))
        {
            keys.push(format!("(@{column}@::int4) @{class}@"));
        }
        let name = self.fresh();
        let mut new = object(Some(table), "indexes", name);
        new.fields.insert("columns", json!(keys));
        if self.rng.one_in(3)
            && let Some(test) = self.lasting_test_of(table)
        {
            new.fields.insert("where", json!(test));
        }
        if self.rng.one_in(6) {
            new.fields.insert("unique", json!(true));
        }
        let configurations = self.state.of("text_search_configurations");
        if let (Some(words), Some(column)) = (self.rng.maybe(&configurations), self.any_column(table, &[Class::Text])) {
            let key = format!("to_tsvector(@.{words}@::regconfig, @{column}@)");
            new.fields = [("columns", json!([key])), ("method", json!("gin"))].into_iter().collect();
        }
        self.state.add(new);
    }
}

//! What holds SQL of its own: views, functions, triggers, policies, generated columns; and rights.

use super::*;

impl Maker<'_> {
    pub fn view(&mut self) {
        let sections = ["tables", "heirs", "views", "materialized_views", "partitioned", "foreign_tables"];
        let relations = sections.map(|s| self.state.of(s)).concat();
        let Some(source) = self.rng.maybe(&relations) else { return };
        let section = if self.rng.one_in(4) && !self.is_far(source) { "materialized_views" } else { "views" };
        let new = self.top(section);
        let view = self.state.add(new);
        self.query(view, source);
    }

    /// True for what shows the rows of a foreign table, that can't be read here.
    pub(super) fn is_far(&self, relation: Id) -> bool {
        let object = &self.state.objects[&relation];
        let mut sources = crate::random::state::uses(object).into_iter().filter(|id| Some(*id) != object.parent);
        match object.section {
            "foreign_tables" => true,
            "views" | "materialized_views" => sources.any(|id| self.state.objects.contains_key(&id) && self.is_far(id)),
            _ => false,
        }
    }

    /// Gives a view a query over a relation.
    pub fn query(&mut self, view: Id, source: Id) {
        let all = self.state.columns(source);
        let mut items = Vec::new();
        let mut names = BTreeSet::new();
        for column in self.rng.some(&all, 4) {
            let class = self.state.objects[&column].class;
            let (text, class, name) = match self.rng.below(6) {
                0 if class == Class::Text => (format!("lower(@{column}@)"), Class::Text, None),
                0 if class == Class::Number => (format!("@{column}@ + 1"), Class::Number, None),
                1 => (format!("@{column}@"), class, None),
                _ => (format!("s.@{column}@"), class, Some(Name::Of(column))),
            };
            let (text, name) = match name {
                Some(name) if !names.contains(&self.state.name(column)) => (text, name),
                _ => {
                    let alias = format!("c{}", self.rng.below(9000));
                    (format!("{text} as {alias}"), Name::Own(alias))
                }
            };
            names.insert(self.state.name(column));
            items.push(text);
            let mut output = object(Some(view), "outputs", String::new());
            output.class = class;
            output.name = name;
            self.state.add(output);
        }
        let mut query = format!("select {} from @{source}@ s", items.join(", "));
        if self.rng.one_in(2)
            && let Some(test) = self.test_of(source)
        {
            query += &format!(" where {test}");
        }
        self.state.objects.get_mut(&view).expect("it is there").fields.insert("query", json!(query));
    }

    pub(super) fn function(&mut self) {
        let mut new = self.top("functions");
        match self.rng.below(4) {
            0 => {
                "(int)".clone_into(&mut new.signature);
                new.class = Class::Number;
                let fields = json!({ "args": "n int", "returns": "int", "language": "sql", "volatility": "immutable" });
                take(&mut new, fields);
                new.fields
                    .insert("body", json!(self.rng.pick(&["select n", "select n + 1;", "select coalesce(n, 0)"])));
            }
            1 => {
                "(int)".clone_into(&mut new.signature);
                new.class = Class::Number;
                take(
                    &mut new,
                    json!({ "args": "n int", "returns": "integer", "language": "plpgsql", "volatility": "immutable" }),
                );
                new.fields.insert("body", json!(self.rng.pick(&["begin return n; end", "begin return n + 1; end;"])));
            }
            2 => {
                let table = self.any_table();
                "()".clone_into(&mut new.signature);
                take(&mut new, json!({ "returns": "bigint", "language": "sql", "volatility": "stable" }));
                new.fields.insert("body", json!(format!("select count(*) from @{table}@")));
            }
            _ => {
                "()".clone_into(&mut new.signature);
                new.class = Class::Bool;
                take(&mut new, json!({ "returns": "trigger", "body": "begin return new; end" }));
            }
        }
        self.state.add(new);
    }

    pub(super) fn trigger(&mut self) {
        let functions: Vec<Id> =
            self.state.of("functions").into_iter().filter(|id| self.state.objects[id].class == Class::Bool).collect();
        let Some(function) = self.rng.maybe(&functions) else { return };
        let table = self.any_table();
        let columns = self.state.under(table, "columns");
        let Some(column) = self.rng.maybe(&columns) else { return };
        let name = self.fresh();
        let mut new = object(Some(table), "triggers", name);
        let events = match self.rng.below(3) {
            0 => json!(["insert", "update"]),
            1 => json!([format!("update of @{column}@")]),
            _ => json!(["insert"]),
        };
        let timing = *self.rng.pick(&["before", "after"]);
        take(&mut new, json!({ "timing": timing, "each": "row", "execute": format!("@{function}@()") }));
        new.fields.insert("events", events);
        if self.rng.one_in(3) && !self.state.objects[&column].fields.contains_key("generated") {
            new.fields.insert("when", json!(format!("new.@{column}@ is not null")));
        }
        self.state.add(new);
    }

    pub(super) fn policy(&mut self) {
        let table = self.any_table();
        let Some(test) = self.test_of(table) else { return };
        let name = self.fresh();
        let mut new = object(Some(table), "policies", name);
        new.fields.insert("using", json!(test));
        if self.rng.one_in(2) {
            new.fields.insert("for", json!(self.rng.pick(&["all", "select", "delete"])));
        }
        if self.rng.one_in(2) {
            new.fields.insert("to", json!([self.rng.pick(&ROLES[..2])]));
        }
        self.state.add(new);
        if self.rng.one_in(2) {
            self.state.objects.get_mut(&table).expect("it is there").fields.insert("rls", json!("enabled"));
        }
    }

    pub(super) fn generated(&mut self) {
        let table = self.any_table();
        let Some(source) = self.any_column(table, &[Class::Number, Class::Text]) else { return };
        if self.state.objects[&source].fields.contains_key("generated") {
            return;
        }
        let class = self.state.objects[&source].class;
        let name = self.column_name(table);
        let mut new = object(Some(table), "columns", name);
        new.class = class;
        let (kind, text) = match class {
            Class::Number => ("numeric", *self.rng.pick(&["c * 2", "coalesce(c, 0) + 1", "abs(c)"])),
            _ => ("text", *self.rng.pick(&["lower(c)", "coalesce(c, 'none')", "c || 'x'"])),
        };
        take(&mut new, json!({ "type": kind, "stored": true }));
        new.fields.insert("generated", json!(replace_c(text, &format!("@{source}@"))));
        self.state.add(new);
    }

    pub(super) fn comment(&mut self) {
        let all: Vec<Id> = self.state.objects.iter().filter(|(_, o)| can_comment(o)).map(|(id, _)| *id).collect();
        let id = *self.rng.pick(&all);
        let text = *self.rng.pick(&["Orders", "it's", "two\nlines", "Ünïcode"]);
        self.state.objects.get_mut(&id).expect("it is there").fields.insert("comment", json!(text));
    }

    pub(super) fn rights(&mut self) {
        let sections = [
            "tables",
            "views",
            "materialized_views",
            "functions",
            "sequences",
            "schemas",
            "partitioned",
            "aggregates",
            "procedures",
            "composites",
            "enums",
            "domains",
            "ranges",
            "heirs",
            "partitions",
            "foreign_tables",
            "servers",
            "foreign_data_wrappers",
            "languages",
            "large_objects",
            "collations",
            "conversions",
            "operators",
            "operator_families",
            "statistics",
            "text_search_dictionaries",
            "text_search_configurations",
            "publications",
        ];
        let state = &self.state;
        let all: Vec<Id> =
            state.objects.iter().filter(|(_, o)| sections.contains(&o.section)).map(|(id, _)| *id).collect();
        let id = *self.rng.pick(&all);
        let role = *self.rng.pick(ROLES);
        let owner = self.rng.one_in(2);
        let onward = self.rng.one_in(4);
        let object = self.state.objects.get_mut(&id).expect("it is there");
        let privilege = match object.section {
            "functions" | "aggregates" | "procedures" => "execute",
            "sequences"
            | "composites"
            | "enums"
            | "domains"
            | "ranges"
            | "servers"
            | "foreign_data_wrappers"
            | "languages"
            | "schemas" => "usage",
            "tables" | "heirs" | "partitioned" | "partitions" | "views" | "materialized_views" | "foreign_tables"
            | "large_objects" => "select",
            _ => "",
        };
        // A wrapper belongs to a superuser.
        if (owner || privilege.is_empty()) && object.section != "foreign_data_wrappers" {
            object.fields.insert("owner", json!(role));
            return;
        }
        let privilege = if onward { format!("{privilege} with grant option") } else { privilege.to_owned() };
        object.fields.insert("grants", json!({ role: privilege }));
    }
}

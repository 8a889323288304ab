//! Types, tables and their columns.

use super::*;

impl Maker<'_> {
    pub(super) fn enumeration(&mut self) {
        let mut new = self.top("enums");
        let labels = self.rng.some(&["new", "paid", "Shipped", "it's", "a b"], 4);
        new.fields.insert("labels", json!(labels));
        self.state.add(new);
    }

    pub(super) fn domain(&mut self) {
        let mut new = self.top("domains");
        let class = *self.rng.pick(&[Class::Number, Class::Text]);
        let base = self.type_of(class);
        new.class = class;
        new.fields.insert("type", json!(base));
        if self.rng.one_in(2) {
            let test = self.test("value", class);
            new.fields.insert("checks", json!({ "fits": test }));
        }
        if self.rng.one_in(3) {
            let default = self.default(class, &base);
            new.fields.insert("default", json!(default));
        }
        self.state.add(new);
    }

    pub(super) fn sequence(&mut self) {
        let mut new = self.top("sequences");
        if self.rng.one_in(2) {
            new.fields.insert("start", json!(10 + self.rng.below(100)));
        }
        if self.rng.one_in(3) {
            new.fields.insert("increment", json!(1 + self.rng.below(5)));
        }
        if self.rng.one_in(3) {
            new.fields.insert("type", json!(self.rng.pick(&["int", "bigint", "smallint"])));
        }
        self.state.add(new);
    }

    pub fn table(&mut self) -> Id {
        let new = self.top("tables");
        let table = self.state.add(new);
        for _ in 0..2 + self.rng.below(4) {
            self.column_in(table);
        }
        if self.rng.one_in(2) {
            self.key_in(table);
        }
        table
    }

    pub(super) fn column(&mut self) {
        let table = self.any_table();
        self.column_in(table);
    }

    /// A type of a class, as hands write it.
    pub fn type_of(&mut self, class: Class) -> String {
        (*match class {
            Class::Number => self.rng.pick(NUMBERS),
            Class::Text => self.rng.pick(TEXTS),
            Class::Time => self.rng.pick(TIMES),
            Class::Bool => self.rng.pick(&["bool", "boolean"]),
            Class::Array => self.rng.pick(&["text[]", "int[]", "varchar(9)[]"]),
            Class::Json | Class::Enum | Class::None => &"jsonb",
        })
        .to_owned()
    }

    pub fn column_in(&mut self, table: Id) -> Id {
        use Class::{Array, Bool, Enum, Json, None, Number, Text, Time};
        let class = *self.rng.pick(&[Number, Number, Number, Text, Text, Text, Time, Bool, Json, Array, Enum, None]);
        let name = self.column_name(table);
        let mut new = object(Some(table), "columns", name);
        new.class = class;
        let mut kind = self.type_of(class);
        if class == Enum {
            let enums = self.state.of("enums");
            match self.rng.maybe(&enums) {
                Some(id) => kind = format!("@{id}@"),
                Option::None => new.class = Json,
            }
        }
        if class == None {
            let types = [self.state.of("domains"), self.state.of("composites"), self.state.of("ranges")].concat();
            match self.rng.maybe(&types) {
                Some(id) => {
                    kind = format!("@{id}@");
                    new.class = self.state.objects[&id].class;
                }
                Option::None => new.class = Json,
            }
        }
        new.fields.insert("type", json!(kind));
        self.attributes(&mut new, &kind);
        self.state.add(new)
    }

    pub(super) fn attributes(&mut self, new: &mut Object, kind: &str) {
        let whole = ["int", "integer", "bigint", "smallint", "int8"].contains(&kind);
        let foreign = new.parent.is_some_and(|p| self.state.objects[&p].section == "foreign_tables");
        if whole && !foreign && self.rng.one_in(4) {
            new.fields.insert("identity", json!(self.rng.pick(&["always", "by default"])));
            return;
        }
        let sequences = self.state.of("sequences");
        let functions: Vec<Id> =
            self.state.of("functions").into_iter().filter(|id| self.state.objects[id].class == Class::Number).collect();
        if whole && !sequences.is_empty() && self.rng.one_in(3) {
            new.fields.insert("default", json!(format!("nextval(@.{}@)", self.rng.pick(&sequences))));
        } else if new.class == Class::Number && !functions.is_empty() && self.rng.one_in(4) {
            new.fields.insert("default", json!(format!("@{}@(3)", self.rng.pick(&functions))));
        } else if !kind.starts_with('@') && self.rng.one_in(3) {
            let default = self.default(new.class, kind);
            new.fields.insert("default", json!(default));
        }
        if self.rng.one_in(4) {
            new.fields.insert("not_null", json!(true));
        }
        if new.class == Class::Text && self.rng.one_in(6) {
            let own = self.state.of("collations");
            let own = self.rng.maybe(&own).map_or("\"C\"".to_owned(), |id| format!("@{id}@"));
            new.fields.insert("collation", json!(own));
        }
    }

    /// A default of a class.
    pub fn default(&mut self, class: Class, kind: &str) -> String {
        (*match class {
            Class::Number => self.rng.pick(&["0", "1 + 1", "'5'", "-1", "abs(-3)", "(2)", "1::int"]),
            Class::Text => self.rng.pick(&["'x'", "'a' || 'b'", "lower('ABC')", "''", "'it''s'", "cast('q' as text)"]),
            Class::Time => self.rng.pick(&[
                "now()",
                "current_timestamp",
                "'2020-01-01'",
                "now() - interval '1 day'",
                "current_date",
            ]),
            Class::Bool => self.rng.pick(&["true", "not false", "'t'", "1 = 1"]),
            Class::Array if kind == "int[]" => self.rng.pick(&["'{}'", "array[1, 2]"]),
            Class::Array => self.rng.pick(&["'{}'", "array['a', 'b']"]),
            Class::Json => self.rng.pick(&["'{}'", "jsonb_build_object('a', 1)", "'[1]'::jsonb"]),
            Class::Enum | Class::None => &"null",
        })
        .to_owned()
    }

    /// A condition that holds for the seed rows.
    pub fn test(&mut self, column: &str, class: Class) -> String {
        let functions: Vec<Id> =
            self.state.of("functions").into_iter().filter(|id| self.state.objects[id].class == Class::Number).collect();
        if class == Class::Number
            && self.rng.one_in(4)
            && let Some(id) = self.rng.maybe(&functions)
        {
            return format!("@{id}@({column}::int) is not null");
        }
        let operators: Vec<Id> = self.state.of("operators");
        if class == Class::Number
            && self.rng.one_in(4)
            && let Some(id) = self.rng.maybe(&operators)
        {
            let unary = self.state.objects[&id].signature.starts_with("(none");
            let text = if unary { format!("@{id}@ {column}::int") } else { format!("{column}::int @{id}@ 99") };
            return format!("({text}) is not null");
        }
        let text = *match class {
            Class::Number => self.rng.pick(&[
                "c > -5",
                "c in (-1, 0, 1,2,3, 5)",
                "c between -10 and 100",
                "c != 70",
                "NOT (c = 99)",
                "coalesce(c, 1) < 1000",
                "c >= -2 AND c<>77 or c is null",
                "c::bigint % 2 < 2",
                "c > '-9'",
            ]),
            Class::Text => self.rng.pick(&[
                "c != 'zzz'",
                "length(c) < 50",
                "c in ('a','b','c') or c is not null",
                "lower(c) = lower(c)",
                "c ~ '^.*$'",
                "c like '%'",
                "c not in ('y', 'z')",
                "coalesce(c, '') <> 'n/a'",
                "char_length(trim(c)) >= 0",
            ]),
            Class::Time => self.rng.pick(&[
                "c > '1990-01-01'",
                "c < '2990-01-01'",
                "c is not null or c is null",
                "c <> 'infinity'",
            ]),
            Class::Bool => self.rng.pick(&["c", "c is true", "c = true", "not (not c)"]),
            Class::Json => {
                self.rng.pick(&["c is not null", "c ->> 'a' is distinct from 'z'", "jsonb_typeof(c) != 'null'"])
            }
            Class::Array => {
                self.rng.pick(&["cardinality(c) < 100", "c is not null", "array_length(c, 1) is distinct from 77"])
            }
            Class::Enum => self.rng.pick(&["c is not null", "c::text != 'nope'"]),
            Class::None => &"true",
        };
        replace_c(text, column)
    }
}

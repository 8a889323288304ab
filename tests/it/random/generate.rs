//! States by chance: each kind of object has a function that adds one that PostgreSQL takes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::rng::Rng;
use super::state::{Class, Id, Name, Object, State};

/// Roles that the cluster has.
pub const ROLES: &[&str] = &["random_a", "random_b", "random C"];

const NAMES: &[&str] = &[
    "orders",
    "Users",
    "order",
    "user",
    "line item",
    "a",
    "b",
    "status",
    "total",
    "no",
    "select",
    "x.y",
    "Größe",
    "it's",
    "end",
    "value",
    "name",
    "items",
    "note",
    "T",
    "t",
    "data",
    "key",
    "type",
    "id",
    "log",
];

pub const NUMBERS: &[&str] = &[
    "int",
    "integer",
    "bigint",
    "smallint",
    "int8",
    "numeric(12,2)",
    "decimal(10, 3)",
    "numeric",
    "double precision",
    "real",
];
pub const TEXTS: &[&str] = &["text", "varchar", "varchar(40)", "character varying(30)", "char(8)"];
pub const TIMES: &[&str] = &["timestamptz", "timestamp", "date", "timestamp with time zone", "timestamp(3)"];

/// A state with seeds of chance.
pub struct Maker<'a> {
    pub rng: &'a mut Rng,
    pub state: State,
    /// Names that are not to be given again: those of the other side of the pair.
    pub taken: BTreeSet<String>,
}

fn object(parent: Option<Id>, section: &'static str, name: String) -> Object {
    Object {
        parent,
        section,
        name: Name::Own(name),
        was: None,
        signature: String::new(),
        class: Class::None,
        fields: BTreeMap::new(),
    }
}

impl Maker<'_> {
    /// A whole state.
    pub fn fill(&mut self) {
        for _ in 0..=self.rng.below(2) {
            self.schema();
        }
        // Privileges are managed where any is declared: one always is.
        for schema in self.state.of("schemas") {
            let object = self.state.objects.get_mut(&schema).expect("it is there");
            object.fields.insert("grants", json!({ "random_a": "usage" }));
        }
        let size = 4 + self.rng.below(26);
        self.table();
        for _ in 0..size {
            self.anything();
        }
    }

    /// One object of a kind by chance, with an option of its own now and then.
    pub fn anything(&mut self) {
        let last = self.state.next;
        self.any_kind();
        for id in last + 1..=self.state.next {
            if self.state.objects.contains_key(&id) && self.rng.one_in(4) {
                self.roll(id);
            }
        }
    }

    fn any_kind(&mut self) {
        match self.rng.below(41) {
            0 => self.enumeration(),
            1 => self.domain(),
            2 => self.sequence(),
            3 | 4 => _ = self.table(),
            5 | 6 => self.column(),
            7 => self.primary_key(),
            8 => self.unique(),
            9 => self.check(),
            10 | 11 => self.foreign_key(),
            12 | 13 => self.index(),
            14..=16 => self.view(),
            17 => self.function(),
            18 => self.trigger(),
            19 => self.policy(),
            20 => self.comment(),
            21 => self.generated(),
            22..=29 => self.more(),
            30..=39 => self.by_recipe(),
            _ => self.rights(),
        }
    }

    /// A name that nothing in the project has.
    pub fn fresh(&mut self) -> String {
        let there: BTreeSet<String> = self.state.objects.keys().map(|id| self.state.name(*id)).collect();
        for round in 0.. {
            let mut name = (*self.rng.pick(NAMES)).to_owned();
            if round > 3 {
                name += &format!("_{}", self.rng.below(100));
            }
            if !there.contains(&name) && !self.taken.contains(&name) {
                return name;
            }
        }
        unreachable!("a free name is found")
    }

    /// A column name that the relation has not; other relations may.
    fn column_name(&mut self, relation: Id) -> String {
        let mut there: Vec<Id> = self.state.columns(relation);
        for heir in self.state.heirs(relation) {
            there.extend(self.state.under(heir, "columns"));
        }
        let there: Vec<String> = there.into_iter().map(|id| self.state.name(id)).collect();
        loop {
            let name = (*self.rng.pick(NAMES)).to_owned();
            if !there.contains(&name) {
                return name;
            }
            let name = format!("{name}_{}", self.rng.below(50));
            if !there.contains(&name) {
                return name;
            }
        }
    }

    pub fn any_schema(&mut self) -> Id {
        let all = self.state.of("schemas");
        *self.rng.pick(&all)
    }

    pub fn any_table(&mut self) -> Id {
        let section = if self.rng.one_in(6) { "heirs" } else { "tables" };
        let all = [self.state.of(section), self.state.of("tables")];
        match self.rng.maybe(all.iter().find(|list| !list.is_empty()).unwrap_or(&all[0])) {
            Some(id) => id,
            None => self.table(),
        }
    }

    /// A column of one of these classes.
    pub fn any_column(&mut self, relation: Id, classes: &[Class]) -> Option<Id> {
        let state = &self.state;
        let list: Vec<Id> =
            state.columns(relation).into_iter().filter(|id| classes.contains(&state.objects[id].class)).collect();
        self.rng.maybe(&list)
    }

    fn schema(&mut self) -> Id {
        let name = self.fresh();
        self.state.add(object(None, "schemas", name))
    }

    fn top(&mut self, section: &'static str) -> Object {
        let parent = self.any_schema();
        let name = self.fresh();
        object(Some(parent), section, name)
    }

    fn enumeration(&mut self) {
        let mut new = self.top("enums");
        let labels = self.rng.some(&["new", "paid", "Shipped", "it's", "a b"], 4);
        new.fields.insert("labels", json!(labels));
        self.state.add(new);
    }

    fn domain(&mut self) {
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

    fn sequence(&mut self) {
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

    fn column(&mut self) {
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

    fn attributes(&mut self, new: &mut Object, kind: &str) {
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

    fn key_in(&mut self, table: Id) {
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

    fn primary_key(&mut self) {
        let table = self.any_table();
        self.key_in(table);
    }

    /// Columns that can be compared.
    fn keys(&mut self, table: Id, most: usize) -> Vec<Id> {
        let list = self.state.under(table, "columns");
        if list.is_empty() { list } else { self.rng.some(&list, most) }
    }

    fn unique(&mut self) {
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

    fn check(&mut self) {
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

    fn foreign_key(&mut self) {
        let table = self.any_table();
        let targets: Vec<Id> = [self.state.of("primary_key"), self.state.of("unique")].concat();
        let Some(target) = self.rng.maybe(&targets) else { return };
        let key = self.state.objects[&target].clone();
        let columns: Vec<Id> = super::state::uses(&key).into_iter().filter(|id| Some(*id) != key.parent).collect();
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

    fn index(&mut self) {
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
    fn is_far(&self, relation: Id) -> bool {
        let object = &self.state.objects[&relation];
        let mut sources = super::state::uses(object).into_iter().filter(|id| Some(*id) != object.parent);
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

    fn function(&mut self) {
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

    fn trigger(&mut self) {
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

    fn policy(&mut self) {
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

    fn generated(&mut self) {
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

    fn comment(&mut self) {
        let all: Vec<Id> = self.state.objects.iter().filter(|(_, o)| can_comment(o)).map(|(id, _)| *id).collect();
        let id = *self.rng.pick(&all);
        let text = *self.rng.pick(&["Orders", "it's", "two\nlines", "Ünïcode"]);
        self.state.objects.get_mut(&id).expect("it is there").fields.insert("comment", json!(text));
    }

    fn rights(&mut self) {
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

/// True for what can have a comment.
pub fn can_comment(object: &Object) -> bool {
    !matches!(object.section, "outputs" | "user_mappings" | "default_privileges")
}

/// Takes the fields of a map.
fn take(object: &mut Object, fields: Value) {
    let Value::Object(map) = fields else { return };
    for (key, value) in map {
        object.fields.insert(super::FIELDS.iter().find(|f| **f == key).expect("a field that is listed"), value);
    }
}

/// A text with a column for the word `c`.
fn replace_c(text: &str, column: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
    let mut out = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let alone = (i == 0 || !word(chars[i - 1])) && chars.get(i + 1).is_none_or(|n| !word(*n));
        if *c == 'c' && alone { out += column } else { out.push(*c) }
    }
    out
}

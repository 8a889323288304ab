//! A schema as an application has it after some years, of any number of tables: the same number gives the same files.
//!
//! It is written as a person would: short forms, and expressions as typed, which PostgreSQL stores in other words.
//! A table has twelve columns, two indexes besides its key, a check and a foreign key; every two refer to each other. Of
//! views, functions and triggers there is one for ten tables, of policies one for twenty, of enums one for fifty; half of
//! the tables have a comment, and each two grants.

use std::fmt::Write;

/// Tables of one schema, and so of one file.
const SCHEMA: usize = 250;

/// A project of so many tables.
#[derive(Debug, Clone, Copy)]
pub struct Project {
    /// How many tables.
    pub tables: usize,
    /// How many of them have changed: a column more, another default, another comment, another grant, in turn.
    pub changed: usize,
    /// True where the first view has changed.
    pub view: bool,
}

impl Project {
    /// One in which nothing has changed.
    pub fn new(tables: usize) -> Self {
        Self { tables, changed: 0, view: false }
    }

    /// Its files, each made when it is asked for: name and text.
    pub fn files(self) -> impl Iterator<Item = (String, String)> {
        let schemas = (0..self.tables).step_by(SCHEMA);
        let files = schemas.map(move |first| (format!("{}.yaml", schema(first)), self.schema(first)));
        files.chain([("roles.yaml".to_owned(), ROLES.to_owned())])
    }

    fn schema(self, first: usize) -> String {
        let tables = first..self.tables.min(first + SCHEMA);
        let space = schema(first);
        let every = |n: usize| tables.clone().filter(move |i| i.is_multiple_of(n));
        let mut text = format!("schemas:\n  {space}:\n    owner: bench_owner\n    comment: Part {space}\n    enums:\n");
        for i in every(50) {
            put(&mut text, format_args!("      state_{i}: [new, open, 'on hold', closed]\n"));
        }
        text.push_str("    tables:\n");
        for i in tables.clone() {
            self.table(i, &mut text);
        }
        text.push_str("    views:\n");
        for i in every(10) {
            self.view(i, &mut text);
        }
        text.push_str("    functions:\n      touch():\n        returns: trigger\n        language: plpgsql\n");
        text.push_str("        body: |\n          begin\n            new.updated_at := now();\n            return new;\n          end\n");
        for i in every(10) {
            put(
                &mut text,
                format_args!("      total_{i}(bigint):\n        args: of_parent bigint\n        returns: numeric\n"),
            );
            put(&mut text, format_args!("        language: sql\n        volatility: stable\n        body: |\n"));
            put(
                &mut text,
                format_args!("          select sum(amount) from {space}.item_{i} where parent_id = of_parent\n"),
            );
        }
        text
    }

    fn table(self, i: usize, text: &mut String) {
        let space = schema(i);
        let change = (i < self.changed).then_some(i % 4);
        let or = |n: usize, other: &'static str, usual: &'static str| if change == Some(n) { other } else { usual };
        put(text, format_args!("      item_{i}:\n"));
        if i.is_multiple_of(2) {
            put(text, format_args!("        comment: Items of sort {i}{}\n", or(2, ", as they are now", "")));
        }
        text.push_str("        columns:\n          id: bigint identity\n          parent_id: bigint\n");
        text.push_str("          peer_id: bigint not null\n          code: varchar(40) not null\n");
        put(text, format_args!("          state: {space}.state_{} not null default 'new'\n", i / 50 * 50));
        put(text, format_args!("          amount: numeric(12,2) not null default {}\n", or(1, "1", "0")));
        text.push_str(
            "          quantity: int not null default 1\n          note: { type: text, comment: Free text }\n",
        );
        text.push_str("          tags: text[] not null default '{}'\n          details: jsonb not null default '{}'\n");
        text.push_str("          created_at: timestamptz not null default now()\n          updated_at: timestamptz\n");
        text.push_str(or(0, "          added: text\n", ""));
        text.push_str("        primary_key: [id]\n");
        put(text, format_args!("        checks:\n          item_{i}_amount: amount >= 0 and quantity in (1, 2, 3)\n"));
        let peer = self.peer(i);
        put(text, format_args!("        foreign_keys:\n          item_{i}_peer:\n            columns: [peer_id]\n"));
        put(text, format_args!("            references: {space}.item_{peer}(id)\n"));
        put(text, format_args!("        indexes:\n          item_{i}_parent: [parent_id]\n"));
        put(text, format_args!("          item_{i}_open: {{ columns: [lower(code)], where: state = 'new' }}\n"));
        if i.is_multiple_of(10) {
            text.push_str("        triggers:\n          touch: { timing: before, events: [update], each: row, ");
            put(text, format_args!("execute: {space}.touch() }}\n"));
        }
        if i.is_multiple_of(20) {
            text.push_str("        rls: enabled\n        policies:\n          own: { to: [bench_writer], ");
            text.push_str("using: \"code = current_setting('bench.code')\" }\n");
        }
        put(text, format_args!("        grants:\n          bench_reader: {}\n", or(3, "[select, trigger]", "select")));
        text.push_str("          bench_writer: [select, insert, update, delete]\n");
    }

    /// The table that refers to this one, and is referred to by it.
    fn peer(self, i: usize) -> usize {
        if i ^ 1 < self.tables { i ^ 1 } else { i }
    }

    fn view(self, i: usize, text: &mut String) {
        let space = schema(i);
        let limit = if self.view && i == 0 { 200 } else { 100 };
        put(
            text,
            format_args!(
                "      open_{i}: |\n        select i.id, i.code, p.code as peer, i.amount * i.quantity as worth\n"
            ),
        );
        let peer = self.peer(i);
        put(
            text,
            format_args!("        from {space}.item_{i} i left join {space}.item_{peer} p on p.id = i.peer_id\n"),
        );
        put(text, format_args!("        where i.state in ('new', 'open') and i.amount > {limit}\n"));
    }
}

const ROLES: &str = "roles:
  bench_owner: {}
  bench_reader: {}
  bench_writer: { member_of: [bench_reader] }
";

/// The schema that a table stands in.
fn schema(table: usize) -> String {
    format!("part_{}", table / SCHEMA)
}

/// Writes to a string, which can't fail.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes everything");
}

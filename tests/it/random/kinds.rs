//! More kinds of object by chance.

use serde_json::{Map, Value, json};

use super::generate::{Maker, ROLES};
use super::state::{Class, Id, Name, Object};

/// The numbers at which partitions by range end.
const BOUNDS: &[&str] = &["minvalue", "2", "10", "maxvalue"];

impl Maker<'_> {
    /// One object of one of these kinds.
    pub fn more(&mut self) {
        match self.rng.below(12) {
            0 => self.composite(),
            1 => self.range(),
            2 => self.statistics(),
            3 => self.exclusion(),
            4 | 5 => self.partitioned(),
            6 => self.aggregate(),
            7 => self.rule(),
            8 => self.procedure(),
            9 => self.remark(),
            _ => self.column_rights(),
        }
    }

    /// A new object with these fields.
    fn with(&mut self, parent: Id, section: &'static str, fields: &[(&'static str, Value)]) -> Object {
        let name = Name::Own(self.fresh());
        let fields = fields.iter().cloned().collect();
        Object { parent: Some(parent), section, name, was: None, signature: String::new(), class: Class::None, fields }
    }

    fn composite(&mut self) {
        let schema = self.any_schema();
        let mut attributes = Map::new();
        for name in self.rng.some(&["x", "y", "Zed", "order"], 3) {
            let kind = *self.rng.pick(&["int", "text", "varchar(10)", "timestamptz", "numeric(8, 2)"]);
            attributes.insert(name.to_owned(), json!(kind));
        }
        let new = self.with(schema, "composites", &[("attributes", Value::Object(attributes))]);
        self.state.add(new);
    }

    fn range(&mut self) {
        let schema = self.any_schema();
        let of = *self.rng.pick(&["float8", "text", "time", "int"]);
        let new = self.with(schema, "ranges", &[("subtype", json!(of))]);
        self.state.add(new);
    }

    fn statistics(&mut self) {
        let table = self.any_table();
        let classes = [Class::Number, Class::Text, Class::Time, Class::Bool];
        let list: Vec<Id> = self.state.columns(table);
        let list: Vec<Id> = list.into_iter().filter(|c| self.is_plain(*c, &classes)).collect();
        if list.len() < 2 {
            return;
        }
        let chosen = self.rng.some(&list, 3);
        let columns: Vec<String> = match chosen.as_slice() {
            [one] => vec![format!("(@{one}@ is null)")],
            all => all.iter().map(|c| format!("@{c}@")).collect(),
        };
        let mut new = self.with(table, "statistics", &[("columns", json!(columns))]);
        new.name = Name::Own(self.fresh().replace('.', "_")); // a dot says a schema
        self.state.add(new);
    }

    /// True for a column of one of these classes that is not computed.
    fn is_plain(&self, column: Id, classes: &[Class]) -> bool {
        let object = &self.state.objects[&column];
        classes.contains(&object.class) && !object.fields.contains_key("generated")
    }

    fn exclusion(&mut self) {
        let table = self.any_table();
        let Some(column) = self.any_column(table, &[Class::Number, Class::Text]) else { return };
        let number = self.state.objects[&column].class == Class::Number;
        let element = if number {
            format!("int4range(@{column}@::int, @{column}@::int + 1) with &&")
        } else {
            format!("lower(@{column}@) with =")
        };
        let method = if number { "gist" } else { "btree" };
        let mut new = self.with(table, "exclusions", &[("elements", json!([element])), ("method", json!(method))]);
        if self.rng.one_in(3) {
            new.fields.insert("where", json!(format!("@{column}@ is not null")));
        }
        self.state.add(new);
    }

    /// A partitioned table with its partitions, that hold every row.
    fn partitioned(&mut self) {
        let schema = self.any_schema();
        let new = self.with(schema, "partitioned", &[]);
        let table = self.state.add(new);
        let mut key = self.with(table, "columns", &[("type", json!("int"))]);
        key.class = Class::Number;
        let key = self.state.add(key);
        for _ in 0..=self.rng.below(2) {
            self.column_in(table);
        }
        let way = *self.rng.pick(&["range", "list", "hash"]);
        let by = json!(format!("{way} (@{key}@)"));
        self.state.objects.get_mut(&table).expect("it is there").fields.insert("partition_by", by);
        let bounds: Vec<String> = match way {
            "range" => BOUNDS.windows(2).map(|b| format!("values from ({}) to ({})", b[0], b[1])).collect(),
            "list" => vec!["values in (1, 2)".to_owned(), "default".to_owned()],
            _ => (0..2).map(|n| format!("values with (modulus 2, remainder {n})")).collect(),
        };
        for bound in bounds {
            let fields = [("partition_of", json!(format!("@{table}@"))), ("for", json!(bound))];
            let new = self.with(schema, "partitions", &fields);
            self.state.add(new);
        }
        if self.rng.one_in(2) {
            let new = self.with(table, "indexes", &[("columns", json!([format!("@{key}@")]))]);
            self.state.add(new);
        }
    }

    fn aggregate(&mut self) {
        let schema = self.any_schema();
        let step = *self.rng.pick(&["int4larger", "int4smaller", "int4pl"]);
        let mut new = self.with(schema, "aggregates", &[("sfunc", json!(step)), ("stype", json!("int"))]);
        if self.rng.one_in(2) {
            new.fields.insert("initcond", json!("0"));
        }
        "(int)".clone_into(&mut new.signature);
        self.state.add(new);
    }

    fn rule(&mut self) {
        let table = self.any_table();
        let Some(column) = self.any_column(table, &[Class::Number, Class::Text, Class::Time, Class::Bool]) else {
            return;
        };
        let event = *self.rng.pick(&["delete", "update"]);
        let what = *self.rng.pick(&["instead nothing", "also delete from @T@ where false"]);
        let what = what.replace("@T@", &format!("@{table}@"));
        let text = format!("on {event} to @{table}@ where old.@{column}@ is null do {what}");
        let new = self.with(table, "rules", &[("definition", json!(text))]);
        self.state.add(new);
    }

    fn procedure(&mut self) {
        let schema = self.any_schema();
        let mut new = self.with(schema, "procedures", &[("args", json!("n int")), ("language", json!("plpgsql"))]);
        new.fields.insert("body", json!(self.rng.pick(&["begin null; end", "begin perform n + 1; end"])));
        "(int)".clone_into(&mut new.signature);
        self.state.add(new);
    }

    /// A comment on something deep.
    fn remark(&mut self) {
        let deep = |o: &Object| o.parent.is_some() && super::generate::can_comment(o);
        let all: Vec<Id> = self.state.objects.iter().filter(|(_, o)| deep(o)).map(|(id, _)| *id).collect();
        let Some(id) = self.rng.maybe(&all) else { return };
        let text = *self.rng.pick(&["a remark", "a 'quoted' one", "$$"]);
        self.state.objects.get_mut(&id).expect("it is there").fields.insert("comment", json!(text));
    }

    /// Privileges on some columns of a table.
    fn column_rights(&mut self) {
        let table = self.any_table();
        let columns = self.state.under(table, "columns");
        if columns.is_empty() {
            return;
        }
        let names: Vec<String> = self.rng.some(&columns, 2).iter().map(|c| format!("@={c}@")).collect();
        let role = *self.rng.pick(ROLES);
        let privilege = *self.rng.pick(&["select", "update", "insert"]);
        let grants = json!({ role: [{ privilege: names }, "delete"] });
        self.state.objects.get_mut(&table).expect("it is there").fields.insert("grants", grants);
    }
}

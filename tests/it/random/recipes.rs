//! Kinds and options of objects as tables: each field with the values that it may have, one of which is taken by chance.
//!
//! A value is JSON, or text where it is none; an empty one leaves the field out. In it `$tables` is an object of that
//! section (`$=tables` its bare name), made where there is none; `%number` a column of that class of the relation at hand
//! (`%=any` its bare name), of a type of PostgreSQL's own; `%key` a unique constraint of it; `&role` a role,
//! `&other` another one than the object is called by; `&fn:text` a
//! function that returns that.

use serde_json::Value;

use super::generate::{Maker, ROLES};
use super::state::{Class, Id, Name, Object, State, WHOLE};

/// A field and the values it may have.
type Choice = (&'static str, &'static [&'static str]);

/// What objects of a section may be.
struct Recipe {
    section: &'static str,
    /// For columns: only of these classes.
    classes: &'static [Class],
    choices: &'static [Choice],
}

/// A kind that a recipe says whole: its section, what it stands under (a section, or nothing), and its name.
struct Kind {
    section: &'static str,
    under: &'static str,
    name: Named,
    signature: &'static str,
}

/// How objects of a kind are called.
enum Named {
    /// Freely.
    Freely,
    /// By one of these texts.
    By(&'static [&'static str]),
}

const fn kind(section: &'static str, under: &'static str) -> Kind {
    Kind { section, under, name: Named::Freely, signature: "" }
}

const fn signed(section: &'static str, signature: &'static str, names: Named) -> Kind {
    Kind { section, under: "schemas", name: names, signature }
}

const fn called(section: &'static str, under: &'static str, names: &'static [&'static str]) -> Kind {
    Kind { section, under, name: Named::By(names), signature: "" }
}

const SYMBOLS: &[&str] = &["<<<", ">>>", "#-#", "~~~>", "|||"];
const TYPES: &[&str] = &["enums", "composites", "ranges"];

/// The kinds that are made by recipe alone.
const KINDS: &[Kind] = &[
    kind("foreign_data_wrappers", ""),
    kind("servers", ""),
    called("user_mappings", "servers", &["random_a", "random_b", "public"]),
    kind("foreign_tables", "schemas"),
    kind("heirs", "schemas"),
    kind("heirs", "schemas"),
    called("casts", "", &["$TYPE as text", "$TYPE as bigint", "$TYPE as varchar"]),
    called("transforms", "", &["$TYPE language plpgsql", "$TYPE language sql"]),
    signed("operators", "(integer, integer)", Named::By(SYMBOLS)),
    signed("operators", "(none, integer)", Named::By(SYMBOLS)),
    signed("operator_classes", " using btree", Named::Freely),
    signed("operator_families", " using hash", Named::Freely),
    kind("collations", "schemas"),
    kind("conversions", "schemas"),
    kind("shell_types", "schemas"),
    kind("text_search_templates", "schemas"),
    kind("text_search_parsers", "schemas"),
    kind("text_search_dictionaries", "schemas"),
    kind("text_search_configurations", "schemas"),
    kind("languages", ""),
    kind("access_methods", ""),
    called("extensions", "", &["fuzzystrmatch", "tcn"]),
    called("large_objects", "", &["20001", "20002"]),
    kind("publications", ""),
    kind("publications", ""),
    kind("event_triggers", ""),
    kind("view_triggers", "views"),
    called("default_privileges", "", ROLES),
    called("default_privileges", "", ROLES),
    signed("functions", "()", Named::Freely),
];

const fn recipe(section: &'static str, choices: &'static [Choice]) -> Recipe {
    Recipe { section, classes: &[], choices }
}

const NUMBER: &[Class] = &[Class::Number];
const LONG: &[Class] = &[Class::Text, Class::Json, Class::Array];

const RECIPES: &[Recipe] = &[
    recipe("foreign_data_wrappers", &[("options", &["", r#"{"mode": "x"}"#, r#"{"mode": "y", "debug": "false"}"#])]),
    recipe(
        "servers",
        &[
            ("wrapper", &["$=foreign_data_wrappers"]),
            ("type", &["", "a", "b"]),
            ("version", &["", "\"1\"", "\"2\""]),
            ("options", &["", r#"{"host": "db1"}"#, r#"{"host": "db2", "port": "5433"}"#]),
        ],
    ),
    recipe("user_mappings", &[("options", &["", r#"{"user": "a"}"#, r#"{"user": "b", "mode": "it's"}"#])]),
    recipe(
        "foreign_tables",
        &[("server", &["$=servers"]), ("options", &["", r#"{"table_name": "x"}"#, r#"{"table_name": "y", "z": "1"}"#])],
    ),
    recipe("heirs", &[("inherits", &[r#"["$tables"]"#]), ("options", &["", r#"{"fillfactor": "70"}"#])]),
    recipe("casts", &[("inout", &["true"]), ("as", &["", "assignment"])]),
    recipe("transforms", &[("from_sql", &["prsd_lextype"])]),
    recipe(
        "operators",
        &[
            ("function", &["int4lt", "int4gt", "int4eq"]),
            ("restrict", &["", "scalarltsel", "scalargtsel"]),
            ("join", &["", "scalarltjoinsel"]),
        ],
    ),
    recipe(
        "operator_classes",
        &[
            ("type", &["int4"]),
            (
                "operators",
                &[
                    r#"["1 <(int4, int4)", "3 =(int4, int4)", "5 >(int4, int4)"]"#,
                    r#"["1 <(int4, int4)", "2 <=(int4, int4)", "3 =(int4, int4)", "4 >=(int4, int4)", "5 >(int4, int4)"]"#,
                ],
            ),
            ("functions", &[r#"["1 (int4, int4) btint4cmp(int4, int4)"]"#]),
        ],
    ),
    recipe(
        "operator_families",
        &[(WHOLE, &["", r#"{"operators": ["1 =(int4, int8)"], "functions": ["1 (int8, int8) hashint8(int8)"]}"#])],
    ),
    recipe("collations", &[(WHOLE, &[r#"{"locale": "C"}"#, r#"{"lc_collate": "C", "lc_ctype": "POSIX"}"#])]),
    recipe(
        "conversions",
        &[(
            WHOLE,
            &[
                r#"{"from": "LATIN1", "to": "UTF8", "function": "iso8859_1_to_utf8"}"#,
                r#"{"from": "UTF8", "to": "LATIN1", "function": "utf8_to_iso8859_1"}"#,
            ],
        )],
    ),
    recipe("text_search_templates", &[("lexize", &["dsimple_lexize"]), ("init", &["dsimple_init"])]),
    recipe(
        "text_search_parsers",
        &[
            ("start", &["prsd_start"]),
            ("gettoken", &["prsd_nexttoken"]),
            ("end", &["prsd_end"]),
            ("lextypes", &["prsd_lextype"]),
            ("headline", &["", "prsd_headline"]),
        ],
    ),
    recipe(
        "text_search_dictionaries",
        &[(
            WHOLE,
            &[
                r#"{"template": "simple"}"#,
                r#"{"template": "simple", "options": {"accept": "false"}}"#,
                r#"{"template": "snowball", "options": {"language": "german"}}"#,
                r#"{"template": "$text_search_templates"}"#,
            ],
        )],
    ),
    recipe(
        "text_search_configurations",
        &[
            ("parser", &["default", "default", "$text_search_parsers"]),
            (
                "mappings",
                &[
                    "",
                    r#"{"asciiword": ["$text_search_dictionaries", "simple"]}"#,
                    r#"{"word": ["english_stem"], "asciiword": ["$text_search_dictionaries"]}"#,
                ],
            ),
        ],
    ),
    recipe(
        "languages",
        &[
            ("handler", &["plpgsql_call_handler"]),
            ("inline", &["", "plpgsql_inline_handler"]),
            ("validator", &["", "plpgsql_validator"]),
            ("trusted", &["true"]),
        ],
    ),
    recipe("access_methods", &[("type", &["table"]), ("handler", &["heap_tableam_handler"])]),
    recipe("large_objects", &[("owner", &["random_a", "random_b"])]),
    recipe("extensions", &[("schema", &["$=schemas"])]),
    recipe(
        "publications",
        &[
            (
                WHOLE,
                &[
                    "",
                    r#"{"all_tables": true}"#,
                    r#"{"schemas": ["$=schemas"]}"#,
                    r#"{"tables": {"$tables": {}}}"#,
                    r#"{"tables": {"$tables": {"columns": ["%=plain"]}}}"#,
                    r#"{"tables": {"$tables": {"where": "%number > 5"}}}"#,
                    r#"{"tables": {"$tables": {"columns": ["%=plain"], "where": "%number is not null and 1 < 2"}}}"#,
                    r#"{"tables": {"$partitioned": {}}}"#,
                ],
            ),
            ("publish", &["", r#"["insert"]"#, r#"["insert", "truncate"]"#]),
            ("via_root", &["", "true"]),
        ],
    ),
    recipe(
        "event_triggers",
        &[
            ("on", &["ddl_command_end", "ddl_command_end", "ddl_command_start", "sql_drop"]),
            ("tags", &["", r#"["create table"]"#, r#"["alter table", "drop view"]"#]),
            ("execute", &["&fn:event_trigger()"]),
            ("enabled", &["", "", "disabled", "always"]),
        ],
    ),
    recipe(
        "view_triggers",
        &[
            ("timing", &["instead_of"]),
            ("events", &[r#"["insert"]"#, r#"["insert", "update"]"#, r#"["delete"]"#]),
            ("each", &["row"]),
            ("execute", &["&fn:trigger()"]),
        ],
    ),
    recipe(
        "default_privileges",
        &[(
            WHOLE,
            &[
                r#"{"everywhere": {"functions": {"public": "none"}}}"#,
                r#"{"everywhere": {"tables": {"&other": ["select", "insert"]}, "types": {"&role": "usage"}}}"#,
                r#"{"$=schemas": {"tables": {"&role": "select"}, "sequences": {"&role": "usage"}}}"#,
                r#"{"$=schemas": {"functions": {"&role": "execute"}}, "everywhere": {"sequences": {"&role": "all"}}}"#,
                r#"{"everywhere": {"schemas": {"&other": "usage"}}, "$=schemas": {"tables": {"public": "select"}}}"#,
            ],
        )],
    ),
    recipe(
        "tables",
        &[
            ("options", &["", r#"{"fillfactor": "80"}"#, r#"{"autovacuum_enabled": "false", "fillfactor": "50"}"#]),
            ("replica_identity", &["", "full", "nothing"]),
            ("cluster_on", &["", "%=key"]),
            ("access_method", &["", "", "$=access_methods"]),
            ("grants", &["", r#"{"&role": ["select with grant option", "update"]}"#, r#"{"public": "select"}"#]),
        ],
    ),
    recipe("partitions", &[("options", &["", r#"{"fillfactor": "80"}"#]), ("grants", &["", r#"{"&role": "select"}"#])]),
    Recipe {
        section: "columns",
        classes: LONG,
        choices: &[
            ("storage", &["", "external", "main"]),
            ("compression", &["", "pglz"]),
            ("statistics", &["", "100"]),
            ("options", &["", r#"{"n_distinct": "-0.5"}"#]),
        ],
    },
    Recipe {
        section: "columns",
        classes: NUMBER,
        choices: &[
            ("statistics", &["", "0", "500"]),
            ("grants", &["", r#"{"&role": ["select", "references"]}"#, r#"{"&role": "select with grant option"}"#]),
        ],
    },
    recipe("indexes", &[("options", &["", r#"{"fillfactor": "60"}"#, r#"{"deduplicate_items": "off"}"#])]),
    recipe(
        "unique",
        &[
            ("include", &["", r#"["%=plain"]"#]),
            ("nulls_not_distinct", &["", "true"]),
            ("options", &["", r#"{"fillfactor": "60"}"#]),
            ("index_comment", &["", "its index"]),
        ],
    ),
    recipe(
        "primary_key",
        &[
            ("include", &["", r#"["%=plain"]"#]),
            ("options", &["", r#"{"fillfactor": "60"}"#]),
            ("index_comment", &["", "its index"]),
        ],
    ),
    recipe(
        "sequences",
        &[
            ("min", &["", "1", "-5"]),
            ("max", &["", "1000", "30000"]),
            ("cache", &["", "5"]),
            ("cycle", &["", "true"]),
            ("type", &["", "integer", "smallint"]),
        ],
    ),
    recipe(
        "functions",
        &[
            ("security", &["", "definer"]),
            ("parallel", &["", "safe", "restricted"]),
            ("cost", &["", "7"]),
            (
                "settings",
                &["", r#"{"work_mem": "4MB"}"#, r#"{"search_path": "pg_catalog, pg_temp", "work_mem": "5MB"}"#],
            ),
            ("leakproof", &["", "true"]),
            ("depends_on_extensions", &["", r#"["$=extensions"]"#]),
        ],
    ),
    recipe("procedures", &[("security", &["", "definer"]), ("settings", &["", r#"{"work_mem": "4MB"}"#])]),
    recipe(
        "aggregates",
        &[("parallel", &["", "safe"]), ("combinefunc", &["", "int4larger"]), ("finalfunc", &["", "int4abs"])],
    ),
    recipe("triggers", &[("enabled", &["", "disabled", "always", "replica"])]),
    recipe("rules", &[("enabled", &["", "disabled", "always"])]),
    recipe("policies", &[("as", &["", "restrictive"]), ("to", &["", r#"["&role"]"#, r#"["random_a", "random_b"]"#])]),
    recipe("domains", &[("not_null", &["", "true"])]),
    recipe("statistics", &[("target", &["", "0", "100"])]),
    recipe("ranges", &[("subtype", &["int", "float8", "date"]), ("grants", &["", r#"{"&role": "usage"}"#])]),
    recipe("enums", &[("grants", &["", r#"{"public": "none"}"#, r#"{"&role": "usage with grant option"}"#])]),
    recipe(
        "composites",
        &[(
            "attributes",
            &[r#"{"x": "int", "y": {"type": "text", "comment": "a y"}}"#, r#"{"y": "varchar(10)", "z": "date"}"#],
        )],
    ),
    recipe(
        "foreign_keys",
        &[
            ("on_delete", &["", "cascade", "set default"]),
            ("on_update", &["", "cascade"]),
            ("initially_deferred", &["", "true"]),
            ("match", &["", "full"]),
        ],
    ),
    recipe(
        "views",
        &[
            ("security_barrier", &["", "true"]),
            ("security_invoker", &["", "true"]),
            (
                "columns",
                &["", r#"{"%=any": {"comment": "a column"}}"#, r#"{"%=any": {"grants": {"&role": "select"}}}"#],
            ),
        ],
    ),
    recipe(
        "materialized_views",
        &[
            ("options", &["", r#"{"fillfactor": "70"}"#]),
            ("columns", &["", r#"{"%=any": {"comment": "a column"}}"#, r#"{"%=any": {"statistics": 50}}"#]),
            ("depends_on_extensions", &["", r#"["$=extensions"]"#]),
        ],
    ),
];

/// The parts of a value that stand for something: `$tables`.
fn split(text: &str) -> Vec<(bool, &str)> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '%', '&']).filter(|at| *at + 1 < rest.len()) {
        let word = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '=' | ':' | '.');
        let end = rest[at + 1..].find(|c| !word(c)).map_or(rest.len(), |n| at + 1 + n);
        out.push((false, &rest[..at]));
        out.push((true, &rest[at..end]));
        rest = &rest[end..];
    }
    out.push((false, rest));
    out
}

impl Maker<'_> {
    /// One object of a kind that has a recipe.
    pub fn by_recipe(&mut self) {
        let kind = self.rng.pick(KINDS);
        self.make(kind);
    }

    fn make(&mut self, kind: &Kind) -> Option<Id> {
        let parent = match kind.under {
            "" => None,
            section => Some(self.some_of(section)?),
        };
        let name = match &kind.name {
            Named::Freely => Name::Own(self.fresh()),
            Named::By(texts) => {
                let text = *self.rng.pick(texts);
                let sort = *self.rng.pick(TYPES);
                Name::Text(self.resolve(&text.replace("$TYPE", &format!("${sort}")), parent)?)
            }
        };
        let new = Object {
            parent,
            section: kind.section,
            name,
            was: None,
            signature: kind.signature.to_owned(),
            class: Class::None,
            fields: std::collections::BTreeMap::new(),
        };
        let id = self.state.add(new);
        let again = self.state.of(kind.section).into_iter().any(|other| {
            other != id && self.state.key(other) == self.state.key(id) && self.state.objects[&other].parent == parent
        });
        if again || !self.complete(id) {
            self.state.objects.remove(&id);
            return None;
        }
        Some(id)
    }

    /// Gives a new object its fields, and what it can't be without.
    fn complete(&mut self, id: Id) -> bool {
        let choices: Vec<&Choice> = recipes(&self.state, id).flat_map(|recipe| recipe.choices).collect();
        if !choices.into_iter().all(|choice| self.choose(id, choice)) {
            return false;
        }
        match self.state.objects[&id].section {
            "foreign_tables" => {
                for _ in 0..2 {
                    self.column_in(id);
                }
            }
            "heirs" if self.rng.one_in(2) => _ = self.column_in(id),
            "functions" => self.event_function(id),
            "operators" if self.state.objects[&id].signature.starts_with("(none") => {
                let functions = self.state.of("functions");
                let functions: Vec<Id> =
                    functions.into_iter().filter(|id| self.state.objects[id].class == Class::Number).collect();
                let Some(function) = self.rng.maybe(&functions) else { return false };
                let object = self.state.objects.get_mut(&id).expect("it is there");
                object.fields.insert("function", Value::String(format!("@{function}@")));
            }
            _ => {}
        }
        true
    }

    fn event_function(&mut self, id: Id) {
        let languages = self.state.of("languages");
        let language = self.rng.maybe(&languages).map_or("plpgsql".to_owned(), |id| format!("@={id}@"));
        let object = self.state.objects.get_mut(&id).expect("it is there");
        object.fields.retain(|key, _| *key == "cost" || *key == "security");
        for (key, value) in [("returns", "event_trigger"), ("language", &language), ("body", "begin end")] {
            object.fields.insert(key, Value::String(value.to_owned()));
        }
    }

    /// An object of a section; a new one where there is none and a recipe says how.
    fn some_of(&mut self, section: &str) -> Option<Id> {
        let all = self.state.of(section);
        if let Some(id) = self.rng.maybe(&all) {
            return Some(id);
        }
        KINDS.iter().find(|kind| kind.section == section && kind.under != "views").and_then(|kind| self.make(kind))
    }

    /// Takes another value for one of the fields that an object may have; false where it has no recipe.
    pub fn roll(&mut self, id: Id) -> bool {
        let choices: Vec<&Choice> = recipes(&self.state, id).flat_map(|r| r.choices).collect();
        let Some(choice) = self.rng.maybe(&choices) else { return false };
        self.choose(id, choice)
    }

    /// Takes a value for a field; false where what it names is not there.
    fn choose(&mut self, id: Id, (key, values): &Choice) -> bool {
        let value = *self.rng.pick(values);
        let parent = self.state.objects[&id].parent.and_then(|p| self.state.objects.get(&p));
        if *key == "compression" && parent.is_some_and(|p| p.section == "foreign_tables") {
            return true;
        }
        let Some(text) = self.resolve(value, Some(id)) else { return values.contains(&"") };
        let Some(object) = self.state.objects.get_mut(&id) else { return false };
        if text.is_empty() {
            object.fields.remove(key);
        } else {
            object.fields.insert(key, serde_json::from_str(&text).unwrap_or(Value::String(text)));
        }
        true
    }

    /// A value with numbers of objects for what stands for them.
    fn resolve(&mut self, value: &str, at: Option<Id>) -> Option<String> {
        let mut relation = at.and_then(|id| relation_of(&self.state, id));
        let mut out = String::new();
        for (stands, part) in split(value) {
            if !stands {
                out += part;
                continue;
            }
            let (sign, word) = part.split_at(1);
            let (bare, word) = word.strip_prefix('=').map_or(("", word), |word| ("=", word));
            match sign {
                "$" => {
                    let id = self.some_of(word).filter(|id| Some(*id) != at)?;
                    relation = relation.filter(|_| !matches!(word, "tables" | "partitioned")).or(Some(id));
                    out += &format!("@{bare}{id}@");
                }
                "%" => out += &format!("@{bare}{}@", self.part_of(relation?, word)?),
                _ if word == "role" => out += *self.rng.pick(ROLES),
                _ if word == "other" => {
                    let own = at.map(|id| self.state.name(id));
                    let others: Vec<&str> = ROLES.iter().copied().filter(|r| own.as_deref() != Some(r)).collect();
                    out += *self.rng.pick(&others);
                }
                _ => {
                    let function = self.function_that_returns(word.strip_prefix("fn:")?)?;
                    out += &format!("@{function}@");
                }
            }
        }
        Some(out)
    }

    fn function_that_returns(&mut self, kind: &str) -> Option<Id> {
        let state = &self.state;
        let all = state.of("functions").into_iter();
        let list: Vec<Id> =
            all.filter(|id| state.objects[id].fields.get("returns").is_some_and(|r| r == kind)).collect();
        self.rng.maybe(&list).or_else(|| {
            let kind = KINDS.iter().find(|k| k.section == "functions" && kind == "event_trigger")?;
            self.make(kind)
        })
    }

    /// A column of a relation, or a unique constraint.
    fn part_of(&mut self, relation: Id, word: &str) -> Option<Id> {
        let list = match word {
            "key" => self.state.under(relation, "unique"),
            _ => self.state.columns(relation),
        };
        let state = &self.state;
        let fits = |id: &Id| {
            let object = &state.objects[id];
            let own = object.fields.get("type").is_none_or(|t| !t.to_string().contains('@'));
            let given = !object.fields.contains_key("generated");
            match word {
                "number" => object.class == Class::Number && own && given,
                "plain" => own && given,
                _ => true,
            }
        };
        let list: Vec<Id> = list.into_iter().filter(fits).collect();
        self.rng.maybe(&list)
    }
}

/// The relation that an object is, or stands under.
fn relation_of(state: &State, id: Id) -> Option<Id> {
    if !state.columns(id).is_empty() {
        return Some(id);
    }
    state.objects[&id].parent.filter(|parent| !state.columns(*parent).is_empty())
}

/// What an object may be.
fn recipes(state: &State, id: Id) -> impl Iterator<Item = &'static Recipe> {
    let object = &state.objects[&id];
    let (section, class) = (object.section, object.class);
    // Options of an index are those of a B-tree; what is computed, and operators with one operand, have none.
    let none = object.signature.starts_with("(none")
        || object.fields.contains_key("method")
        || object.fields.contains_key("generated");
    RECIPES
        .iter()
        .filter(move |r| r.section == section && (r.classes.is_empty() || r.classes.contains(&class)) && !none)
}

//! Variables: `${name}` in the files of a project, and the values that stand for it.
//!
//! A project that gives no variable a value, in no environment either, may contain `${name}` as text. In any other,
//! `$${name}` is the text `${name}`, and a name that has no value is an error.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::settings::Settings;
use super::yaml::locate;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Label, Problem, Result, Span};
use crate::model::node::{Key, Node, Value};
use crate::model::suggest::did_you_mean;

/// The maximum number of bytes that variables may bring into a file.
const MAX_BYTES: usize = 16 << 20;

/// The variables of a project as it is read.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, String>,
    /// Names that have a value only in other environments, each with the first of these.
    elsewhere: BTreeMap<String, String>,
}

impl Variables {
    /// Returns the variables that the settings declare, with the values of an environment, if one is meant. Those of
    /// `given` go before them.
    ///
    /// # Errors
    /// If the settings have no such environment, or do not declare a variable of `given`.
    pub fn new(settings: &Settings, environment: Option<&str>, given: &[(String, String)]) -> Result<Self> {
        let mut values = settings.variables.clone();
        if let Some(environment) = environment {
            values.extend(settings.environment(environment)?.variables.clone());
        }
        let others = settings.environments.values().flat_map(|there| there.variables.keys());
        let known: BTreeSet<&str> = settings.variables.keys().chain(others).map(String::as_str).collect();
        if let Some((name, _)) = given.iter().find(|(name, _)| !known.contains(&**name)) {
            let message = format!("`--var {name}=…` is for a variable that the project does not declare");
            let help = match known.into_iter().collect::<Vec<_>>().as_slice() {
                [] => format!("declare it in `dbstate.yaml`: `variables: {{ {name}: … }}`"),
                known => did_you_mean(name, known),
            };
            return Err(Box::new(Diagnostic::new(Code::Usage, message).help(help)));
        }
        values.extend(given.iter().cloned());
        let mut elsewhere = BTreeMap::new();
        for (environment, there) in &settings.environments {
            for name in there.variables.keys().filter(|name| !values.contains_key(*name)) {
                elsewhere.entry(name.clone()).or_insert_with(|| environment.clone());
            }
        }
        Ok(Self { values, elsewhere })
    }

    /// Returns variables with these values.
    pub fn of(values: BTreeMap<String, String>) -> Self {
        Self { values, elsewhere: BTreeMap::new() }
    }

    /// Returns the values by name.
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Returns whether `${name}` is text.
    fn is_off(&self) -> bool {
        self.values.is_empty() && self.elsewhere.is_empty()
    }

    /// Replaces the variables in all keys and texts of a value that was read from `source`.
    pub fn fill(&self, node: &mut Node, source: &str, problems: &mut Diagnostics) {
        if !self.is_off() {
            Filling { variables: self, source, problems, bytes: 0 }.node(node);
        }
    }

    /// Returns a value whose texts [`Self::fill`] leads back to those of `node`.
    pub fn escaped(&self, mut node: Node) -> Node {
        if !self.is_off() {
            escape(&mut node);
        }
        node
    }

    /// Returns what is wrong with a name that has no value.
    fn missing(&self, name: &str) -> Problem {
        if let Some(environment) = self.elsewhere.get(name) {
            let message = format!("variable `{name}` has no value here, only in environment `{environment}`");
            let help = format!("name it with `--env {environment}`, or give a value for all under `variables`");
            return Problem::new(Code::Dangling, message).help(help);
        }
        let known: Vec<&str> = self.values.keys().chain(self.elsewhere.keys()).map(String::as_str).collect();
        let meant = did_you_mean(name, &known);
        let and = if meant.ends_with('?') { "" } else { ";" };
        let help = format!("{meant}{and} `$${{{name}}}` is the text itself");
        Problem::new(Code::Dangling, format!("variable `{name}` is not declared")).help(help)
    }
}

/// A file whose variables are being replaced.
struct Filling<'a> {
    variables: &'a Variables,
    source: &'a str,
    problems: &'a mut Diagnostics,
    /// How much variables have brought in so far.
    bytes: usize,
}

impl Filling<'_> {
    fn node(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Null => {}
            Value::Scalar(scalar) => {
                // Between brackets YAML wants quotes, even if the value is a number.
                scalar.plain |= uses(&scalar.text).next().is_some_and(|it| it.range == (0..scalar.text.len()));
                self.text(&mut scalar.text, node.span);
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.node(item)),
            Value::Map(entries) => {
                let mut is_changed = false;
                for (key, value) in entries.iter_mut() {
                    is_changed |= key.text.contains("${");
                    self.text(&mut key.text, key.span);
                    self.node(value);
                }
                if is_changed {
                    self.unique(entries);
                }
            }
        }
    }

    fn text(&mut self, text: &mut Box<str>, span: Option<Span>) {
        let mut filled = Cow::Borrowed("");
        let mut done = 0;
        for Use { range, name } in uses(text) {
            let is_text = text[..range.start].ends_with('$');
            let value = match self.variables.values.get(name) {
                _ if is_text => &text[range.start + 1..range.end], // one `$` is there already
                Some(value) => value,
                None => {
                    let problem = self.variables.missing(name);
                    self.report(problem, text, &range, span);
                    return;
                }
            };
            self.bytes += value.len();
            if self.bytes > MAX_BYTES {
                let message = format!("variables bring in more than {} MiB", MAX_BYTES >> 20);
                self.report(Problem::new(Code::Syntax, message).help("write the values out"), text, &range, span);
                return;
            }
            let filled = filled.to_mut();
            filled.push_str(&text[done..range.start]);
            filled.push_str(value);
            done = range.end;
        }
        if done > 0 {
            *text = format!("{filled}{}", &text[done..]).into();
        }
    }

    fn report(&mut self, problem: Problem, text: &str, range: &Range<usize>, span: Option<Span>) {
        match span.map(|span| locate(self.source, span, text, range.start, range.end)) {
            Some(place) => self.problems.push(problem.at(place, "")),
            None => self.problems.push(problem),
        }
    }

    /// Removes entries whose key has become that of an earlier one, and reports them.
    fn unique(&mut self, entries: &mut Vec<(Key, Node)>) {
        let mut seen: HashMap<Box<str>, Option<Span>> = HashMap::new();
        entries.retain(|(key, _)| {
            let Some(first) = seen.get(&key.text) else {
                seen.insert(key.text.clone(), key.span);
                return true;
            };
            let mut problem = Diagnostic::new(Code::Duplicate, format!("key `{}` twice", key.text));
            for (span, label) in [(key.span, "again here"), (*first, "first here")] {
                problem.labels.extend(span.map(|span| Label { span, text: label.into() }));
            }
            self.problems.push(problem.help("remove one, or give a variable another value"));
            false
        });
    }
}

/// A variable that a text names.
struct Use<'t> {
    /// Where `${name}` is in the text.
    range: Range<usize>,
    name: &'t str,
}

/// Returns the variables that a text names, in order.
fn uses(text: &str) -> impl Iterator<Item = Use<'_>> {
    text.match_indices("${").filter_map(|(start, _)| {
        let rest = &text[start + 2..];
        let name = &rest[..rest.find('}')?];
        is_name(name).then(|| Use { range: start..start + 3 + name.len(), name })
    })
}

/// Returns whether a variable may have that name: letters, digits and `_`, and no digit at the beginning.
pub fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

fn escape(node: &mut Node) {
    match &mut node.value {
        Value::Null => {}
        Value::Scalar(scalar) => scalar.text = escaped(&scalar.text).into(),
        Value::List(items) => items.iter_mut().for_each(escape),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.text = escaped(&key.text).into();
                escape(value);
            }
        }
    }
}

/// Doubles the `$` of everything that would be taken for a variable.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for Use { range, .. } in uses(text) {
        out.push_str(&text[done..range.start]);
        out.push('$');
        done = range.start;
    }
    out + &text[done..]
}

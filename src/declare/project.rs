//! A project: which files, which settings, and the state they declare.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lower::Lowering;
use super::{check, yaml};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, FileId, Problem, Result, Sources};
use crate::kind::Entry;
use crate::model::bridge;
use crate::model::node::{Node, Value};
use crate::model::{Manage, State};

/// The name of the settings file.
pub const SETTINGS: &str = "dbstate.yaml";
/// What is read where there is no settings file.
const DEFAULT_FILES: [&str; 2] = ["schema.yaml", "roles.yaml"];

/// `dbstate.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Files and directories, relative to this file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// How much of the database is managed: `schemas` or `database`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manage: Option<Manage>,
    /// Where the database is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<Source>,
    /// Named targets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, Environment>,
    /// Hazard classes that need no further allowance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Globs over `schema.name` that are not managed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// How long to wait for a lock, as PostgreSQL writes it: `3s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_timeout: Option<String>,
    /// How long a statement may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_timeout: Option<String>,
    /// Values for `${name}` in files.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// `off` to leave nothing in the target database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
}

/// A value that stands here or in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The value itself.
    Value(String),
    /// The name of an environment variable.
    Env(String),
}

impl Source {
    /// The value.
    pub fn resolve(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<String> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Env(name) => env(name).ok_or_else(|| {
                let message = format!("the environment variable `{name}` is not set");
                Box::new(Diagnostic::new(Code::Usage, message).help(format!("set `{name}`, or give `--database`")))
            }),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => serializer.serialize_str(value),
            Self::Env(name) => BTreeMap::from([("env", name)]).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Source;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value or `{ env: NAME }`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Source, E> {
                Ok(Source::Value(text.to_owned()))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Env {
                    env: String,
                }
                let env = Env::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Source::Env(env.env))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A named target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Where the database is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<Source>,
    /// Hazard classes that need no further allowance there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Values for `${name}` in files.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Project {
    /// Every file's text, also when there were problems.
    pub sources: Sources,
    /// The settings.
    pub settings: Settings,
    /// What is declared.
    pub state: State,
}

/// Reads a project: `explicit` files or directories, else what is found from `directory` upwards.
///
/// The sources come back with the problems too, to show them.
pub fn read(
    explicit: &[PathBuf],
    directory: &Path,
    manage: Option<Manage>,
    register: &'static [Entry],
) -> (Project, Diagnostics) {
    let mut project = Project::default();
    let mut problems = Diagnostics::default();
    let files = match find(explicit, directory, &mut project, &mut problems) {
        Ok(files) => files,
        Err(problem) => {
            problems.push(*problem);
            return (project, problems);
        }
    };
    let nodes: Vec<Node> =
        files.iter().filter_map(|path| read_file(path, &mut project.sources, &mut problems)).collect();
    let manage = manage.or(project.settings.manage).unwrap_or_default();
    let mut lowering = Lowering::new(register, &mut project.sources);
    lowering.state.set_whole(manage == Manage::Database);
    for node in &nodes {
        lowering.file(node);
    }
    lowering.finish();
    let Lowering { state, broken, problems: found, .. } = lowering;
    problems.extend(found);
    problems.extend(check::check(&state, &broken, register, &project.sources));
    project.state = state;
    (project, problems)
}

/// The files of the project, sorted; reads the settings on the way.
fn find(
    explicit: &[PathBuf],
    directory: &Path,
    project: &mut Project,
    problems: &mut Diagnostics,
) -> Result<Vec<PathBuf>> {
    if !explicit.is_empty() {
        let beside = explicit.iter().map(|p| p.join(SETTINGS)).find(|p| p.is_file());
        if let Some(path) = beside.or_else(|| upwards(directory)) {
            read_settings(&path, project, problems);
        }
        return expand(explicit, Path::new(""));
    }
    if let Some(path) = upwards(directory) {
        read_settings(&path, project, problems);
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        if project.settings.files.is_empty() {
            return defaults(&base);
        }
        let listed: Vec<PathBuf> = project.settings.files.iter().map(PathBuf::from).collect();
        return expand(&listed, &base);
    }
    defaults(directory)
}

fn defaults(base: &Path) -> Result<Vec<PathBuf>> {
    let files: Vec<PathBuf> = DEFAULT_FILES.iter().map(|f| base.join(f)).filter(|p| p.is_file()).collect();
    if files.is_empty() {
        let message = "there is no project here: neither `dbstate.yaml` nor `schema.yaml`";
        return Err(Problem::new(Code::File, message).help("run `dbstate init`, or name files with `-f`").into());
    }
    Ok(files)
}

fn upwards(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|d| d.join(SETTINGS)).find(|p| p.is_file())
}

/// Directories become the YAML files under them; the settings file is not among them.
fn expand(listed: &[PathBuf], base: &Path) -> Result<Vec<PathBuf>> {
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for path in listed {
        let path = base.join(path);
        let mut found = if path.is_dir() { under(&path) } else { vec![path.clone()] };
        if found.is_empty() {
            let message = format!("there is no YAML file under `{}`", path.display());
            return Err(Problem::new(Code::File, message).help("name a directory that holds `*.yaml` files").into());
        }
        found.sort();
        files.extend(found.into_iter().filter(|f| seen.insert(f.clone())));
    }
    Ok(files)
}

fn under(directory: &Path) -> Vec<PathBuf> {
    let is_yaml = |p: &Path| p.extension().is_some_and(|e| e == "yaml" || e == "yml");
    ignore::WalkBuilder::new(directory)
        .require_git(false)
        .build()
        .filter_map(std::result::Result::ok)
        .map(ignore::DirEntry::into_path)
        .filter(|p| p.is_file() && is_yaml(p) && p.file_name().is_none_or(|n| n != SETTINGS))
        .collect()
}

fn read_settings(path: &Path, project: &mut Project, problems: &mut Diagnostics) {
    let Some(node) = read_file(path, &mut project.sources, problems) else { return };
    if node.value == Value::Null {
        return;
    }
    match bridge::from_node(&node) {
        Ok(settings) => project.settings = settings,
        Err(error) => problems.push(Diagnostic::from(error)),
    }
}

fn read_file(path: &Path, sources: &mut Sources, problems: &mut Diagnostics) -> Option<Node> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let problem = Problem::new(Code::File, format!("can't read `{}`: {error}", path.display()));
            problems.push(problem.help("check the path and its permissions"));
            return None;
        }
    };
    match yaml::read_utf8(&bytes) {
        Ok(text) => {
            let file: FileId = sources.add(path, text);
            yaml::parse(file, text, problems)
        }
        Err(mut problem) => {
            problem.message = format!("`{}`: {}", path.display(), problem.message);
            problems.push(problem);
            None
        }
    }
}

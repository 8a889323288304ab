//! Reads a project: its files, its settings, and the state that they declare.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::lower::Lowering;
use super::variables::Variables;
use super::{check, settings, yaml};
use crate::diagnostic::{Code, Diagnostics, FileId, Problem, Result, Sources, Span, io_text};
use crate::kind::Entry;
use crate::model::node::{Node, Value};
use crate::model::{Manage, State};

pub use settings::{Databases, Environment, Settings, Source};

/// The name of the settings file.
pub const SETTINGS: &str = "dbstate.yaml";
/// The files that are read if there is no settings file.
const DEFAULT_FILES: [&str; 2] = ["schema.yaml", "roles.yaml"];

/// A project as read.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The text of every file, even if it has problems.
    pub sources: Sources,
    /// The files that declare the project.
    pub files: Vec<FileId>,
    /// The settings.
    pub settings: Settings,
    /// The settings file, if there is one.
    pub settings_file: Option<FileId>,
    /// The variables that the files were read with.
    pub variables: Variables,
    /// The declared state.
    pub state: State,
}

/// What the command line says about how a project is read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// How much is managed; `None` leaves it to the settings.
    pub manage: Option<Manage>,
    /// The environment of the settings that is meant.
    pub environment: Option<String>,
    /// Values of variables, which go before those of the settings.
    pub variables: Vec<(String, String)>,
}

/// A file or directory of the project, and the span in the settings that names it.
#[derive(Debug, Clone)]
struct Listed {
    path: PathBuf,
    span: Option<Span>,
}

/// A project whose settings are read and whose files are found, but not read.
#[derive(Debug, Clone, Default)]
pub struct Found {
    project: Project,
    problems: Diagnostics,
    files: Vec<Listed>,
    manage: Manage,
}

impl Found {
    /// Returns the settings, unless there are problems already.
    pub fn settings(&self) -> Option<&Settings> {
        self.problems.is_empty().then_some(&self.project.settings)
    }

    /// Returns the project without its files.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Returns the project without its files, once nothing more is asked of it.
    pub fn into_project(self) -> Project {
        self.project
    }

    /// Returns the paths of the files, in the order in which they are read.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|listed| &*listed.path)
    }

    /// Returns how much of the database is managed.
    pub fn manage(&self) -> Manage {
        self.manage
    }

    /// Reads the files.
    ///
    /// The sources are returned even if there are problems, to show these.
    pub fn read(self, register: &'static [Entry]) -> (Project, Diagnostics) {
        let Self { mut project, mut problems, files, manage } = self;
        lower(&files, manage, &mut project, &mut problems, register);
        (project, problems)
    }
}

/// Finds a project's files: those in `explicit`, else what is found in `directory` and above it. Paths are shown relative to
/// `directory`.
pub fn locate(explicit: &[PathBuf], directory: &Path, reading: &Reading) -> Found {
    locate_over(Sources::relative_to(directory), explicit, directory, reading)
}

fn locate_over(sources: Sources, explicit: &[PathBuf], directory: &Path, reading: &Reading) -> Found {
    let mut project = Project { sources, ..Project::default() };
    let mut problems = Diagnostics::default();
    let files = find(explicit, directory, &mut project, &mut problems).unwrap_or_else(|problem| {
        problems.push(*problem);
        Vec::new()
    });
    let manage = reading.manage.or(project.settings.manage).unwrap_or_default();
    if problems.is_empty() {
        match Variables::new(&project.settings, reading.environment.as_deref(), &reading.variables) {
            Ok(variables) => project.variables = variables,
            Err(problem) => problems.push(*problem),
        }
    }
    Found { project, problems, files, manage }
}

/// Reads the project that [`locate`] finds.
pub fn read(
    explicit: &[PathBuf],
    directory: &Path,
    reading: &Reading,
    register: &'static [Entry],
) -> (Project, Diagnostics) {
    locate(explicit, directory, reading).read(register)
}

/// Reads like [`read`], with the given sources, which may contain texts that are not saved yet.
pub fn read_over(
    sources: Sources,
    explicit: &[PathBuf],
    directory: &Path,
    reading: &Reading,
    register: &'static [Entry],
) -> (Project, Diagnostics) {
    locate_over(sources, explicit, directory, reading).read(register)
}

/// Reads a project of the given files, with these values of variables, from texts that `sources` already contains.
pub fn read_given(
    files: &[PathBuf],
    sources: Sources,
    (manage, variables): (Manage, Variables),
    register: &'static [Entry],
) -> (Project, Diagnostics) {
    let mut project = Project { sources, variables, ..Project::default() };
    let mut problems = Diagnostics::default();
    let files: Vec<Listed> = files.iter().map(|path| Listed { path: path.clone(), span: None }).collect();
    lower(&files, manage, &mut project, &mut problems, register);
    (project, problems)
}

/// Reads and lowers the files.
fn lower(
    files: &[Listed],
    manage: Manage,
    project: &mut Project,
    problems: &mut Diagnostics,
    register: &'static [Entry],
) {
    let mut lowering = Lowering::new(register, &mut project.sources);
    lowering.variables = std::mem::take(&mut project.variables);
    lowering.state.set_whole(manage == Manage::Database);
    for listed in files {
        // One file at a time, as nodes take more memory than the objects made from them.
        let Some(mut node) = read_file(listed, lowering.sources, problems) else { continue };
        if let Some(span) = node.span {
            project.files.push(span.file);
            lowering.variables.fill(&mut node, &lowering.sources.get(span.file).text, problems);
        }
        lowering.file(&node);
    }
    lowering.finish();
    let Lowering { state, broken, variables, problems: found, .. } = lowering;
    project.variables = variables;
    problems.extend(found);
    problems.extend(check::check(&state, &broken, register, &project.sources));
    project.state = state;
}

/// Returns the paths and ids of a project's files, settings included: those in `explicit`, else those found in
/// `directory` and above it. Their texts are added to `sources`.
pub fn texts(
    explicit: &[PathBuf],
    directory: &Path,
    sources: &mut Sources,
    problems: &mut Diagnostics,
) -> Vec<(PathBuf, FileId)> {
    let mut scratch = Project { sources: Sources::relative_to(directory), ..Project::default() };
    let mut found = Diagnostics::default();
    let beside = explicit.iter().map(|p| p.join(SETTINGS)).filter(|p| p.is_file());
    let settings: Vec<PathBuf> =
        if explicit.is_empty() { upwards(directory).into_iter().collect() } else { beside.collect() };
    let files = match find(explicit, directory, &mut scratch, &mut found) {
        Ok(files) => files,
        Err(problem) => {
            problems.push(*problem);
            return Vec::new();
        }
    };
    if !found.is_empty() {
        *sources = scratch.sources;
        problems.extend(found);
        return Vec::new();
    }
    let settings = settings.into_iter().map(|path| Listed { path, span: None });
    settings.chain(files).filter_map(|l| Some((l.path.clone(), read_text(&l, sources, problems)?))).collect()
}

/// Reads only the settings, found in `directory` or above it; without a file they are the defaults.
pub fn settings_of(directory: &Path) -> (Project, Diagnostics) {
    let mut project = Project { sources: Sources::relative_to(directory), ..Project::default() };
    let mut problems = Diagnostics::default();
    if let Some(path) = upwards(directory) {
        read_settings(path, &mut project, &mut problems);
    }
    (project, problems)
}

/// Returns the files of the project, sorted, and reads its settings.
fn find(
    explicit: &[PathBuf],
    directory: &Path,
    project: &mut Project,
    problems: &mut Diagnostics,
) -> Result<Vec<Listed>> {
    if !explicit.is_empty() {
        let beside = explicit.iter().map(|p| p.join(SETTINGS)).find(|p| p.is_file());
        if let Some(path) = beside.or_else(|| upwards(directory)) {
            read_settings(path, project, problems);
        }
        let listed = explicit.iter().map(|p| Listed { path: p.clone(), span: None }).collect();
        return Ok(expand(listed, &project.sources, problems));
    }
    let Some(path) = upwards(directory) else { return defaults(directory) };
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let listed: Vec<Listed> = read_settings(path, project, problems)
        .into_iter()
        .map(|listed| Listed { path: base.join(listed.path), ..listed })
        .collect();
    if listed.is_empty() { defaults(&base) } else { Ok(expand(listed, &project.sources, problems)) }
}

fn defaults(base: &Path) -> Result<Vec<Listed>> {
    let files = DEFAULT_FILES.iter().map(|f| base.join(f)).filter(|p| p.is_file());
    let files: Vec<Listed> = files.map(|path| Listed { path, span: None }).collect();
    if files.is_empty() {
        let message = "there is no project here: neither `dbstate.yaml` nor `schema.yaml`";
        return Err(Problem::new(Code::File, message).help("run `dbstate init`, or name files with `-f`").into());
    }
    Ok(files)
}

/// Returns the nearest directory with a settings file, starting from `directory`; `directory` itself if there is none.
pub fn root(directory: &Path) -> PathBuf {
    upwards(directory).and_then(|file| Some(file.parent()?.to_owned())).unwrap_or_else(|| directory.to_owned())
}

/// Returns whether a directory contains a project.
pub fn is_here(directory: &Path) -> bool {
    [SETTINGS].iter().chain(&DEFAULT_FILES).any(|name| directory.join(name).is_file())
}

fn upwards(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|d| d.join(SETTINGS)).find(|p| p.is_file())
}

/// Replaces directories by the YAML files below them, sorted and without the settings file.
fn expand(listed: Vec<Listed>, sources: &Sources, problems: &mut Diagnostics) -> Vec<Listed> {
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for Listed { path, span } in listed {
        let mut found = if path.is_dir() { under(&path) } else { vec![path.clone()] };
        if found.is_empty() {
            let message = format!("there is no YAML file under `{}`", sources.shown(&path));
            let problem = Problem::new(Code::File, message).help("name a directory that holds `*.yaml` files");
            place(problem, span, problems);
        }
        found.sort();
        let new = found.into_iter().filter(|f| seen.insert(f.clone()));
        files.extend(new.map(|path| Listed { path, span }));
    }
    // The plan must not depend on the order in which files are named.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
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

/// Reads the settings, and returns the files they list.
fn read_settings(path: PathBuf, project: &mut Project, problems: &mut Diagnostics) -> Vec<Listed> {
    let Some(node) = read_file(&Listed { path, span: None }, &mut project.sources, problems) else { return Vec::new() };
    project.settings_file = node.span.map(|span| span.file);
    project.settings = settings::read(&node, problems);
    let items = match node.get("files").map(|files| &files.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    let spans = items.iter().map(|item| item.span);
    let files = project.settings.files.iter().map(PathBuf::from);
    files.zip(spans).map(|(path, span)| Listed { path, span }).collect()
}

fn read_file(listed: &Listed, sources: &mut Sources, problems: &mut Diagnostics) -> Option<Node> {
    let file = read_text(listed, sources, problems)?;
    let text = sources.get(file).text.clone();
    yaml::parse(file, &text, problems)
}

/// Adds the text of a file to the sources.
fn read_text(listed: &Listed, sources: &mut Sources, problems: &mut Diagnostics) -> Option<FileId> {
    let bytes = match sources.read(&listed.path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("can't read `{}`: {}", sources.shown(&listed.path), io_text(&error));
            let problem = Problem::new(Code::File, message).help("check the path and its permissions");
            place(problem, listed.span, problems);
            return None;
        }
    };
    match yaml::read_utf8(&bytes) {
        Ok(text) => Some(sources.add(&listed.path, text)),
        Err(problem) => {
            // Up to the first invalid byte, the lossy text is the same as the file.
            let file = sources.add(&listed.path, String::from_utf8_lossy(&bytes));
            let at = problem.within.map_or(0, |(start, _)| u32::try_from(start).unwrap_or(0));
            problems.push(problem.at(Span { file, start: at, end: at + 1 }, ""));
            None
        }
    }
}

fn place(problem: Problem, span: Option<Span>, problems: &mut Diagnostics) {
    problems.push(match span {
        Some(span) => problem.at(span, ""),
        None => problem.into(),
    });
}

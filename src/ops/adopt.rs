//! A second `pull`: changes the files of a project so that they describe the database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::plan::settle;
use super::{Options, drift, pull};
use crate::declare::adopt::{Request, adopt as rewrite, list_files};
use crate::declare::project::{self, Project, Reading, SETTINGS};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources, io_text};
use crate::diff::diff;
use crate::kinds;
use crate::model::{Address, Manage};
use crate::plan::Planned;
use crate::session::Session;

/// How many times the remaining differences are tried. An object that is declared in several places takes one round for
/// each.
const ROUNDS: usize = 5;

/// Which differences are taken from the database.
#[derive(Debug, Clone, Copy)]
pub enum Extent<'a> {
    /// All of them, and the named schemas even if the project does not declare them.
    All(&'a [String]),
    /// Only those where the database alone changed since the last apply. Changes that the YAML made stay.
    Drift,
}

/// The files that were written, with their previous contents; `None` for files that did not exist.
type Before = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// The result of an adoption.
#[derive(Debug, Default)]
pub struct Adopted {
    /// The files that were written, sorted by path.
    pub files: Vec<PathBuf>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

/// Changes the files of the project in `directory` so that they describe the database.
///
/// # Errors
/// If a difference cannot be written, it is named, and all files are restored.
pub async fn adopt(
    session: &Session,
    directory: &Path,
    reading: &Reading,
    extent: Extent<'_>,
) -> Result<Adopted, (Diagnostics, Sources)> {
    let mut before = Before::new();
    match Box::pin(rounds(session, directory, reading, extent, &mut before)).await {
        Ok(warnings) => Ok(Adopted { files: before.into_keys().collect(), warnings }),
        Err(problems) => {
            for (path, bytes) in before {
                // An error while restoring a file is ignored, as the problem reported below matters more.
                let _ = match bytes {
                    Some(bytes) => std::fs::write(path, bytes),
                    None => std::fs::remove_file(path),
                };
            }
            Err(problems)
        }
    }
}

async fn rounds(
    session: &Session,
    directory: &Path,
    reading: &Reading,
    extent: Extent<'_>,
    before: &mut Before,
) -> Result<Vec<String>, (Diagnostics, Sources)> {
    let mut round = 0;
    let mut notes = Vec::new();
    let mut drifted = None;
    loop {
        let (project, problems) = project::read(&[], directory, reading, kinds::register());
        if !problems.is_empty() {
            return Err((problems, project.sources));
        }
        if round == 0 {
            round = 1;
            if let Extent::All(schemas) = extent {
                let opened = open(session, &project, directory, schemas, before).await;
                notes.extend(opened.map_err(|problems| (problems, project.sources))?);
                continue;
            }
        }
        let result = one_round(session, &project, reading.manage).await;
        let (mut planned, mut left) = result.map_err(|problems| (problems, project.sources.clone()))?;
        if let Extent::Drift = extent {
            if drifted.is_none() {
                let found = drift::drifted(session, &planned, &left).await;
                notes.extend(found.note());
                drifted = Some(found);
            }
            left = drifted.iter().flat_map(|drifted| drifted.narrow(&mut planned, &left)).collect();
        }
        if left.is_empty() {
            return Ok(planned.warnings.into_iter().chain(notes).collect());
        }
        let written =
            write(&project, directory, &planned, &left, before).map_err(|p| (p.into(), project.sources.clone()))?;
        round += 1;
        if !written || round > ROUNDS {
            return Err((unexpressed(&left, &planned), project.sources));
        }
    }
}

/// Writes a file for each of the given schemas that the project does not declare. Returns a note about the schemas that
/// are neither declared nor given.
async fn open(
    session: &Session,
    project: &Project,
    directory: &Path,
    schemas: &[String],
    before: &mut Before,
) -> Result<Option<String>, Diagnostics> {
    let declares = |name: &str| {
        kinds::register().iter().any(|e| e.rules.space && project.state.contains(&Address::root(e.name, name)))
    };
    let there = pull::schemas(session).await?;
    let mut files = Vec::new();
    for schema in schemas.iter().filter(|schema| !declares(schema)) {
        let Some((name, text)) = pull::schema(session, schema).await? else {
            let message = format!("the database has no schema `{schema}`");
            return Err(Diagnostic::new(Code::Usage, message).help("`\\dn` in psql lists them").into());
        };
        files.push((directory.join(name), text));
    }
    files.extend(listed(project, directory, &files));
    save(project, &files, before)?;
    let out = |schema: &&String| !project.state.is_whole() && !declares(schema) && !schemas.contains(schema);
    let out: Vec<String> = there.iter().filter(out).map(|schema| format!("`{schema}`")).collect();
    Ok((!out.is_empty())
        .then(|| format!("the project does not declare schema {}: `--schema NAME` takes one in", out.join(", "))))
}

/// Compares project and database. Returns the comparison and the objects that differ.
async fn one_round(
    session: &Session,
    project: &Project,
    manage: Option<Manage>,
) -> Result<(Planned, Vec<Address>), Diagnostics> {
    let options = Options::new(&project.settings, manage)?;
    let planned = settle(session, &project.state, &options).await?;
    let left = diff(&planned.live, &planned.desired).into_keys().collect();
    Ok((planned, left))
}

/// Writes the files that have to change. Returns whether there are any.
fn write(
    project: &Project,
    directory: &Path,
    planned: &Planned,
    left: &[Address],
    before: &mut Before,
) -> Result<bool> {
    let register = kinds::register();
    let mut live = planned.live.clone();
    live.set_whole(project.state.is_whole());
    for entry in register.iter().rev() {
        (entry.before_raise)(&mut live, register);
    }
    let request = Request {
        files: &project.files,
        sources: &project.sources,
        variables: &project.variables,
        declared: &planned.desired,
        live: &live,
        differences: left,
        file_name: pull::file_name,
        register,
    };
    let mut files = rewrite(&request);
    files.extend(listed(project, directory, &files));
    save(project, &files, before)?;
    Ok(!files.is_empty())
}

fn save(project: &Project, files: &[(PathBuf, String)], before: &mut Before) -> Result<()> {
    for (path, text) in files {
        if !before.contains_key(path) {
            before.insert(path.clone(), std::fs::read(path).ok());
        }
        std::fs::write(path, text).map_err(|error| {
            let message = format!("can't write `{}`: {}", project.sources.shown(path), io_text(&error));
            Box::new(Diagnostic::new(Code::File, message).help("check the path and its permissions"))
        })?;
    }
    Ok(())
}

/// Returns the settings file with its new text, if new files must be listed in it. A project without one gets it in
/// `directory`.
fn listed(project: &Project, directory: &Path, files: &[(PathBuf, String)]) -> Option<(PathBuf, String)> {
    let settings = project.settings_file;
    let path = settings.map_or_else(|| directory.join(SETTINGS), |file| project.sources.path(file).to_owned());
    let before = settings.map_or_else(String::new, |file| project.sources.get(file).text.to_string());
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let dirs: Vec<PathBuf> = project.settings.files.iter().map(|f| directory.join(f)).filter(|d| d.is_dir()).collect();
    let is_new = |path: &Path| !project.sources.has(path) && !dirs.iter().any(|d| path.starts_with(d));
    let new: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).filter(|p| is_yaml(p) && is_new(p)).collect();
    if new.is_empty() {
        return None;
    }
    // If the settings list no files, the project consists of those read by default, which then have to be listed too.
    let known =
        project.files.iter().map(|file| project.sources.path(*file)).filter(|_| project.settings.files.is_empty());
    let name = |path: &Path| path.strip_prefix(&directory).unwrap_or(path).to_string_lossy().into_owned();
    let names: Vec<String> = known.chain(new).map(name).collect();
    Some((path, list_files(&before, settings, &names)))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "yml")
}

/// Returns a problem for each object whose live definition could not be written into the YAML.
fn unexpressed(left: &[Address], planned: &Planned) -> Diagnostics {
    let mut problems = Diagnostics::default();
    for at in left {
        let message = format!("what {at} is in the database can't be written into the project");
        let mut problem = Diagnostic::new(Code::NotConverged, message)
            .help("change the YAML by hand where `dbstate plan` points; every file is as it was");
        if let Some(span) = planned.desired.get(at).and_then(|o| o.origin.span()) {
            problem = problem.label(span, "declared here");
        }
        problems.push(problem);
    }
    problems
}

//! A second `pull`: a project changed to say what its database is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::plan::settle;
use super::{Options, drift, pull};
use crate::declare::adopt::{Request, adopt as rewrite, list_files};
use crate::declare::project::{self, Project, SETTINGS};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources, io_text};
use crate::diff::diff;
use crate::kinds;
use crate::model::{Address, Manage};
use crate::plan::Planned;
use crate::session::Session;

/// How often what is left is tried again: what is declared in several places takes one round each.
const ROUNDS: usize = 5;

/// What is taken from the database.
#[derive(Debug, Clone, Copy)]
pub enum Extent<'a> {
    /// Everything, and these schemas although the project does not declare them.
    All(&'a [String]),
    /// What moved in the database alone since the last apply: what the YAML is ahead with stays.
    Drift,
}

/// Files that were written, and what they held.
type Before = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// What was adopted.
#[derive(Debug, Default)]
pub struct Adopted {
    /// The files that were written, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Writes into the project of a directory what its database is, where the two differ.
///
/// # Errors
/// What can't be written is named, and every file is as it was.
pub async fn adopt(
    session: &Session,
    directory: &Path,
    manage: Option<Manage>,
    extent: Extent<'_>,
) -> Result<Adopted, (Diagnostics, Sources)> {
    let mut before = Before::new();
    match Box::pin(rounds(session, directory, manage, extent, &mut before)).await {
        Ok(warnings) => Ok(Adopted { files: before.into_keys().collect(), warnings }),
        Err(problems) => {
            for (path, bytes) in before {
                // The problem that is reported says more than one of putting a file back.
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
    manage: Option<Manage>,
    extent: Extent<'_>,
    before: &mut Before,
) -> Result<Vec<String>, (Diagnostics, Sources)> {
    let mut round = 0;
    let mut notes = Vec::new();
    let mut drifted = None;
    loop {
        let (project, problems) = project::read(&[], directory, manage, kinds::register());
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
        let result = one_round(session, &project, manage).await;
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

/// Writes a file for each of these schemas that the project does not declare; returns a note about those it leaves out.
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

/// Both states, and where they differ.
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

/// Writes the files that change; false where none does.
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

/// The settings, where they must list a file that is new; new ones in `directory` where there are none.
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
    // A project without a list has the files that are read by default.
    let known =
        project.files.iter().map(|file| project.sources.path(*file)).filter(|_| project.settings.files.is_empty());
    let name = |path: &Path| path.strip_prefix(&directory).unwrap_or(path).to_string_lossy().into_owned();
    let names: Vec<String> = known.chain(new).map(name).collect();
    Some((path, list_files(&before, settings, &names)))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "yml")
}

/// One problem for each object that could not be written.
fn unexpressed(left: &[Address], planned: &Planned) -> Diagnostics {
    let mut problems = Diagnostics::default();
    for at in left {
        let message = format!("what {at} is in the database can't be written into the project");
        let mut problem = Diagnostic::new(Code::NotConverged, message)
            .help("change the YAML by hand where `dbstate plan` points; every file is as it was");
        if let Some(span) = planned.declared.get(at).and_then(|o| o.origin.span()) {
            problem = problem.label(span, "declared here");
        }
        problems.push(problem);
    }
    problems
}

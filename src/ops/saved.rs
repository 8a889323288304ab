//! `plan --out` and `apply PLAN`: writes a plan to a file and reads it back.

use std::collections::HashSet;
use std::path::Path;

use super::edges::EdgeReader;
use super::plan::settle;
use super::{Options, Scratch};
use crate::declare::project::{self, Project};
use crate::declare::variables::Variables;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result};
use crate::model::{Address, Object};
use crate::plan::Planned;
use crate::saved::{self, Saved, Text};
use crate::session::Session;
use crate::{catalog, kinds};

/// Writes a plan to a file, with digests of what it touches or relies on, and the texts of the project.
pub async fn save(
    session: &Session,
    planned: &Planned,
    project: &Project,
    options: &Options,
    revision: Option<String>,
    path: &Path,
) -> Result<()> {
    let (mut files, mut bodies) = (Vec::new(), Vec::new());
    for (file, source) in project.sources.iter().filter(|(file, _)| Some(*file) != project.settings_file) {
        let list = if project.files.contains(&file) { &mut files } else { &mut bodies };
        list.push(Text { path: project.sources.name(file).into(), text: source.text.to_string() });
    }
    let reading = saved::Project {
        manage: options.manage,
        exclude: project.settings.exclude.clone(),
        variables: project.variables.values().clone(),
        ledger: options.ledger,
        online: options.online,
        revision,
        files,
        bodies,
    };
    let system = catalog::system_identifier(&session.client).await?;
    saved::write(&Saved::of(planned, reading, system, kinds::register()), path)
}

/// Returns the project that a saved plan was made from, as if its files were in `directory`, and the options it was
/// read with.
pub fn open(saved: &Saved, directory: &Path, scratch: Scratch) -> (Project, Result<Options, Diagnostics>) {
    let (sources, files) = saved.sources(directory);
    let register = kinds::register();
    let how = (saved.project.manage, Variables::of(saved.project.variables.clone()));
    let (mut project, problems) = project::read_given(&files, sources, how, register);
    project.settings.exclude.clone_from(&saved.project.exclude);
    let options = || {
        problems.into_result(())?;
        let options = Options::new(&project.settings, Some(saved.project.manage))?;
        let only = Some(saved.touched(register)?);
        Ok(Options { ledger: saved.project.ledger, online: saved.project.online, scratch, only, ..options })
    };
    let options = options();
    (project, options)
}

/// Returns the saved plan, checked against the current state of the database.
///
/// # Errors
/// If it is another database, or if what the plan touches or relies on has changed.
pub async fn restore(
    session: &Session,
    saved: &Saved,
    project: &Project,
    options: &Options,
) -> Result<Planned, Diagnostics> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let system = catalog::system_identifier(&session.client).await?;
    saved.check_target(&server.database, system.as_deref())?;
    let mut planned = settle(session, &project.state, options).await?;
    saved.check_ground(&planned.whole, &planned.desired, register)?;
    planned.confine(options.only.as_ref().unwrap_or(&HashSet::new()));
    let start = planned.make(&mut EdgeReader::new(session, None), options.online).await?;
    planned.plan = saved.plan(&planned, register)?;
    planned.compare(start.renamed());
    Ok(planned)
}

impl Planned {
    /// Sets every object except those in `only` to its live state, so that the plan changes nothing else.
    pub(super) fn confine(&mut self, only: &HashSet<Address>) {
        let stays = |at: &Address| only.contains(at) || self.live.contains(at);
        self.desired.retain(|at, _| stays(at));
        for (at, there) in self.live.iter().filter(|(at, _)| !only.contains(*at)) {
            let wanted = self.desired.get(at);
            let origin = wanted.map_or_else(|| there.origin.clone(), |wanted| wanted.origin.clone());
            let ordinal = wanted.map_or(there.ordinal, |wanted| wanted.ordinal);
            let mut object = there.clone();
            (object.origin, object.ordinal) = (origin, ordinal);
            if wanted.is_some_and(Object::is_protected) {
                object.protect();
            }
            self.desired.insert(at.clone(), object);
        }
    }
}

/// Returns the project that a saved plan was made from, to compare it.
pub fn project(path: &Path, directory: &Path) -> Result<(Project, Diagnostics)> {
    let saved = read(path)?;
    let (mut project, options) = open(&saved, directory, Scratch::None);
    project.settings.manage = Some(saved.project.manage);
    Ok((project, options.err().unwrap_or_default()))
}

/// Reads a saved plan. If the path is a directory, the error explains which options take one.
pub fn read(path: &Path) -> Result<Saved> {
    if path.is_dir() {
        let message = format!("`{}` is a directory, and no saved plan", path.display());
        let help = "name a file that `dbstate plan --out FILE` wrote; `-f` names the files of a project";
        return Err(Box::new(Diagnostic::new(Code::PlanFile, message).help(help)));
    }
    saved::read(path)
}

//! What tells a project from all others without a look at what it means: digests of its texts.

use std::collections::HashSet;
use std::path::Path;

use super::project::{Found, Project};
use crate::diagnostic::FileId;
use crate::kind::{self, Entry};
use crate::model::digest;
use crate::model::{Address, Manage, Object};

/// The digests of a project that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imprint {
    /// The digest of the YAML files, the settings among them, and of how they are read.
    pub files: String,
    /// The paths of the files that `file:` names, from the working directory on.
    pub bodies: Vec<String>,
    /// The digest of all that and of the texts of these files.
    pub whole: String,
}

impl Imprint {
    /// Returns the digests of a project. `None` if it refers to a secret, which can change without it.
    pub fn of(project: &Project, manage: Manage, register: &'static [Entry]) -> Option<Self> {
        let is_secret = |(at, object): (&Address, &Object)| {
            (kind::find(register, at.kind()).located)(&*object.spec, Path::new("")).is_some()
        };
        if project.state.iter().any(is_secret) {
            return None;
        }
        let sources = &project.sources;
        let yaml = project.settings_file.iter().chain(&project.files);
        let files = of_files(project, manage, yaml.clone().map(|file| digest::text(&sources.get(*file).text)));
        let yaml: HashSet<FileId> = yaml.copied().collect();
        let is_body = |file| !yaml.contains(&file);
        let bodies = sources.iter().filter(|(file, _)| is_body(*file));
        let (bodies, texts): (_, Vec<&str>) = bodies.map(|(file, source)| (sources.name(file), &*source.text)).unzip();
        let whole = of_whole(&files, texts.into_iter().map(digest::text));
        Some(Self { files, bodies, whole })
    }
}

/// The digest of a project whose files are found, but not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread(String);

impl Unread {
    /// Returns the digest of the files. `None` if one of them is no text.
    pub fn of(found: &Found) -> Option<Self> {
        let project = found.project();
        let settings = project.settings_file.map(|file| digest::text(&project.sources.get(file).text));
        let files: Option<Vec<String>> = found.paths().map(of_file).collect();
        Some(Self(of_files(project, found.manage(), settings.into_iter().chain(files?))))
    }

    /// Returns what [`Imprint::files`] would be.
    pub fn files(&self) -> &str {
        &self.0
    }

    /// Returns what [`Imprint::whole`] would be if `file:` names these paths.
    pub fn whole(&self, bodies: &[String]) -> Option<String> {
        let bodies: Option<Vec<String>> = bodies.iter().map(|path| of_file(Path::new(path))).collect();
        Some(of_whole(&self.0, bodies?))
    }
}

fn of_file(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| digest::text(&text))
}

fn of_files(project: &Project, manage: Manage, files: impl IntoIterator<Item = String>) -> String {
    let head = format!("{} {manage:?} {:?}", env!("CARGO_PKG_VERSION"), project.variables.values());
    of_whole(&head, files)
}

fn of_whole(head: &str, texts: impl IntoIterator<Item = String>) -> String {
    let texts: Vec<String> = texts.into_iter().collect();
    digest::texts(std::iter::once(head).chain(texts.iter().map(String::as_str)))
}

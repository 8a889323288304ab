//! `fmt`: writes files in the canonical layout.

use std::path::{Path, PathBuf};

use crate::declare::format::format;
use crate::declare::project::{self, SETTINGS};
use crate::diagnostic::{Diagnostics, Sources};
use crate::kinds;

/// A file and its text in the canonical layout.
#[derive(Debug)]
pub struct Formatted {
    /// The path of the file.
    pub path: PathBuf,
    /// The text in the canonical layout.
    pub text: String,
    /// Whether the file's present text is different.
    pub changed: bool,
}

/// Formats the given files and directories or, if `explicit` is empty, the files of the project.
///
/// A file with a problem is left out. The returned sources contain the texts that the problems point at.
pub fn files(explicit: &[PathBuf], directory: &Path) -> (Vec<Formatted>, Sources, Diagnostics) {
    let mut sources = Sources::relative_to(directory);
    let mut problems = Diagnostics::default();
    let texts = project::texts(explicit, directory, &mut sources, &mut problems);
    let mut files = Vec::new();
    for (path, file) in texts {
        let before = &sources.get(file).text;
        let is_settings = path.file_name().is_some_and(|name| name == SETTINGS);
        let register = (!is_settings).then(kinds::register);
        let Some(text) = format(file, before, register, &mut problems) else { continue };
        files.push(Formatted { path, changed: text != **before, text });
    }
    (files, sources, problems)
}

/// Formats a text, or returns `None` for it if it has a problem.
pub fn text(text: &str) -> (Option<String>, Sources, Diagnostics) {
    let mut sources = Sources::default();
    let mut problems = Diagnostics::default();
    let file = sources.add("<stdin>", text);
    let formatted = format(file, text, Some(kinds::register()), &mut problems);
    (formatted, sources, problems)
}

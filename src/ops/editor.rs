//! Answers an editor's questions about a position in the files: problems, hover texts, definitions, renames.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::plan::{finish, plan};
use super::{Options, Scratch};
use crate::declare::project::{Project, Reading, read_over};
use crate::declare::raise::raise_object;
use crate::declare::rename::{self, bare, place};
use crate::declare::write::write;
use crate::diagnostic::{Diagnostics, FileId, Result, Sources, Span};
use crate::diff::show;
use crate::kind::names::Names;
use crate::kind::{References, find};
use crate::kinds;
use crate::model::{Address, Origin, Server, State};
use crate::plan::{Lines, Planned};
use crate::report::hover::{self, Side};
use crate::session::Session;

/// Where the project is, and the texts of its files that are not saved yet.
#[derive(Debug, Clone)]
pub struct Place {
    /// The files or directories named on the command line.
    pub explicit: Vec<PathBuf>,
    /// The directory of the project.
    pub directory: PathBuf,
    /// How it is read.
    pub reading: Reading,
    /// The texts of files that are open in the editor.
    pub unsaved: BTreeMap<PathBuf, String>,
}

/// A project as it is being edited.
pub struct Page {
    place: Place,
    /// The project, as far as it could be read.
    pub project: Project,
    /// All problems of the project.
    pub problems: Diagnostics,
    names: OnceCell<Names>,
    making: OnceCell<Option<Planned>>,
}

/// Reads the project, with unsaved texts in place of the files.
pub fn open(place: Place) -> Page {
    let sources = Sources::relative_to(&place.directory).unsaved(place.unsaved.clone());
    let (project, problems) = read_over(sources, &place.explicit, &place.directory, &place.reading, kinds::register());
    Page { place, project, problems, names: OnceCell::new(), making: OnceCell::new() }
}

impl Page {
    /// Returns the id of a file of the project.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        self.project.sources.iter().find(|(_, source)| source.path == path).map(|(file, _)| file)
    }

    /// Returns the object that the word at a position names, or else the innermost object around the position.
    fn object_at(&self, file: FileId, byte: usize) -> Option<Address> {
        self.named_at(file, byte).or_else(|| self.around(file, byte).next().map(|(at, _)| at.clone()))
    }

    /// Returns the objects whose key or value contains a position, innermost first, and whether it is in the key.
    fn around(&self, file: FileId, byte: usize) -> impl Iterator<Item = (&Address, bool)> {
        let holds = |span: Span| span.file == file && (span.start as usize..=span.end as usize).contains(&byte);
        let mut found: Vec<(u32, &Address, bool)> = Vec::new();
        for (at, object) in self.project.state.iter() {
            let Origin::File(place) = &object.origin else { continue };
            let (key, value) = (place.key, place.value);
            let is_key = holds(key);
            if is_key || holds(value) {
                let span = if is_key { key } else { value };
                found.push((span.end - span.start, at, is_key));
            }
        }
        found.sort_by_key(|(length, at, _)| (*length, at.path().len()));
        found.into_iter().map(|(_, at, is_key)| (at, is_key))
    }

    /// Returns the object that the word at a position names.
    fn named_at(&self, file: FileId, byte: usize) -> Option<Address> {
        let word = word_at(&self.project.sources.get(file).text, byte)?;
        let is_named = |at: &Address| bare(find(kinds::register(), at.kind()), at) == word;
        let names = self.names.get_or_init(|| Names::of(&self.project.state, kinds::register()));
        for (at, is_key) in self.around(file, byte) {
            if is_key && let Some(named) = std::iter::once(at).chain(at.ancestors()).find(|at| is_named(at)) {
                return Some(named.clone());
            }
            let object = self.project.state.get(at)?;
            let mut references = References::default();
            (find(kinds::register(), at.kind()).references)(&*object.spec, at, &mut references);
            for (reference, _) in &references.list {
                let used = names.resolve(reference, at);
                let mut family = used.iter().flat_map(|used| std::iter::once(used).chain(used.ancestors()));
                if let Some(named) = family.find(|at| is_named(at) && self.project.state.contains(at)) {
                    return Some(named.clone());
                }
            }
        }
        None
    }

    /// Returns where the object that the word at a position names is declared.
    pub fn definition(&self, file: FileId, byte: usize) -> Option<Span> {
        self.project.state.get(&self.named_at(file, byte)?)?.origin.span()
    }

    /// Returns the hover text for a position, as Markdown. `live` is the comparison with the database, if there is one.
    pub fn hover(&self, file: FileId, byte: usize, live: Option<&Planned>) -> Option<String> {
        let at = self.object_at(file, byte)?;
        let text = |state: &State| raise_object(state, kinds::register(), &at).map(|node| write(&node));
        let side = match live {
            Some(planned) => match text(&planned.live) {
                Some(there) => Side::Live(compared(&there, &text(&planned.desired)?)),
                None => Side::Missing(self.statements(&at)),
            },
            None => Side::Declared(self.statements(&at)),
        };
        Some(hover::markdown(&at, &side))
    }

    /// Returns the statements that create an object in an empty database, or those of the nearest ancestor that has
    /// any.
    fn statements(&self, at: &Address) -> Vec<String> {
        let make = || {
            let desired = self.project.state.clone();
            finish(Planned::new(State::default(), desired, Server::offline()), false).ok()
        };
        let Some(planned) = self.making.get_or_init(make) else { return Vec::new() };
        let of = |at: &Address| -> Vec<String> {
            let steps = planned.plan.steps.iter().filter(|step| step.at == *at);
            steps.map(|step| step.text().to_owned()).collect()
        };
        std::iter::once(at).chain(at.ancestors()).map(of).find(|list| !list.is_empty()).unwrap_or_default()
    }

    /// Compares the project with the database without a scratch database: only equal texts and the ledger settle
    /// spellings.
    pub async fn compare(&self, session: &Session) -> Result<Planned, Diagnostics> {
        let mut options = Options::new(&self.project.settings, self.place.reading.manage)?;
        options.scratch = Scratch::None;
        plan(session, &self.project.state, &options).await
    }

    /// Returns the name at a position, if it can be renamed, and its span where the object is declared.
    pub fn renamable(&self, file: FileId, byte: usize) -> Result<Option<(Span, String)>> {
        let Some(at) = self.named_at(file, byte) else { return Ok(None) };
        let span = place(&self.project, &at, kinds::register())?;
        Ok(Some((span, bare(find(kinds::register(), at.kind()), &at).to_owned())))
    }

    /// Renames the object named at a position. Returns the files that change, with their new texts.
    pub fn rename(&self, file: FileId, byte: usize, name: &str) -> Result<Vec<(PathBuf, String)>, Diagnostics> {
        let Some(at) = self.named_at(file, byte) else { return Ok(Vec::new()) };
        rename::rename(&rename::Request {
            project: &self.project,
            explicit: &self.place.explicit,
            directory: &self.place.directory,
            reading: &self.place.reading,
            unsaved: &self.place.unsaved,
            at: &at,
            name,
            register: kinds::register(),
        })
    }
}

/// Returns the lines that differ, or all lines if none does.
fn compared(there: &str, wanted: &str) -> Lines {
    if there == wanted {
        there.lines().map(|line| (' ', line.to_owned())).collect()
    } else {
        show::lines(there, wanted)
    }
}

/// Returns the name around a byte offset of a text.
fn word_at(text: &str, byte: usize) -> Option<&str> {
    let (start, end) = word(text, byte);
    text.get(start..end).filter(|word| !word.is_empty())
}

/// Returns the start and end of the name around a byte offset of a text.
pub fn word(text: &str, byte: usize) -> (usize, usize) {
    let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let (before, after) = text.split_at(text.floor_char_boundary(byte));
    let start = before.trim_end_matches(letter).len();
    (start, text.len() - after.trim_start_matches(letter).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_from_both_of_its_ends() {
        let text = "x: shop.orders(id)";
        for (byte, word) in
            [(8, Some("orders")), (11, Some("orders")), (14, Some("orders")), (15, Some("id")), (2, None)]
        {
            assert_eq!(word_at(text, byte), word, "{byte}");
        }
    }
}

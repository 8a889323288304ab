//! The texts that were read, and how their places are shown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::{FileId, Span};

/// The text of every file read, for labels to point into.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
    /// The directory that shown paths are relative to.
    here: PathBuf,
    /// Where that directory is in its repository.
    prefix: Option<Box<Path>>,
    /// Texts that are read in the place of files.
    given: BTreeMap<PathBuf, String>,
    /// No file is read besides.
    only_given: bool,
}

/// One file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its path as the user would type it.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// The byte after each line break, once a place in it was asked for.
    lines: OnceLock<Vec<usize>>,
}

impl Sources {
    /// No files; paths will be shown relative to `here`.
    pub fn relative_to(here: impl Into<PathBuf>) -> Self {
        Self { here: here.into(), ..Self::default() }
    }

    /// Says where the directory that shown paths are relative to is in its repository: `db` for `<root>/db`.
    pub fn lie_in(&mut self, prefix: &Path) {
        self.prefix = Some(prefix.into());
    }

    /// The same, reading these texts and no file.
    #[must_use]
    pub fn given(mut self, texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        self.given = texts.into_iter().collect();
        self.only_given = true;
        self
    }

    /// The same, reading these texts in the place of the files of those names, and other files as they are.
    #[must_use]
    pub fn unsaved(mut self, texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        self.given = texts.into_iter().collect();
        self
    }

    /// The bytes of a file, or of the text that was given in its place.
    pub fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        match self.given.get(path) {
            Some(text) => Ok(text.clone().into_bytes()),
            None if self.only_given => Err(std::io::ErrorKind::NotFound.into()),
            None => std::fs::read(path),
        }
    }

    /// Every file, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// Adds a file and returns its number.
    ///
    /// # Panics
    /// Past four thousand million files.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> FileId {
        let id = u32::try_from(self.files.len()).expect("a project has fewer than 2^32 files");
        self.files.push(Source { path: path.into(), text: text.into(), lines: OnceLock::new() });
        FileId(id)
    }

    /// The file of that number.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// True when the file of that path is among them.
    pub fn has(&self, path: &Path) -> bool {
        self.files.iter().any(|f| f.path == path)
    }

    /// The path of that file.
    pub fn path(&self, id: FileId) -> &Path {
        &self.get(id).path
    }

    /// The path of that file as a user would type it here.
    pub fn name(&self, id: FileId) -> String {
        self.shown(self.path(id))
    }

    /// The path of that file from the root of its repository on, with `/`; as shown where it lies in none.
    pub fn name_in_repository(&self, id: FileId) -> String {
        let mut out: Vec<Cow<'_, str>> = Vec::new();
        let path = self.prefix.as_deref().unwrap_or(Path::new("")).join(self.shown(self.path(id)));
        for part in path.components() {
            match part {
                Component::ParentDir if out.last().is_some_and(|last| last != "..") => _ = out.pop(),
                Component::CurDir => {}
                Component::RootDir => out.push("".into()),
                Component::Prefix(_) | Component::Normal(_) | Component::ParentDir => {
                    out.push(part.as_os_str().to_string_lossy());
                }
            }
        }
        out.join("/")
    }

    /// A path as a user would type it here.
    pub fn shown(&self, path: &Path) -> String {
        relative(path, &self.here).display().to_string()
    }

    /// Hides what stands at a place, for good: every letter becomes a `*`.
    pub fn mask(&mut self, span: Span) {
        let Some(source) = self.files.get_mut(span.file.0 as usize) else { return };
        let (start, end) = (span.start as usize, (span.end as usize).min(source.text.len()));
        let Some(secret) = source.text.get(start..end) else { return };
        // As many bytes as before, so that no other place moves.
        let hidden: String =
            secret.chars().flat_map(|c| std::iter::repeat_n(if c == '\n' { c } else { '*' }, c.len_utf8())).collect();
        source.text = format!("{}{hidden}{}", &source.text[..start], &source.text[end..]).into();
    }

    /// Line and column of a place, both counted from 1, the column in characters.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let Source { text, lines, .. } = self.get(span.file);
        let at = text.floor_char_boundary((span.start as usize).min(text.len()));
        let lines = lines.get_or_init(|| text.match_indices('\n').map(|(i, _)| i + 1).collect());
        let above = lines.partition_point(|start| *start <= at);
        let start = above.checked_sub(1).map_or(0, |last| lines[last]);
        (above + 1, text[start..at].chars().count() + 1)
    }
}

/// `path` from `base` on, with `..` where it leads out of it by one or two levels.
fn relative(path: &Path, base: &Path) -> PathBuf {
    let plain: PathBuf = path.components().filter(|c| !matches!(c, Component::CurDir)).collect();
    if base.as_os_str().is_empty() {
        return plain;
    }
    let up = base.ancestors().take(3).enumerate().find_map(|(levels, dir)| {
        let rest = plain.strip_prefix(dir).ok().filter(|_| dir.parent().is_some())?;
        Some(std::iter::repeat_n("..", levels).collect::<PathBuf>().join(rest))
    });
    up.unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "a: 1\n\né: 2");
        for (start, place) in
            [(0, (1, 1)), (3, (1, 4)), (4, (1, 5)), (5, (2, 1)), (6, (3, 1)), (8, (3, 2)), (99, (3, 5))]
        {
            assert_eq!(sources.line_column(Span { file, start, end: start }), place, "{start}");
        }
    }

    #[test]
    fn paths_are_shown_as_typed_here() {
        for (path, base, shown) in [
            ("/a/b/schema.yaml", "/a/b", "schema.yaml"),
            ("/a/b/./x/schema.yaml", "/a/b", "x/schema.yaml"),
            ("/a/schema.yaml", "/a/b", "../schema.yaml"),
            ("/z/schema.yaml", "/a/b", "/z/schema.yaml"),
            ("./schema.yaml", "/a/b", "schema.yaml"),
        ] {
            assert_eq!(relative(Path::new(path), Path::new(base)), Path::new(shown));
        }
    }

    #[test]
    fn a_repository_knows_a_file_from_its_root_on() {
        let mut sources = Sources::relative_to("/repo/db");
        let files = ["/repo/db/a.yaml", "/repo/roles.yaml", "x/../b.yaml"].map(|path| sources.add(path, ""));
        sources.lie_in(Path::new("db"));
        assert_eq!(files.map(|file| sources.name_in_repository(file)), ["db/a.yaml", "roles.yaml", "db/b.yaml"]);
    }

    #[test]
    fn what_is_masked_is_gone_and_nothing_moves() {
        let mut sources = Sources::default();
        let file = sources.add("roles.yaml", "password: geheimß # x");
        sources.mask(Span { file, start: 10, end: 18 });
        assert_eq!(&*sources.get(file).text, "password: ******** # x");
    }
}

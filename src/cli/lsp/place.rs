//! Places of the protocol: files as URIs, and lines with columns in the unit that the editor counts in.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::{Position, Range, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stays as it is in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// What columns are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Utf8,
    /// Pairs of bytes, as every editor can.
    Utf16,
}

/// The file that a URI names.
pub fn path(uri: &Uri) -> Option<PathBuf> {
    let path = uri.as_str().strip_prefix("file://")?;
    Some(PathBuf::from(percent_decode_str(path).decode_utf8().ok()?.into_owned()))
}

/// The URI of a file.
pub fn uri(path: &Path) -> Option<Uri> {
    Uri::from_str(&format!("file://{}", utf8_percent_encode(&path.to_string_lossy(), PATH))).ok()
}

impl Unit {
    fn width(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
        }
    }

    /// The byte of a text at a position; the end of the line where the line is shorter.
    pub fn byte(self, text: &str, at: Position) -> usize {
        let start = match at.line {
            0 => 0,
            line => text.match_indices('\n').nth(line as usize - 1).map_or(text.len(), |(i, _)| i + 1),
        };
        let mut column = 0;
        for (i, character) in text[start..].char_indices() {
            if column >= at.character as usize || character == '\n' {
                return start + i;
            }
            column += self.width(character);
        }
        text.len()
    }

    /// The position of a byte of a text.
    pub fn position(self, text: &str, byte: usize) -> Position {
        let before = &text[..text.floor_char_boundary(byte.min(text.len()))];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let column: usize = before[line_start..].chars().map(|c| self.width(c)).sum();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: number(before.matches('\n').count()), character: number(column) }
    }

    /// The range of bytes of a text.
    pub fn range(self, text: &str, start: usize, end: usize) -> Range {
        Range { start: self.position(text, start), end: self.position(text, end) }
    }
}

/// The part in which a text differs from another: where it begins and ends, and what stands there in the other.
pub fn changed<'n>(old: &str, new: &'n str) -> (usize, usize, &'n str) {
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>();
    let (old_rest, new_rest) = (&old[same..], &new[same..]);
    let pairs = old_rest.chars().rev().zip(new_rest.chars().rev());
    let tail = pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>();
    (same, old.len() - tail, &new[same..new.len() - tail])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_the_editor_counts() {
        let text = "a: 1\nb: 'ä😀x'\n";
        let x = text.find('x').expect("it is there");
        for (unit, column) in [(Unit::Utf8, 10), (Unit::Utf16, 7)] {
            let at = Position { line: 1, character: column };
            assert_eq!((unit.position(text, x), unit.byte(text, at)), (at, x));
        }
        assert_eq!(Unit::Utf16.byte(text, Position { line: 0, character: 99 }), 4);
        assert_eq!(Unit::Utf16.byte(text, Position { line: 9, character: 0 }), text.len());
    }

    #[test]
    fn a_change_is_as_small_as_it_can_be() {
        assert_eq!(changed("a: b\nc: d\n", "a: b\nc: dd\n"), (9, 9, "d"));
        assert_eq!(changed("abc", "abc"), (3, 3, ""));
    }

    #[test]
    fn a_path_is_a_uri_and_back() {
        let there = Path::new("/a b/ä/schema.yaml");
        assert_eq!(uri(there).and_then(|uri| path(&uri)).as_deref(), Some(there));
    }
}

//! What a file says besides its values: comments, the names of anchors, scalars folded over lines.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::limits;

/// What a file says besides its values; every place is a byte of the file.
#[derive(Debug, Default)]
pub struct Notes {
    /// Comments, in the order of the file: where each starts and ends.
    pub comments: Vec<(usize, usize)>,
    /// The names of anchors, by where the value that has it starts; true for a list or map.
    pub anchors: HashMap<(usize, bool), Box<str>>,
    /// Where aliases start.
    pub aliases: Vec<usize>,
    /// Where lists and maps in brackets start.
    pub flows: Vec<usize>,
    /// Scalars of more than one line that are no literal blocks: where each starts and ends, and whether it is `>`.
    pub folded: Vec<(usize, usize, bool)>,
    /// True where `---` opens the file.
    pub opened: bool,
}

/// What a file says besides its values. It was read without a problem before.
pub fn read(text: &str) -> Notes {
    let mut notes = Notes::default();
    let mut limits = limits();
    limits.set_emit_comments(true);
    limits.emit_anchor_events = true;
    let mut last = (0, false);
    for (event, place) in Parser::new_from_str_with_options(text, limits).map_while(Result::ok) {
        let start = place.start.byte_offset().unwrap_or(0);
        let end = place.end.byte_offset().unwrap_or(start).max(start);
        match event {
            Event::DocumentStart(explicit, _) => notes.opened |= explicit,
            Event::Comment(..) => notes.comments.push((start, end)),
            Event::Alias(_) => notes.aliases.push(start),
            Event::Anchor(_, name) => {
                notes.anchors.insert(last, name.into());
            }
            Event::Scalar(_, style, ..) => {
                last = (start, false);
                let written = without_blank_end(text.get(start..end).unwrap_or_default());
                if style != ScalarStyle::Literal && written.contains('\n') {
                    notes.folded.push((start, start + written.len(), style == ScalarStyle::Folded));
                }
            }
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                last = (start, true);
                if style == StructureStyle::Flow {
                    notes.flows.push(start);
                }
            }
            _ => {}
        }
    }
    notes.comments.sort_unstable();
    notes
}

/// The text without the blank lines at its end.
fn without_blank_end(text: &str) -> &str {
    match text.rsplit_once('\n') {
        Some((before, last)) if last.trim().is_empty() => without_blank_end(before),
        _ => text.trim_end_matches('\r'),
    }
}

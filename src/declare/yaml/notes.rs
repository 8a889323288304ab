//! Reads what a file contains besides its values: comments, names of anchors, folded scalars.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::limits;

/// What a file contains besides its values. All positions are bytes of the file.
#[derive(Debug, Default)]
pub struct Notes {
    /// The start and end of each comment, in the order of the file.
    pub comments: Vec<(usize, usize)>,
    /// The names of anchors, by the start of the value and whether it is a list or map.
    pub anchors: HashMap<(usize, bool), Box<str>>,
    /// The starts of aliases.
    pub aliases: Vec<usize>,
    /// The starts of lists and maps in brackets.
    pub flows: Vec<usize>,
    /// Scalars of more than one line that are not literal blocks: their start, their end, and whether they are `>`
    /// blocks.
    pub folded: Vec<(usize, usize, bool)>,
    /// Whether the file starts with `---`.
    pub opened: bool,
}

/// Reads the notes of a file that has been parsed without problems.
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

/// Returns the text without blank lines at its end.
fn without_blank_end(text: &str) -> &str {
    match text.rsplit_once('\n') {
        Some((before, last)) if last.trim().is_empty() => without_blank_end(before),
        _ => text.trim_end_matches('\r'),
    }
}

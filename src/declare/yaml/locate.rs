//! Maps bytes of a scalar's decoded text to the bytes of the file that they came from.

use crate::diagnostic::Span;

/// Returns the span in the file of bytes `start..end` of a scalar's decoded `text`.
///
/// `source` is the whole file and `scalar_span` the span of the scalar. The result is exact for plain and quoted
/// scalars on one line, escapes included, and for literal blocks. For text folded over lines it is exact if the range
/// starts and ends with something other than white space. If the text does not come from that span, it is the whole
/// scalar.
pub fn locate(source: &str, scalar_span: Span, text: &str, start: usize, end: usize) -> Span {
    let whole = scalar_span.start as usize..scalar_span.end as usize;
    let Some(written) = source.get(whole) else { return scalar_span };
    let start = start.min(text.len());
    let end = end.clamp(start, text.len());
    let range = quoted(written, text, start, end)
        .or_else(|| aligned(written, text, start, end))
        .or_else(|| aligned(unquoted(written)?, text, start, end).map(|(from, to)| (from + 1, to + 1)));
    range.map_or(scalar_span, |(from, to)| {
        let at = |offset: usize| scalar_span.start + u32::try_from(offset).unwrap_or(0);
        Span { file: scalar_span.file, start: at(from), end: at(to) }
    })
}

/// Returns the text between the quotes.
fn unquoted(written: &str) -> Option<&str> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    written.get(1..)?.strip_suffix(quote)
}

/// Maps positions in a quoted scalar on one line, by undoing the quoting piece by piece.
fn quoted(written: &str, text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let quote = written.chars().next()?;
    let inner = unquoted(written)?;
    let (mut read, mut decoded) = (0, 0);
    let (mut from, mut to) = (None, None);
    while read < inner.len() {
        if decoded >= start {
            from = from.or(Some(read));
        }
        if decoded >= end {
            to = to.or(Some(read));
        }
        let (consumed, produced) = piece(&inner[read..], quote)?;
        let same = text.get(decoded..decoded + produced.len_utf8())?.starts_with(produced);
        if !same {
            return None;
        }
        read += consumed;
        decoded += produced.len_utf8();
    }
    (decoded == text.len()).then(|| (from.unwrap_or(read) + 1, to.unwrap_or(read) + 1))
}

/// Returns the number of bytes of the next character of a quoted scalar, and that character.
fn piece(rest: &str, quote: char) -> Option<(usize, char)> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    match (quote, first) {
        (_, '\n' | '\r') => None,
        ('\'', '\'') => Some((2, '\'')),
        ('"', '\\') => {
            let name = chars.next()?;
            let digits = match name {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => return Some((1 + name.len_utf8(), escaped(name)?)),
            };
            let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
            Some((2 + digits, char::from_u32(code)?))
        }
        _ => Some((first.len_utf8(), first)),
    }
}

fn escaped(name: char) -> Option<char> {
    Some(match name {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        ' ' | '"' | '/' | '\\' => name,
        _ => return None,
    })
}

/// Maps positions in plain scalars and blocks: apart from white space, file and text are the same.
fn aligned(written: &str, text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let equal = written.split_whitespace().flat_map(str::chars).eq(text.split_whitespace().flat_map(str::chars));
    if !equal {
        return None;
    }
    let from = counterpart(written, text.get(..start)?, text.get(start..)?);
    let before_end = text.get(..end)?;
    let to = if before_end.ends_with(|c: char| !c.is_whitespace()) {
        after_solid(written, before_end).0
    } else {
        counterpart(written, before_end, text.get(end..)?)
    };
    Some((from, to.max(from)))
}

/// Returns the byte of `written` for the position between `before` and `after`: counted back from the next character
/// that is not white space if that is on the same line, else forward from the last one.
fn counterpart(written: &str, before: &str, after: &str) -> usize {
    let (end, next) = after_solid(written, before);
    let rest = after.trim_start();
    let blanks = &after[..after.len() - rest.len()];
    let at = if rest.is_empty() || blanks.contains('\n') {
        let passed = &before[before.trim_end().len()..];
        (end + passed.split('\n').next().map_or(0, str::len)).min(next)
    } else {
        next.saturating_sub(blanks.len()).max(end)
    };
    written.floor_char_boundary(at)
}

/// Returns where in `written` the non-blank characters of `before` end, and where the next one starts.
fn after_solid(written: &str, before: &str) -> (usize, usize) {
    let count = before.chars().filter(|c| !c.is_whitespace()).count();
    let mut solid = written.char_indices().filter(|(_, c)| !c.is_whitespace());
    let end = match count.checked_sub(1) {
        Some(skip) => solid.nth(skip).map_or(written.len(), |(i, c)| i + c.len_utf8()),
        None => 0,
    };
    (end, solid.next().map_or(written.len(), |(i, _)| i))
}

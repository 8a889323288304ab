//! Shows diagnostics to people: a block for each, with the lines that it points at.
//!
//! All places of a diagnostic, in several files and in the failed statement, are shown under its one message. The
//! output depends only on the arguments, and never contains control characters from a file.

mod excerpt;

use std::fmt::{self, Display, Write as _};

use miette::{
    Diagnostic as Report, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles,
};

use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use excerpt::Excerpt;

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to use ANSI colours.
    pub color: bool,
    /// The number of columns available.
    pub width: usize,
    /// Whether to use box-drawing characters; if not, ASCII.
    pub unicode: bool,
}

/// Renders every diagnostic as a block: code, message, the lines that it points at, and the cure.
pub fn render(diagnostics: &Diagnostics, sources: &Sources, style: Style) -> String {
    let width = style.width.clamp(40, 400);
    let characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(width)
        .with_wrap_lines(false)
        .with_links(false)
        .with_context_lines(excerpt::CONTEXT_LINES)
        .without_syntax_highlighting();
    let blocks = diagnostics.iter().map(|diagnostic| {
        let mut block = String::new();
        // Writing to a string cannot fail.
        let _ = handler.render_report(&mut block, &Block::new(diagnostic, sources, width));
        block
    });
    blocks.collect::<Vec<_>>().join("\n")
}

/// Renders a line for every diagnostic: `path:line:column: error[code]: message (help)`.
pub fn render_short(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.iter() {
        if let Some(label) = diagnostic.labels.first() {
            let (line, column) = sources.line_column(label.span);
            let _ = write!(out, "{}:{line}:{column}: ", one_line(&sources.name(label.span.file)));
        }
        let problem = &diagnostic.problem;
        let _ = write!(out, "error[{}]: {}", problem.code.as_str(), one_line(&problem.message));
        if let Some(help) = &problem.help {
            let _ = write!(out, " ({})", one_line(help));
        }
        out.push('\n');
    }
    out
}

/// Joins the lines of a text, without control characters.
fn one_line(text: &str) -> String {
    excerpt::clean(&text.lines().map(str::trim).collect::<Vec<_>>().join(" "))
}

/// Removes control characters from each line of a message.
fn clean_lines(text: &str) -> String {
    text.lines().map(excerpt::clean).collect::<Vec<_>>().join("\n")
}

/// Wraps lines at spaces only, so that paths, URLs and flags can be copied.
fn wrap(text: &str, width: usize) -> String {
    text.lines().map(|line| wrap_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in line.split_inclusive(' ') {
        let wide = word.trim_end().chars().count();
        if column > 0 && column + wide > width {
            out.truncate(out.trim_end().len());
            out.push('\n');
            column = 0;
        }
        out.push_str(word);
        column += word.chars().count();
    }
    out
}

/// A diagnostic in the form that miette renders.
#[derive(Debug)]
struct Block {
    code: &'static str,
    message: String,
    help: Option<String>,
    excerpt: Excerpt,
}

impl Block {
    fn new(diagnostic: &Diagnostic, sources: &Sources, width: usize) -> Self {
        Self {
            code: diagnostic.problem.code.as_str(),
            message: wrap(&clean_lines(&diagnostic.problem.message), width - 6),
            help: diagnostic.problem.help.as_deref().map(|help| wrap(&clean_lines(help), width - 10)),
            excerpt: Excerpt::new(diagnostic, sources, width),
        }
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Block {}

impl Report for Block {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels()))
    }
}

#[cfg(test)]
mod tests;

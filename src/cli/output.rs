//! The terminal: results to standard output, talk to standard error.

use std::io::{IsTerminal, Write};

use crate::diagnostic::{Diagnostics, Sources};
use crate::report::diagnostic::{Style, render};

/// Where a command writes.
pub struct Output {
    /// Colour on standard output.
    pub color: bool,
    color_talk: bool,
    /// No talk.
    pub quiet: bool,
    /// How much talk.
    pub verbose: u8,
}

impl Output {
    /// By the flags, `NO_COLOR`, `CLICOLOR_FORCE` and the terminals.
    pub fn new(global: &super::Global) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
        let color = |terminal: bool| !global.no_color && !set("NO_COLOR") && (set("CLICOLOR_FORCE") || terminal);
        Self {
            color: color(std::io::stdout().is_terminal()),
            color_talk: color(std::io::stderr().is_terminal()),
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }

    /// A result.
    pub fn result(&self, text: &str) {
        // A reader that went away has what it wanted.
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    /// Talk: left out by `--quiet`.
    pub fn talk(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// A warning: never left out.
    pub fn warning(&self, text: &str) {
        let sign = if self.color_talk { "\x1b[33mwarning\x1b[0m" } else { "warning" };
        let _ = writeln!(std::io::stderr(), "{sign}: {text}");
    }

    /// An error without a place.
    pub fn error(&self, text: &str) {
        let sign = if self.color_talk { "\x1b[31merror\x1b[0m" } else { "error" };
        let _ = writeln!(std::io::stderr(), "{sign}: {text}");
    }

    /// Problems in their places.
    pub fn problems(&self, problems: &Diagnostics, sources: &Sources) {
        let style = Style { color: self.color_talk, width: 100, unicode: std::io::stderr().is_terminal() };
        let _ = std::io::stderr().write_all(render(problems, sources, style).as_bytes());
    }
}

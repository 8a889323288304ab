//! The terminal: results to standard output, talk to standard error.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::diagnostic::{Diagnostics, Sources};
use crate::report::diagnostic::{Style, render};
use crate::session::Canceller;

/// Where a command writes.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the terminals by itself")]
pub struct Output {
    /// Colour on standard output.
    pub color: bool,
    color_talk: bool,
    /// No talk.
    pub quiet: bool,
    /// How much talk.
    pub verbose: u8,
    talk_is_terminal: bool,
    /// What to cancel on an interrupt.
    running: RefCell<Option<Canceller>>,
    /// Set by an interrupt.
    interrupted: Arc<AtomicBool>,
}

/// The columns of a progress line, where the terminal does not say how many it has.
const WIDTH: usize = 80;

impl Output {
    /// By the flags, `NO_COLOR`, `CLICOLOR_FORCE` and the terminals.
    pub fn new(global: &super::Global) -> Self {
        let is = |name: &str, off: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != off);
        let forced = is("CLICOLOR_FORCE", "0");
        let color = |terminal: bool| !global.no_color && !is("NO_COLOR", "") && (forced || terminal);
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // A second interrupt ends the program at once, which PostgreSQL survives as well.
            let code = i32::from(super::exit::INTERRUPTED);
            let _ = signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&interrupted));
            let _ = signal_hook::flag::register(signal, Arc::clone(&interrupted));
        }
        Self {
            color: color(std::io::stdout().is_terminal()),
            color_talk: color(std::io::stderr().is_terminal()),
            quiet: global.quiet,
            verbose: global.verbose,
            talk_is_terminal: std::io::stderr().is_terminal(),
            running: RefCell::default(),
            interrupted,
        }
    }

    /// Cancels that session's statement on an interrupt.
    pub fn watch(&self, canceller: Canceller) {
        *self.running.borrow_mut() = Some(canceller);
    }

    /// What [`Self::watch`] was told.
    pub fn watched(&self) -> Option<Canceller> {
        self.running.borrow_mut().take()
    }

    /// True once somebody interrupted the program.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// One line that the next one overwrites, on a terminal only; none takes it away.
    pub fn progress(&self, text: Option<&str>) {
        if self.quiet || !self.talk_is_terminal {
            return;
        }
        let line: String = text.unwrap_or_default().chars().take(WIDTH - 1).collect();
        let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
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

    /// A question: the answer stands on the same line.
    #[expect(clippy::unused_self, reason = "the terminal is reached through this type only")]
    pub fn ask(&self, text: &str) {
        let _ = write!(std::io::stderr(), "{text}");
        let _ = std::io::stderr().flush();
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

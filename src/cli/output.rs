//! The terminal: results to standard output, talk to standard error.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::apply::Progress;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources, io_text};
use crate::report::diagnostic::{Style, render};
use crate::report::text::Look;
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
    result_is_terminal: bool,
    /// What to cancel on an interrupt, by the place of its database among several.
    running: RefCell<BTreeMap<usize, Canceller>>,
    /// Set by an interrupt.
    interrupted: Arc<AtomicBool>,
    /// What takes its time, and since when.
    doing: Cell<Option<(&'static str, Instant)>>,
    /// The line of progress that is shown.
    shown: RefCell<String>,
    /// Why a result could not be written.
    lost: RefCell<Option<std::io::Error>>,
}

/// The columns of a progress line, where the terminal does not say how many it has.
const WIDTH: usize = 80;

/// How long something goes on before a terminal is told.
const PATIENCE: Duration = Duration::from_millis(500);

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
            result_is_terminal: std::io::stdout().is_terminal(),
            running: RefCell::default(),
            interrupted,
            doing: Cell::default(),
            shown: RefCell::default(),
            lost: RefCell::default(),
        }
    }

    /// True where a plan may be shown with much that is alike folded: `-v` shows it all.
    pub fn folds(&self) -> bool {
        self.result_is_terminal && self.verbose == 0
    }

    /// How a plan is printed on standard output.
    pub fn look(&self) -> Look {
        Look { color: self.color, fold: self.folds() }
    }

    /// From now on [`Self::tick`] says this, once it has taken longer than [`PATIENCE`].
    pub fn begin(&self, what: &'static str) {
        self.doing.set(Some((what, Instant::now())));
    }

    /// Says what takes its time, and for how long already.
    pub fn tick(&self) {
        if let Some((what, since)) = self.doing.get().filter(|(_, since)| since.elapsed() > PATIENCE) {
            let seconds = since.elapsed().as_secs();
            self.overwrite(&if seconds == 0 { format!("{what} …") } else { format!("{what}, for {seconds} s") });
        }
    }

    /// Why a result could not be written, once.
    pub fn lost(&self) -> Option<std::io::Error> {
        self.lost.take()
    }

    /// Cancels that session's statement on an interrupt; `place` is that of its database among several.
    pub fn watch(&self, place: usize, canceller: Canceller) {
        self.running.borrow_mut().insert(place, canceller);
    }

    /// Forgets what [`Self::watch`] was told of a place.
    pub fn unwatch(&self, place: usize) {
        self.running.borrow_mut().remove(&place);
    }

    /// What [`Self::watch`] was told.
    pub fn watched(&self) -> Vec<Canceller> {
        std::mem::take(&mut *self.running.borrow_mut()).into_values().collect()
    }

    /// True once somebody interrupted the program.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// One line that the next one overwrites, on a terminal only; none takes it away.
    pub fn progress(&self, text: Option<&str>) {
        self.doing.set(None);
        self.overwrite(text.unwrap_or_default());
    }

    fn overwrite(&self, text: &str) {
        let line: String = text.chars().take(WIDTH - 1).collect();
        if self.is_live() && *self.shown.borrow() != line {
            let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
            *self.shown.borrow_mut() = line;
        }
    }

    /// True where a line may be overwritten.
    pub fn is_live(&self) -> bool {
        self.talk_is_terminal && !self.quiet
    }

    /// A result.
    pub fn result(&self, text: &str) {
        self.overwrite("");
        let mut out = std::io::stdout();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // A reader that went away has what it wanted.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => *self.lost.borrow_mut() = Some(error),
            Ok(()) | Err(_) => {}
        }
    }

    /// Talk: left out by `--quiet`.
    pub fn talk(&self, text: &str) {
        if !self.quiet {
            self.overwrite("");
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Which files were written.
    pub fn wrote(&self, files: &[impl AsRef<Path>]) {
        for path in files {
            self.talk(&format!("wrote {}", path.as_ref().display()));
        }
    }

    /// A question: the answer stands on the same line.
    pub fn ask(&self, text: &str) {
        self.overwrite("");
        let _ = write!(std::io::stderr(), "{text}");
        let _ = std::io::stderr().flush();
    }

    /// A warning: never left out.
    pub fn warning(&self, text: &str) {
        self.overwrite("");
        let sign = if self.color_talk { "\x1b[33mwarning\x1b[0m" } else { "warning" };
        let _ = writeln!(std::io::stderr(), "{sign}: {text}");
    }

    /// An error without a place.
    pub fn error(&self, text: &str) {
        self.overwrite("");
        let sign = if self.color_talk { "\x1b[31merror\x1b[0m" } else { "error" };
        let _ = writeln!(std::io::stderr(), "{sign}: {text}");
    }

    /// Problems in their places.
    pub fn problems(&self, problems: &Diagnostics, sources: &Sources) {
        self.overwrite("");
        let style = Style { color: self.color_talk, width: 100, unicode: std::io::stderr().is_terminal() };
        let _ = std::io::stderr().write_all(render(problems, sources, style).as_bytes());
    }
}

/// Writes a file, and the directories that lead to it.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| {
        let message = format!("can't write `{}`: {}", path.display(), io_text(&error));
        Diagnostic::new(Code::File, message).help("check the path and its permissions")
    };
    std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    std::fs::write(path, text).map_err(failed)?;
    Ok(())
}

/// How many characters a bar has.
const BAR: u8 = 20;

/// How far a statement is: `█████░░░░░ 50 %, building index, 12 s, about 12 s left`.
pub fn bar(progress: &Progress) -> String {
    let Some(part) = progress.part() else { return words(progress) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part is from 0 to 1")]
    let full = (part * f64::from(BAR)) as usize;
    format!("{}{} {}", "█".repeat(full), "░".repeat(usize::from(BAR).saturating_sub(full)), words(progress))
}

/// The same without a bar.
pub fn words(progress: &Progress) -> String {
    let seconds = progress.elapsed.as_secs_f64();
    let mut words = Vec::new();
    if let Some(part) = progress.part() {
        words.push(format!("{:.0} %", part * 100.0));
    }
    words.push(progress.phase.clone());
    words.push(format!("for {seconds:.0} s"));
    if let Some(part) = progress.part().filter(|part| *part > 0.05 && *part < 1.0) {
        words.push(format!("about {:.0} s left", seconds * (1.0 - part) / part));
    }
    if !progress.waits_for.is_empty() {
        let list: Vec<String> = progress.waits_for.iter().map(ToString::to_string).collect();
        words.push(format!("waits for process {}", list.join(", ")));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_how_much_is_left() {
        let progress = |done, total| Progress {
            phase: "building index".to_owned(),
            done,
            total,
            elapsed: std::time::Duration::from_secs(10),
            waits_for: vec![7],
        };
        assert_eq!(bar(&progress(0, 0)), "building index, for 10 s, waits for process 7");
        let half = "██████████░░░░░░░░░░ 50 %, building index, for 10 s, about 10 s left, waits for process 7";
        assert_eq!(bar(&progress(5, 10)), half);
        assert!(bar(&progress(12, 10)).starts_with(&"█".repeat(20)));
    }
}

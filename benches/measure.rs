//! Commands that are run many times, in turns, and what each run took.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// From its start to its end.
    pub wall: Duration,
    /// The processor's time of the program, without that of the server.
    pub cpu: Duration,
    /// The most memory that it held, in bytes.
    pub peak: u64,
}

/// What a measure should stay under.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// None.
    None,
    /// So long.
    Time(Duration),
    /// So many times as long as the first measure.
    Ratio(f64),
    /// So much longer than that measure, counted in times of the first.
    More(f64, &'static str),
}

/// A command with its runs so far.
pub struct Measure {
    /// What it is called in the table.
    pub name: &'static str,
    command: Command,
    goal: Goal,
    runs: Vec<Run>,
}

impl Measure {
    /// A command that has not run.
    pub fn new(name: &'static str, command: Command, goal: Goal) -> Self {
        Self { name, command, goal, runs: Vec::new() }
    }

    /// Runs it once more.
    pub fn run(&mut self) {
        let run = run(&mut self.command);
        self.runs.push(run);
    }

    /// The median of its runs' times.
    pub fn median(&self) -> Duration {
        self.middle(|run| run.wall)
    }

    /// The middle one of what its runs took of something.
    fn middle<T: Ord>(&self, what: impl Fn(&Run) -> T) -> T {
        let mut all: Vec<T> = self.runs.iter().map(what).collect();
        all.sort();
        all.swap_remove((all.len() - 1) / 2)
    }

    /// True where the goal is met.
    fn is_met(&self, all: &[Self]) -> bool {
        let first = all[0].median().as_secs_f64();
        match self.goal {
            Goal::None => true,
            Goal::Time(goal) => self.median() <= goal,
            Goal::Ratio(goal) => self.median().as_secs_f64() <= goal * first,
            Goal::More(goal, than) => {
                let other = all.iter().find(|m| m.name == than).expect("a measure of that name").median();
                self.median().as_secs_f64() - other.as_secs_f64() <= goal * first
            }
        }
    }

    /// Its line of the table.
    fn line(&self, all: &[Self]) -> String {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let (least, most) = (self.runs.iter().map(|r| r.wall).min(), self.runs.iter().map(|r| r.wall).max());
        let range = format!("{:.0} … {:.0}", ms(least.unwrap_or_default()), ms(most.unwrap_or_default()));
        let ratio = self.median().as_secs_f64() / all[0].median().as_secs_f64();
        let mib = Duration::from_micros(self.middle(|run| run.peak)).as_secs_f64() * 1_000_000.0 / f64::from(1 << 20);
        let goal = match self.goal {
            Goal::None => String::new(),
            Goal::Time(goal) => format!("{:.0} ms", ms(goal)),
            Goal::Ratio(goal) => format!("{goal:.2} ×"),
            Goal::More(goal, than) => format!("{goal:.2} × more than {than}"),
        };
        let met = if matches!(self.goal, Goal::None) || self.is_met(all) { "" } else { ": missed" };
        let (wall, cpu) = (ms(self.median()), ms(self.middle(|run| run.cpu)));
        format!(
            "| {:<44} | {wall:>8.1} | {range:>15} | {ratio:>5.2} | {cpu:>8.1} | {mib:>5.0} | {goal}{met} |",
            self.name
        )
    }
}

/// Prints a table of measures; how many missed their goals.
pub fn report(measures: &[Measure]) -> usize {
    println!(
        "| {:<44} | {:>8} | {:>15} | {:>5} | {:>8} | {:>5} | goal |",
        "command", "ms", "least … most", "ratio", "own ms", "MiB"
    );
    println!("|---|--:|--:|--:|--:|--:|---|");
    for measure in measures {
        println!("{}", measure.line(measures));
    }
    println!();
    measures.iter().filter(|measure| !measure.is_met(measures)).count()
}

/// Runs a command, which must succeed.
pub fn run(command: &mut Command) -> Run {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let begun = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text on stderr");
    let used = child.wait4().expect("the program ends");
    let wall = begun.elapsed();
    assert!(used.status.success(), "{command:?}: {said}");
    Run { wall, cpu: used.rusage.utime + used.rusage.stime, peak: used.rusage.maxrss }
}

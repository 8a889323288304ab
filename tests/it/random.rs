//! Random pairs of states converge under the case contract, or are refused with a type before anything changes.
//!
//! A seed determines a state, a mutation of it and rows, how much of the database is managed, and whether there is a
//! ledger. `DBSTATE_SEED=7 cargo test random` runs one pair and prints it; `DBSTATE_PAIRS=n` says how many run (500 else),
//! from `DBSTATE_FIRST` on. A pair that fails is made smaller while it fails in the same way, and saved under
//! `target/random/<seed>/` as a case.

#![expect(clippy::print_stdout, reason = "a run says what it found")]

mod generate;
mod kinds;
mod mutate;
pub mod pair;
mod recipes;
pub mod rng;
mod state;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use generate::Maker;
pub use generate::ROLES;
use pair::{Bench, Failure, Verdict};
use rng::Rng;
use state::State;

use crate::support::cluster::own_cluster;

/// The keys that objects have.
pub const FIELDS: &[&str] =
    &["args", "body", "each", "execute", "language", "returns", "stored", "timing", "type", "volatility"];

/// A state, what becomes of it, and rows for the first.
#[derive(Clone)]
pub struct Pair {
    before: State,
    after: State,
    /// Whether the whole database is managed, not the declared schemas alone.
    whole: bool,
    ledger: bool,
}

impl Pair {
    /// That of a seed, of what a server of that version knows.
    fn new(seed: u64, major: u32) -> Self {
        let mut rng = Rng::new(seed);
        let mut maker = Maker { rng: &mut rng, state: State::default(), taken: std::collections::BTreeSet::default() };
        maker.fill();
        let mut before = maker.state;
        before.prune();
        let mut after = mutate::mutate(&before, &mut rng);
        keep_owners(&before, &mut after);
        // What stands in no schema is dropped only where the whole database is managed.
        let goes = |id| before.objects[id].parent.is_none() && !after.objects.contains_key(id);
        let whole = rng.one_in(3) || before.objects.keys().any(goes);
        let ledger = !rng.one_in(4);
        for state in [&mut before, &mut after] {
            recipes::suit(state, major);
        }
        Self { before, after, whole, ledger }
    }

    /// The settings, the start, its rows, and the end, as the files of a project.
    pub fn files(seed: u64, major: u32) -> [String; 4] {
        let Self { before, after, whole, ledger } = Self::new(seed, major);
        let manage = if whole { "database" } else { "schemas" };
        let settings = format!("manage: {manage}\nledger: {}\n", if ledger { "\"on\"" } else { "\"off\"" });
        [settings, before.yaml(), mutate::rows(&before), after.yaml()]
    }
}

/// What comes in the place of something else of its kind and name has its owner: where none is said, none changes.
fn keep_owners(before: &State, after: &mut State) {
    let place = |state: &State, id: u32| -> Vec<(&'static str, String)> {
        let up = |id: &u32| state.objects[id].parent;
        let line = std::iter::successors(Some(id), up);
        line.map(|id| (state.objects[&id].section, state.key(id))).collect()
    };
    let owned =
        before.objects.iter().filter_map(|(id, object)| Some((place(before, *id), object.fields.get("owner")?)));
    let owned: BTreeMap<_, _> = owned.collect();
    let kept = after.objects.keys().filter_map(|id| Some((*id, (*owned.get(&place(after, *id))?).clone())));
    for (id, owner) in kept.collect::<Vec<_>>() {
        after.objects.get_mut(&id).expect("it is there").fields.entry("owner").or_insert(owner);
    }
}

/// Pairs that found a fault once; they run before the others.
const FOUND: [u64; 5] = [10948, 11101, 12604, 13221, 13647];

#[test]
fn random_pairs_converge() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let one = number("DBSTATE_SEED");
    let first = one.or(number("DBSTATE_FIRST")).unwrap_or(1);
    let end = first + if one.is_some() { 1 } else { number("DBSTATE_PAIRS").unwrap_or(500) };
    let cluster = own_cluster();
    let server = cluster.server();
    pair::roles(server, ROLES);
    let found: &[u64] = if one.or(number("DBSTATE_FIRST")).is_none() { &FOUND } else { &[] };
    let seeds = Mutex::new(found.iter().copied().chain(first..end));
    let results = Mutex::new((BTreeMap::<String, Vec<u64>>::new(), Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get() + 1);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let bench = Bench::new(server);
                let next = || seeds.lock().expect("no panic while held").next();
                while let Some(seed) = next() {
                    let pair = Pair::new(seed, server.version().major);
                    if one.is_some() {
                        show(&pair);
                    }
                    let verdict = bench.judge(&pair);
                    let failure = verdict.as_ref().err().map(|failure| report(&bench, seed, &pair, failure));
                    let mut results = results.lock().expect("no panic while held");
                    results.0.entry(name(&verdict)).or_default().push(seed);
                    results.1.extend(failure);
                    if seed.is_multiple_of(50) {
                        summarise(first, &results.0);
                    }
                }
            });
        }
    });
    let (counts, failures) = results.into_inner().expect("no panic while held");
    let summary = summarise(first, &counts);
    println!("{summary}");
    assert!(failures.is_empty(), "{summary}\n{}", failures.join("\n"));
}

/// Says how many pairs ended how, and which first; also in a file, for those who wait for a long run.
fn summarise(first: u64, counts: &BTreeMap<String, Vec<u64>>) -> String {
    let line = |(name, seeds): (&String, &Vec<u64>)| match name.as_str() {
        "converged" => format!("{:6} {name}", seeds.len()),
        _ => format!("{:6} {name} (seeds {:?})", seeds.len(), &seeds[..seeds.len().min(6)]),
    };
    let lines: Vec<String> = counts.iter().map(line).collect();
    let summary = format!("pairs from seed {first}:\n{}\n", lines.join("\n"));
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/random");
    _ = fs::create_dir_all(&dir);
    _ = fs::write(dir.join("summary"), &summary);
    summary
}

fn name(verdict: &Result<Verdict, Failure>) -> String {
    match verdict {
        Ok(Verdict::Converged) => "converged".to_owned(),
        Ok(Verdict::Refused(kind)) => format!("refused: {kind}"),
        Err(failure) => format!("FAILED: {}", failure.stage),
    }
}

fn show(pair: &Pair) {
    println!(
        "# before\n{}\n# rows\n{}\n# after\n{}",
        pair.before.yaml(),
        mutate::rows(&pair.before),
        pair.after.yaml()
    );
}

/// Makes a failing pair smaller, saves it, and says what is wrong.
fn report(bench: &Bench<'_>, seed: u64, pair: &Pair, failure: &Failure) -> String {
    let (small, failure) = shrink(bench, pair, failure);
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/random/{seed}"));
    let write = |name: &str, text: &str| fs::write(dir.join(name), text).expect("a file");
    fs::create_dir_all(&dir).expect("a directory");
    write("before.yaml", &small.before.yaml());
    write("after.yaml", &small.after.yaml());
    write("seed.sql", &mutate::rows(&small.before));
    write("case.yaml", "back: false\nwhy: a random pair\n");
    write("failure.txt", &format!("{}\n{}", failure.stage, failure.text));
    format!(
        "== DBSTATE_SEED={seed}: {}\n{}\n# before\n{}\n# after\n{}",
        failure.stage,
        failure.text,
        small.before.yaml(),
        small.after.yaml()
    )
}

/// Leaves out objects, then options, while the pair fails in the same way.
fn shrink(bench: &Bench<'_>, pair: &Pair, failure: &Failure) -> (Pair, Failure) {
    let (mut best, mut why) = (pair.clone(), failure.clone());
    let mut tries = 0;
    let mut attempt = |best: &mut Pair, smaller: Pair| {
        tries += 1;
        if tries > 40 || smaller.before.of("schemas").is_empty() {
            return;
        }
        if let Err(same) = bench.judge(&smaller)
            && same.stage == why.stage
        {
            *best = smaller;
            why = same;
        }
    };
    let all =
        |pair: &Pair| -> Vec<u32> { pair.before.objects.keys().chain(pair.after.objects.keys()).copied().collect() };
    for id in all(&best) {
        let there = |s: &State| s.objects.get(&id).is_some_and(|o| o.section != "outputs");
        if there(&best.before) || there(&best.after) {
            let mut smaller = best.clone();
            smaller.before.remove(id);
            smaller.after.remove(id);
            attempt(&mut best, smaller);
        }
    }
    for key in ["owner", "grants", "comment", "default", "not_null", "collation", "rls"] {
        let mut smaller = best.clone();
        for object in smaller.before.objects.values_mut().chain(smaller.after.objects.values_mut()) {
            object.fields.remove(key);
        }
        attempt(&mut best, smaller);
    }
    (best, why)
}

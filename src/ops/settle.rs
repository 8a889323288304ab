//! Settles what a comparison needs to know beforehand: which renames have been carried out, and whether SQL texts that
//! differ mean the same.
//!
//! The ledger is asked first, then PostgreSQL, in a scratch database.

use std::sync::Arc;

use super::edges::EdgeReader;
use super::{Embedded, Options, Scratch};
use crate::catalog::Way;
use crate::declare::digest::Digests;
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::diff::diff;
use crate::kind::find;
use crate::model::{Address, Moved, Object, PgVersion, Spec, State};
use crate::plan::{self, Plan, Planned};
use crate::scratch::{self, Host, Needed, Stored};
use crate::session::{self, Session};
use crate::{catalog, kinds, ledger};

impl Planned {
    /// Marks which renames have been carried out: those recorded in the ledger or, after a plan ran, all of them.
    pub(super) async fn know_renames(
        &mut self,
        edges: &mut EdgeReader<'_>,
        options: &Options,
        applied: Option<&Plan>,
    ) -> Result<()> {
        let mut renames = Vec::new();
        for (at, object) in self.desired.iter() {
            renames.extend(object.was().map(|was| (at.clone(), was.to_owned())));
        }
        if renames.is_empty() {
            return Ok(());
        }
        edges.read_all(self).await?;
        let ledger = if options.ledger {
            ledger::read(&edges.session.client, renames.iter().map(|(at, _)| at)).await
        } else {
            ledger::Ledger::default()
        };
        for (at, was) in &renames {
            // Once a plan ran, nothing is left to rename.
            let known = if applied.is_none() { ledger.carried_out(at, was) } else { Some(true) };
            if let Some(object) = self.desired.get_mut(at) {
                object.set_carried_out(known);
            }
        }
        Ok(())
    }

    /// Settles the objects of which it is certain how PostgreSQL stores them, and removes them from `doubtful`.
    pub(super) fn spell(&mut self, renamed: &State, doubtful: &mut Vec<Address>) {
        doubtful.retain(|at| {
            let Some((there, wanted)) = renamed.get(at).zip(self.desired.get(at)) else { return true };
            let Some(spelled) = spelled(at, wanted, there) else { return true };
            if spelled.same(&*there.spec) {
                self.adopt(at, renamed);
            } else if let Some(wanted) = self.desired.get_mut(at) {
                wanted.respell(spelled);
            }
            false
        });
    }

    /// Settles the objects whose declared and stored texts the ledger records as equal, and removes them from
    /// `doubtful`.
    pub(super) async fn recall(&mut self, session: &Session, renamed: &State, doubtful: &mut Vec<Address>) {
        if doubtful.is_empty() {
            return;
        }
        let mut digests = Digests::new(kinds::register());
        let mut is_settled = vec![false; doubtful.len()];
        let known = |i: usize, then: ledger::Settled| {
            let at = &doubtful[i];
            let sides = renamed.get(at).zip(self.desired.get(at));
            is_settled[i] = sides.is_some_and(|(there, wanted)| {
                let moved = then.moved(at, Some(&**wanted.as_written()), Some(&*there.spec), &mut digests);
                moved == Moved::Neither
            });
        };
        _ = ledger::each(&session.client, doubtful.iter(), known).await;
        let mut is_settled = is_settled.into_iter();
        let settled: Vec<Address> = doubtful.extract_if(.., |_| is_settled.next() == Some(true)).collect();
        for at in &settled {
            self.adopt(at, renamed);
        }
    }

    /// Settles the objects that PostgreSQL can spell in a scratch database. The rest stay in doubt, with a warning.
    ///
    /// # Errors
    /// If the server named in `--scratch` cannot be reached or has another major version.
    pub(super) async fn ask(
        &mut self,
        edges: &mut EdgeReader<'_>,
        place: &Scratch,
        doubtful: &mut Vec<Address>,
    ) -> Result<()> {
        if matches!(place, Scratch::None) {
            return Ok(());
        }
        let session = edges.session;
        let opaque: Vec<Address> = scratch::opaque(&self.whole, kinds::register()).cloned().collect();
        edges.read(self, &opaque, Way::Used).await?;
        let differing = plan::differences(&self.live, self.input(false));
        edges.begin(self, &differing.into_keys().collect::<Vec<_>>()).await;
        let mut needed = scratch::needed(self.request(doubtful));
        while edges.read(self, &needed.told, Way::Used).await? {
            needed = scratch::needed(self.request(doubtful));
        }
        if cfg!(debug_assertions)
            && let Some(whole) = edges.all(self).await?
        {
            let with_all = scratch::needed(scratch::Request { live: &whole, ..self.request(doubtful) });
            assert_eq!(needed.list(), with_all.list(), "what is built is what all edges together lead to");
        }
        let stored = match place {
            Scratch::None => return Ok(()),
            Scratch::At(target) => {
                let there = session::connect(target, &[]).await?;
                same_major(catalog::server(&there.client).await?.version, self.server.version)?;
                scratch::read_back(session, Host::Other(&there), &needed).await
            }
            Scratch::Auto(embedded) => match (scratch::obstacle(session).await?, embedded) {
                (None, _) => scratch::read_back(session, Host::Same(session), &needed).await,
                (Some(why), None) => Err(Diagnostic::new(Code::Server, why).into()),
                (Some(why), Some(start)) => self.build_in_own(session, &why, *start, &needed).await,
            },
        };
        match stored {
            Ok(stored) => {
                for at in doubtful.iter() {
                    self.adopt(at, &stored.state);
                }
                self.learned = true;
                doubtful.retain(|at| !stored.state.contains(at));
                if let Some(failure) = stored.failure {
                    self.unsettled(doubtful, &failure);
                }
            }
            Err(problem) => self.unsettled(doubtful, &problem.problem.message),
        }
        Ok(())
    }

    /// Builds the doubtful objects on an embedded server; `why` says why the target's server cannot be used.
    async fn build_in_own(&self, session: &Session, why: &str, start: Embedded, needed: &Needed) -> Result<Stored> {
        let also = |mut problem: Box<Diagnostic>| {
            problem.problem.message = format!("{why}, and no server of our own could do it: {problem}");
            problem
        };
        // The server runs as long as this value lives.
        let (target, _running) = start(Some(self.server.version.major())).map_err(also)?;
        let there = session::connect(&target, &[]).await.map_err(also)?;
        scratch::read_back(session, Host::Own(&there), needed).await.map_err(also)
    }

    /// Settles spellings between two projects, where no database is involved. Both sides are spelled by PostgreSQL on
    /// the scratch server, and equal spellings are no difference. Objects that could not be settled are named in a
    /// warning.
    pub(super) async fn ask_nobody(&mut self, place: &Scratch, online: bool) -> Result<()> {
        let renamed = plan::renamed(self.input(online));
        let differing = diff(&renamed, &self.desired);
        let mut doubtful = scratch::doubtful(differing.keys(), &renamed, &self.desired, kinds::register());
        doubtful.retain(|at| {
            let Some((old, new)) = renamed.get(at).zip(self.desired.get(at)) else { return true };
            let Some((old, new)) = spelled(at, old, new).zip(spelled(at, new, old)) else { return true };
            if old.same(&*new) {
                self.equate(at);
            }
            false
        });
        if doubtful.is_empty() {
            return Ok(());
        }
        let stored = match place {
            Scratch::None | Scratch::Auto(None) => Err(Diagnostic::new(Code::Server, "no server was asked").into()),
            Scratch::At(target) => {
                let there = session::connect(target, &[]).await?;
                self.build_both(&there, &doubtful).await
            }
            // The server runs as long as the value beside its target lives.
            Scratch::Auto(Some(start)) => match start(None) {
                Ok((target, _running)) => {
                    let there = session::connect(&target, &[]).await?;
                    self.build_both(&there, &doubtful).await
                }
                Err(problem) => Err(problem),
            },
        };
        let [old, new] = match stored {
            Ok(stored) => stored,
            Err(problem) => {
                self.unsettled(&doubtful, &problem.problem.message);
                return Ok(());
            }
        };
        let mut open = Vec::new();
        for at in doubtful {
            match (old.state.get(&at), new.state.get(&at)) {
                (Some(old), Some(new)) if old.spec.same(&*new.spec) => self.equate(&at),
                (Some(_), Some(_)) => {}
                (None, _) | (_, None) => open.push(at),
            }
        }
        self.unsettled(&open, &new.failure.or(old.failure).unwrap_or_else(|| "it was renamed, too".to_owned()));
        Ok(())
    }

    /// Builds the doubtful objects of each side in a scratch database of its own.
    async fn build_both(&self, there: &Session, doubtful: &[Address]) -> Result<[Stored; 2]> {
        let server = catalog::server(&there.client).await?;
        let nothing = State::default();
        let mut sides = [Stored::default(), Stored::default()];
        for (side, state) in sides.iter_mut().zip([&self.live, &self.desired]) {
            let request = scratch::Request {
                live: &nothing,
                desired: state,
                doubtful,
                server: &server,
                register: kinds::register(),
            };
            *side = scratch::read_back(there, Host::Own(there), &scratch::needed(request)).await?;
        }
        Ok(sides)
    }

    /// Sets the spec of the live object to the desired one, so that they do not differ.
    fn equate(&mut self, at: &Address) {
        if let (Some(there), Some(wanted)) = (self.live.get_mut(at), self.desired.get(at)) {
            there.spec = Arc::clone(&wanted.spec);
        }
    }

    /// Returns what to build in a scratch database of the plan's own.
    fn request<'a>(&'a self, doubtful: &'a [Address]) -> scratch::Request<'a> {
        let Self { whole: live, desired, server, .. } = self;
        scratch::Request { live, desired, doubtful, server, register: kinds::register() }
    }

    /// Adds a warning that names objects of which it is unknown whether they differ only in spelling.
    fn unsettled(&mut self, doubtful: &[Address], why: &str) {
        if !doubtful.is_empty() {
            let list = doubtful.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            self.warnings.push(format!("whether {list} differ only in spelling could not be settled: {why}"));
        }
    }

    /// Takes over PostgreSQL's spelling of an object, and its edges to the objects that it uses.
    pub(super) fn adopt(&mut self, at: &Address, stored: &State) {
        let (Some(wanted), Some(there)) = (self.desired.get_mut(at), stored.get(at)) else { return };
        let kept = find(kinds::register(), at.kind()).kept;
        wanted.respell(kept(&there.spec, &*wanted.spec));
        for used in stored.uses(at) {
            self.desired.add_edge(at.clone(), used.clone());
        }
    }
}

/// Returns an object as PostgreSQL stores it, where that is certain without asking; `there` is the other side.
fn spelled(at: &Address, object: &Object, there: &Object) -> Option<Arc<dyn Spec>> {
    (find(kinds::register(), at.kind()).spelled)(&*object.spec, &*there.spec)
}

/// Refuses a scratch server of another major version, as the spelling of definitions depends on the version.
fn same_major(scratch: PgVersion, target: PgVersion) -> Result<()> {
    if scratch.major() == target.major() {
        return Ok(());
    }
    let message = format!("the scratch server is PostgreSQL {}, the database's is {}", scratch.major(), target.major());
    Err(Box::new(Diagnostic::new(Code::Usage, message).help("name a server of the same major version")))
}

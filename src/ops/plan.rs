//! `plan`: computes what an apply would change.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join;

use super::Options;
use super::edges::EdgeReader;
use crate::catalog::{EdgeSource, Way, fingerprint};
use crate::declare::digest::Digests;
use crate::declare::imprint::Unread;
use crate::declare::raise::raise_object;
use crate::declare::write::write;
use crate::diagnostic::{Diagnostics, Result};
use crate::diff::{diff, scope, show};
use crate::ledger::Known;
use crate::model::node::{Node, Value};
use crate::model::{Address, Object, Server, State};
use crate::plan::{self, Change, Input, Lines, Plan, Planned, Verb};
use crate::scratch::differs_in_text_alone;
use crate::session::Session;
use crate::{apply, catalog, kinds, ledger, scratch};

/// What a comparison is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// To show the plan.
    Look,
    /// To apply the plan.
    Apply,
    /// To see whether anything is left after a plan ran. The catalog's text of an object that the plan created is then
    /// taken to mean what the declared text means.
    After(&'a Plan),
}

/// What a comparison needs of the database, as far as it can be read without the project.
#[derive(Debug)]
pub struct Ahead {
    server: Server,
    /// The projects with the same files for which the ledger knows that there was nothing to do.
    known: Vec<Known>,
    /// Whether the project is one of these, and no catalog has changed since.
    recognised: bool,
    /// All objects, if they have been read, and where their edges are.
    whole: Option<(State, EdgeSource)>,
}

impl Ahead {
    /// Asks what the server is and, if `files` is the digest of a project's files, whether the ledger knows them.
    pub async fn begin(session: &Session, files: Option<&str>) -> Result<Self, Diagnostics> {
        let known = async {
            match files {
                Some(files) => ledger::known(&session.client, files).await,
                None => Vec::new(),
            }
        };
        let (server, known) = join(catalog::server(&session.client), known).await;
        Ok(Self { server: server?, known, recognised: false, whole: None })
    }

    /// Returns the digest of the whole project, if the ledger knows one like it.
    pub fn like(&self, project: &Unread) -> Option<&str> {
        let is_it = |known: &&Known| project.whole(&known.bodies).as_ref() == Some(&known.whole);
        self.known.iter().find(is_it).map(|known| &*known.whole)
    }

    /// Asks whether no catalog has changed since there was nothing to do for a project. If so, a plan needs neither the
    /// database nor the project.
    pub async fn recognise(&mut self, session: &Session, whole: &str) -> bool {
        let fingerprint = fingerprint::expression(self.server.version, self.server.superuser);
        self.recognised = ledger::is_unchanged(&session.client, whole, &fingerprint).await;
        self.recognised
    }

    /// Returns whether the database and the project are known to be as they were when there was nothing to do.
    pub fn is_recognised(&self) -> bool {
        self.recognised
    }

    /// Reads everything that [`plan_from`] needs.
    pub async fn read(&mut self, session: &Session) -> Result<(), Diagnostics> {
        self.whole = Some(catalog::read_objects(session, self.server.version, kinds::register()).await?);
        Ok(())
    }
}

/// Compares the project with the database and plans the difference.
pub async fn plan(session: &Session, declared: &State, options: &Options) -> Result<Planned, Diagnostics> {
    compare(session, declared, options, Purpose::Look).await
}

/// Plans like [`plan`], with what was read ahead. Of a declared state that nobody else holds, no copy is made.
pub async fn plan_from(
    ahead: Ahead,
    session: &Session,
    declared: State,
    options: &Options,
) -> Result<Planned, Diagnostics> {
    compare_on(ahead, session, declared, options, Purpose::Look).await
}

/// Sets the role as which an apply would run each statement. Missing privileges are no error here, since another role
/// may apply the plan.
pub async fn actors(session: &Session, planned: &mut Planned) {
    let ground = apply::Ground { whole: &planned.whole, server: &planned.server };
    _ = apply::preflight(&session.client, &mut planned.plan, ground).await;
}

/// Compares the project with the database for the given purpose, and plans the difference.
pub(super) async fn compare(
    session: &Session,
    declared: &State,
    options: &Options,
    purpose: Purpose<'_>,
) -> Result<Planned, Diagnostics> {
    let project = options.project.as_ref().filter(|_| !matches!(purpose, Purpose::After(_)));
    let mut ahead = Ahead::begin(session, project.map(|project| &*project.files)).await?;
    if let Some(project) = project.filter(|project| ahead.known.iter().any(|known| known.whole == project.whole)) {
        ahead.recognise(session, &project.whole).await;
    }
    compare_on(ahead, session, declared.clone(), options, purpose).await
}

async fn compare_on(
    ahead: Ahead,
    session: &Session,
    declared: State,
    options: &Options,
    purpose: Purpose<'_>,
) -> Result<Planned, Diagnostics> {
    let Ahead { server, recognised, mut whole, .. } = ahead;
    if recognised {
        return Ok(Planned { recognised: true, ..Planned::new(State::default(), declared, server) });
    }
    if whole.is_none() && matches!(purpose, Purpose::Look) {
        whole = Some(catalog::read_objects(session, server.version, kinds::register()).await?);
    }
    let (whole, mut edges) = match whole {
        Some((whole, source)) => (Some(whole), EdgeReader::new(session, Some(source))),
        None => (None, EdgeReader::new(session, None)),
    };
    let settling = settle_on((server, whole), &mut edges, declared, options, purpose);
    let mut planned = Box::pin(settling).await?;
    if let Some(only) = &options.only {
        planned.confine(only);
    }
    let start = planned.make(&mut edges, options.online).await?;
    if planned.plan.is_empty() {
        return Ok(planned);
    }
    planned.compare(start.renamed());
    planned.weigh_access(start.renamed(), options.online);
    if options.ledger {
        planned.blame(session).await;
    }
    Ok(planned)
}

/// Plans between two states whose spellings are settled, and computes the lines that differ.
pub(super) fn finish(mut planned: Planned, online: bool) -> Result<Planned, Diagnostics> {
    let start = plan::Start::of(planned.input(online));
    planned.make_from(&start, online)?;
    planned.keep_warnings();
    planned.compare(start.renamed());
    planned.whole = State::default();
    planned.weigh_access(start.renamed(), online);
    Ok(planned)
}

/// Returns both states after settling which texts that differ mean the same. The plan itself is not made yet.
pub(super) async fn settle(session: &Session, declared: &State, options: &Options) -> Result<Planned, Diagnostics> {
    let server = catalog::server(&session.client).await?;
    let mut edges = EdgeReader::new(session, None);
    settle_on((server, None), &mut edges, declared.clone(), options, Purpose::Look).await
}

/// Settles with all objects of the database, if they have been read already. To look at the plan, edges are read where
/// something differs.
async fn settle_on(
    (server, whole): (Server, Option<State>),
    edges: &mut EdgeReader<'_>,
    mut desired: State,
    options: &Options,
    purpose: Purpose<'_>,
) -> Result<Planned, Diagnostics> {
    let register = kinds::register();
    let is_marked = options.project.is_some() && !matches!(purpose, Purpose::Look);
    let session = edges.session;
    let (mut whole, fingerprint) = match whole {
        Some(whole) => (whole, None),
        None if is_marked => catalog::read_marked(&session.client, &server, register).await?,
        None => (catalog::read(&session.client, server.version, register).await?, None),
    };
    ledger::hide(&mut whole);
    let mut live = whole.clone();
    for entry in register {
        (entry.suit)(&mut desired, server.version);
    }
    scope::project(&mut live, &mut desired, options.manage, &options.exclude, register);
    let mut planned = Planned { whole, fingerprint, ..Planned::new(live, desired, server) };
    let applied = if let Purpose::After(applied) = purpose { Some(applied) } else { None };
    planned.know_renames(edges, options, applied).await?;
    catalog::needs(&session.client, &planned.live, &mut planned.desired, register).await?;
    let input = planned.input(options.online);
    let renamed = plan::renamed(input);
    let suspects: Vec<Address> = diff(&planned.live, &planned.desired).into_keys().collect();
    let mut doubtful = if renamed.shares_objects_with(&planned.live) {
        scratch::doubtful(&suspects, &renamed, &planned.desired, register)
    } else {
        scratch::doubtful(diff(&renamed, &planned.desired).keys(), &renamed, &planned.desired, register)
    };
    planned.suspects = Some(suspects);
    // A scratch database would store the declared text just as the plan that just ran did, so it need not be asked.
    let created = changed(applied, |verb| verb == Verb::Create);
    let is_made = |at: &Address| is_in(at, &created) && differs_in_text_alone(at, &renamed, &planned.desired, register);
    let sure: Vec<Address> = doubtful.extract_if(.., |at| is_made(at)).collect();
    for at in &sure {
        planned.adopt(at, &renamed);
    }
    planned.spell(&renamed, &mut doubtful);
    if options.ledger {
        planned.recall(session, &renamed, &mut doubtful).await;
    }
    if !doubtful.is_empty() {
        planned.ask(edges, &options.scratch, &mut doubtful).await?;
    }
    let made = changed(applied, |verb| matches!(verb, Verb::Create | Verb::Replace));
    let altered = changed(applied, |verb| verb == Verb::Alter);
    for at in doubtful.iter().filter(|at| altered.contains(at) || is_in(at, &made)) {
        planned.adopt(at, &renamed);
    }
    Ok(planned)
}

impl Planned {
    /// Computes, for each object that the plan changes, the lines in which both sides differ.
    /// `renamed` is the live state after the renames.
    pub(super) fn compare(&mut self, renamed: &State) {
        self.differences = self.plan.changes.iter().map(|c| (c.at.clone(), differences(self, renamed, c))).collect();
    }

    /// Makes the plan, and once more when the relations that it touches are measured: hazards, and whether an online form is
    /// better, depend on how many rows there are. Returns what it starts from.
    pub(super) async fn make(&mut self, edges: &mut EdgeReader<'_>, online: bool) -> Result<plan::Start, Diagnostics> {
        let session = edges.session;
        let mut start = self.make_near(edges, online).await?;
        let sized = self.plan.steps.iter().flat_map(|step| std::iter::once(&step.at).chain(&step.reads));
        let sized: Vec<Address> = sized.cloned().collect();
        if catalog::measure(&session.client, &mut self.live, sized.iter()).await? {
            start.take_sizes(&self.live);
            self.make_from(&start, online)?;
        }
        self.keep_warnings();
        Ok(start)
    }

    /// Makes the plan with the edges of what differs and, if it touches more, once more with the edges of that. Returns what it
    /// starts from.
    async fn make_near(&mut self, edges: &mut EdgeReader<'_>, online: bool) -> Result<plan::Start, Diagnostics> {
        let differing = plan::differences(&self.live, self.input(online));
        let differing: Vec<Address> = differing.into_keys().collect();
        edges.read(self, &differing, Way::Users).await?;
        loop {
            let start = plan::Start::of(self.input(online));
            let made = self.make_from(&start, online);
            let knows_more = match &made {
                Ok(()) => edges.read(self, &self.plan.touched.clone(), Way::Users).await?,
                Err(_) => edges.read_all(self).await?,
            };
            if knows_more {
                continue;
            }
            made?;
            if cfg!(debug_assertions)
                && !start.is_empty()
                && let Some(whole) = edges.all(self).await?
            {
                let mut live = self.live.clone();
                live.take_edges(&whole);
                let with_all = plan::plan(Input { live: &live, whole: &whole, ..self.input(online) });
                let shown = |plan: &Plan| {
                    let mut plan = plan.clone();
                    // How a password is salted is different each time.
                    plan.steps.iter_mut().for_each(|step| step.sql = step.text().to_owned());
                    plan
                };
                let with_all = with_all.as_ref().map(shown);
                assert_eq!(Ok(shown(&self.plan)), with_all, "edges of what a plan does not touch change nothing");
            }
            return Ok(start);
        }
    }

    fn make_from(&mut self, start: &plan::Start, online: bool) -> Result<(), Diagnostics> {
        self.plan = plan::plan_from(start, self.input(online))?;
        Ok(())
    }

    /// Keeps the warnings of the plan, each once.
    fn keep_warnings(&mut self) {
        for warning in std::mem::take(&mut self.plan.warnings) {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// Returns the input for `plan::plan`, as far as both states are known by now.
    pub(super) fn input(&self, online: bool) -> Input<'_> {
        let register = kinds::register();
        let Self { live, whole, desired, server, .. } = self;
        Input { live, whole, desired, server, register, online, suspects: self.suspects.as_deref() }
    }

    /// Looks up which sessions hold locks on the objects that the plan touches.
    pub async fn watch(&mut self, session: &Session) -> Result<()> {
        let steps = self.plan.steps.iter().map(|step| &step.at);
        self.activity = catalog::activity(&session.client, &self.live, steps).await?;
        Ok(())
    }

    /// Looks up in the ledger which side of each change moved, and since which apply.
    async fn blame(&mut self, session: &Session) {
        let changes: Vec<&Address> = self.plan.changes.iter().map(|c| &c.at).collect();
        if changes.is_empty() {
            return;
        }
        let ledger = ledger::read(&session.client, changes.iter().copied()).await;
        let mut digests = Digests::new(kinds::register());
        for at in changes {
            let declared = self.desired.get(at).map(|o| &**o.as_written());
            let stored = self.live.get(at).map(|o| &*o.spec);
            if let Some(moved) = ledger.moved(at, declared, stored, &mut digests) {
                self.moved.insert(at.clone(), moved);
            }
        }
        if !self.moved.is_empty() {
            self.since = ledger::since(&session.client, self.moved.keys()).await;
        }
    }
}

/// Returns the objects that a plan, if one ran, changed with a verb that satisfies `how`.
fn changed(applied: Option<&Plan>, how: impl Fn(Verb) -> bool) -> HashSet<&Address> {
    applied.iter().flat_map(|plan| &plan.changes).filter(|change| how(change.verb)).map(|change| &change.at).collect()
}

/// Returns whether `at` or one of its ancestors is in `these`.
fn is_in(at: &Address, these: &HashSet<&Address>) -> bool {
    !these.is_empty() && std::iter::once(at).chain(at.ancestors()).any(|at| these.contains(at))
}

/// Returns the lines in which the canonical YAML of a changed object differs between the live state, after renames, and the
/// desired one. What is below an object that stays is not shown, as it is a change of its own if it changes. Of an object
/// that is nothing but text of several lines, such as the query of a view, these are the lines of the text.
fn differences(planned: &Planned, renamed: &State, change: &Change) -> Lines {
    let at = &change.at;
    let written = |node: Node| match node.as_text() {
        Some(text) if text.contains('\n') => text.to_owned(),
        _ if matches!(&node.value, Value::Map(fields) if fields.is_empty()) => String::new(),
        _ => write(&node),
    };
    let text = |state: &State| raise_object(state, kinds::register(), at).map(written).unwrap_or_default();
    if matches!(change.verb, Verb::Create | Verb::Drop) {
        return show::lines(&text(renamed), &text(&planned.desired));
    }
    let alone = |state: &State| {
        let mut alone = State::default();
        if let Some(object) = state.get(at) {
            alone.insert(at.clone(), Object::new(Arc::clone(&object.spec), object.origin.clone()));
        }
        text(&alone)
    };
    show::lines(&alone(renamed), &alone(&planned.desired))
}

//! The edges between the objects of a database, which are read once something needs them: all, or those that are met from some
//! objects on.

use rustc_hash::FxHashSet;

use crate::catalog::{Dependencies, EdgeSource, Item, Way};
use crate::diagnostic::Result;
use crate::kind::find;
use crate::kinds;
use crate::model::{Address, State};
use crate::plan::Planned;
use crate::session::Session;

/// Which edges of a comparison are known, and how more get known.
pub(super) struct EdgeReader<'s> {
    /// The session of the comparison.
    pub(super) session: &'s Session,
    /// Where edges are read; `None` if all are known.
    source: Option<EdgeSource>,
    /// What was read so far.
    known: Dependencies,
    /// The objects that were met on the way to users.
    users: FxHashSet<Item>,
    /// The objects that were met on the way to what they use.
    used: FxHashSet<Item>,
}

impl<'s> EdgeReader<'s> {
    /// Edges that come from there, once they are needed; `None` if they came with the objects.
    pub(super) fn new(session: &'s Session, source: Option<EdgeSource>) -> Self {
        let known = Dependencies::default();
        Self { session, source, known, users: FxHashSet::default(), used: FxHashSet::default() }
    }

    /// Has a second session, if there is one, read what leads from these objects to their users, while others go on.
    pub(super) async fn begin(&mut self, planned: &Planned, objects: &[Address]) {
        let items = self.new_items(planned, objects, Way::Users);
        if let Some(source) = self.source.as_mut().filter(|_| !items.is_empty()) {
            source.begin(items).await;
        }
    }

    /// Adds all edges to the states of the database, where that has not been done. Returns whether it was.
    pub(super) async fn read_all(&mut self, planned: &mut Planned) -> Result<bool> {
        let Some(source) = &mut self.source else { return Ok(false) };
        _ = source.end().await;
        self.known = source.read(&self.session.client, None).await?;
        self.add_to(planned);
        self.source = None;
        Ok(true)
    }

    /// Adds the edges that are met from these objects on to the states of the database, where that has not been done. Returns
    /// whether it was.
    pub(super) async fn read(&mut self, planned: &mut Planned, objects: &[Address], way: Way) -> Result<bool> {
        if self.new_items(planned, objects, way).is_empty() {
            return Ok(false);
        }
        self.end(planned).await?;
        let items = self.new_items(planned, objects, way);
        if let Some(source) = self.source.as_mut().filter(|_| !items.is_empty()) {
            let read = source.read(&self.session.client, Some((&items, way))).await?;
            self.take(read, way, planned).await?;
        }
        Ok(true)
    }

    /// Waits for what the second session reads, if it does.
    async fn end(&mut self, planned: &mut Planned) -> Result<()> {
        let Some(source) = &mut self.source else { return Ok(()) };
        match source.end().await {
            Some(read) => self.take(read, Way::Users, planned).await,
            None => Ok(()),
        }
    }

    /// Takes what was read; if there is too much, all edges are read instead.
    async fn take(&mut self, mut read: Dependencies, way: Way, planned: &mut Planned) -> Result<()> {
        let Some(met) = read.take_met() else {
            return self.read_all(planned).await.map(drop);
        };
        self.met(way).extend(met);
        self.known.extend(read);
        self.add_to(planned);
        Ok(())
    }

    fn add_to(&self, planned: &mut Planned) {
        let Some(source) = &self.source else { return };
        planned.whole.forget_edges();
        source.add(&self.known, &mut planned.whole, kinds::register());
        planned.live.take_edges(&planned.whole);
    }

    fn met(&mut self, way: Way) -> &mut FxHashSet<Item> {
        match way {
            Way::Users => &mut self.users,
            Way::Used => &mut self.used,
        }
    }

    /// Returns what stands for these objects in the catalogs and was not met yet.
    fn new_items(&mut self, planned: &Planned, objects: &[Address], way: Way) -> Vec<Item> {
        if self.source.is_none() {
            return Vec::new();
        }
        let met = self.met(way);
        let items = objects.iter().filter_map(|at| item(at, &planned.whole));
        let new: FxHashSet<Item> = items.filter(|item| !met.contains(item)).collect();
        new.into_iter().collect()
    }

    /// Returns the whole database with all edges, if they are not all known, to check that the known ones do.
    pub(super) async fn all(&mut self, planned: &mut Planned) -> Result<Option<State>> {
        self.end(planned).await?;
        let Some(source) = &mut self.source else { return Ok(None) };
        let read = source.read(&self.session.client, None).await?;
        let mut whole = planned.whole.clone();
        whole.forget_edges();
        source.add(&read, &mut whole, kinds::register());
        Ok(Some(whole))
    }
}

/// Returns what stands in the catalogs for a live object or, if there is none, for what it is to be a part of. Nothing uses a
/// facet.
fn item(at: &Address, live: &State) -> Option<Item> {
    let register = kinds::register();
    if find(register, at.kind()).is_facet() {
        return None;
    }
    let above = at.ancestors().filter(|above| !find(register, above.kind()).rules.space);
    std::iter::once(at).chain(above).find_map(|at| {
        let (class, oid, _) = live.get(at)?.origin.id()?;
        (class != 0).then_some((class, oid))
    })
}

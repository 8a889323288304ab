//! The edges between the objects of a database, which are read once something needs them.

use crate::catalog::{BegunDependencies, Dependencies};
use crate::diagnostic::Result;
use crate::kinds;
use crate::plan::Planned;
use crate::session::Session;

/// How the edges of a comparison get known.
pub(super) struct EdgeReader<'s> {
    /// The session of the comparison.
    pub(super) session: &'s Session,
    way: Way,
}

enum Way {
    /// They are known already.
    Known,
    /// The session of the comparison reads them.
    Session,
    /// A second session reads them, in the snapshot of the objects.
    Second(Box<Session>),
    /// It does so now, and is then closed.
    Begun(BegunDependencies),
}

impl<'s> EdgeReader<'s> {
    /// Edges that came with the objects.
    pub(super) fn known(session: &'s Session) -> Self {
        Self { session, way: Way::Known }
    }

    /// Edges that a second session reads, if there is one.
    pub(super) fn new(session: &'s Session, second: Option<Session>) -> Self {
        Self { session, way: second.map_or(Way::Session, |second| Way::Second(Box::new(second))) }
    }

    /// Has the second session, if there is one, read them while others go on. To be called once it is sure that they are needed.
    pub(super) async fn begin(&mut self) {
        self.way = match std::mem::replace(&mut self.way, Way::Known) {
            Way::Second(second) => Way::Begun(Dependencies::begin(*second).await),
            way => way,
        };
    }

    /// Returns whether a second session reads them.
    pub(super) fn are_begun(&self) -> bool {
        matches!(self.way, Way::Begun(_))
    }

    /// Adds the edges to the states of the database, where that has not been done. Returns whether it was.
    pub(super) async fn read(&mut self, planned: &mut Planned) -> Result<bool> {
        self.begin().await;
        let read = match std::mem::replace(&mut self.way, Way::Known) {
            Way::Begun(begun) => begun.end().await,
            Way::Session => None,
            Way::Known | Way::Second(_) => return Ok(false),
        };
        let read = match read {
            Some(read) => read,
            None => Dependencies::of(&self.session.client).await?,
        };
        read.add_to(&mut planned.whole, kinds::register());
        planned.live.take_edges(&planned.whole);
        Ok(true)
    }
}

//! Threads that share the objects of a state.

use std::num::NonZero;
use std::panic::resume_unwind;

use super::{Object, State};
use crate::model::Address;

/// The number of objects for which a further thread is worth its start.
const MANY: usize = 2000;

impl State {
    /// Returns the objects for which a test says yes, in the order added. Each thread starts with a memory of its own, which the
    /// test may use.
    ///
    /// # Panics
    /// If the test does.
    pub fn sift<M>(
        &self,
        memory: impl Fn() -> M + Sync,
        test: impl Fn(&mut M, &Address, &Object) -> bool + Sync,
    ) -> Vec<(&Address, &Object)> {
        let objects: Vec<(&Address, &Object)> = self.iter().collect();
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(objects.len() / MANY + 1);
        std::thread::scope(|scope| {
            let mut parts = objects.chunks(objects.len().div_ceil(threads).max(1));
            let first = parts.next().unwrap_or_default();
            let threads: Vec<_> = parts.map(|part| scope.spawn(|| sift(part, memory(), &test))).collect();
            let mut found = sift(first, memory(), &test);
            for thread in threads {
                found.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            found
        })
    }
}

fn sift<'o, M>(
    objects: &[(&'o Address, &'o Object)],
    mut memory: M,
    test: impl Fn(&mut M, &Address, &Object) -> bool,
) -> Vec<(&'o Address, &'o Object)> {
    objects.iter().filter(|(at, object)| test(&mut memory, at, object)).copied().collect()
}

//! Joins several changes of one table into one statement, so that PostgreSQL makes them in one pass over its rows.
//!
//! A statement is appended to an earlier one with the same beginning (`Step::joins`), provided that everything it waits
//! for runs before that one or as part of it.

use std::collections::{HashMap, HashSet};

use super::emit::{Emitted, Node};
use super::wait::Wait;
use crate::model::Hazard;

/// Joins statements in `emitted`. Returns the order without those that joined others, and the waits, renumbered.
pub fn fold(emitted: &mut Emitted, order: &[usize], waits: &[Wait]) -> (Vec<usize>, Vec<Wait>) {
    let mut awaited: HashMap<usize, Vec<usize>> = HashMap::new();
    for (first, then) in waits {
        awaited.entry(*then).or_default().push(*first);
    }
    // For each place of the old order, the place at which its statement runs: an earlier one, if it has joined another.
    let mut runs: Vec<usize> = (0..order.len()).collect();
    let mut hosts: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, node) in order.iter().enumerate() {
        let step = &emitted.nodes[*node].step;
        if step.joins == 0 {
            continue;
        }
        let after = awaited.get(&place).into_iter().flatten().map(|p| runs[*p]).max().unwrap_or(0);
        let hosts = hosts.entry(step.sql[..step.joins].to_owned()).or_default();
        let same = |host: usize| runs.iter().enumerate().filter(move |(_, at)| **at == host).map(|(p, _)| order[p]);
        let host = hosts
            .iter()
            .copied()
            .find(|host| *host >= after && same(*host).all(|i| fits(&emitted.nodes[i], &emitted.nodes[*node])));
        match host {
            Some(host) => runs[place] = host,
            None => hosts.push(place),
        }
    }
    for (place, host) in runs.iter().enumerate().filter(|(place, host)| place != *host) {
        join(emitted, order[*host], order[place]);
    }
    renumber(order, waits, &runs)
}

/// Returns whether two changes may be in one statement: one statement cannot change the type of a column twice.
fn fits(host: &Node, guest: &Node) -> bool {
    host.at != guest.at || !(host.step.disturbs && guest.step.disturbs)
}

fn join(emitted: &mut Emitted, host: usize, guest: usize) {
    let Node { at, step: guest, .. } = emitted.nodes[guest].clone();
    let host = &mut emitted.nodes[host];
    host.step.sql += ", ";
    host.step.sql += &guest.sql[guest.joins..];
    host.step.lock = host.step.lock.max(guest.lock);
    let new = |hazard: &Hazard| !host.step.hazards.contains(hazard);
    let hazards: Vec<Hazard> = guest.hazards.into_iter().filter(new).collect();
    host.step.hazards.extend(hazards);
    if host.at != at
        && let Some(table) = at.parent()
    {
        host.at = table.clone();
    }
}

/// Returns the order without the statements that joined others, and the waits by their new places.
fn renumber(order: &[usize], waits: &[Wait], runs: &[usize]) -> (Vec<usize>, Vec<Wait>) {
    let stays = |place: &usize| runs[*place] == *place;
    let kept: Vec<usize> = (0..order.len()).filter(stays).collect();
    let now: HashMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let moved = waits.iter().map(|(first, then)| (now[&runs[*first]], now[&runs[*then]]));
    let moved: HashSet<Wait> = moved.filter(|(first, then)| first != then).collect();
    let mut waits: Vec<Wait> = moved.into_iter().collect();
    waits.sort_unstable();
    (kept.into_iter().map(|place| order[place]).collect(), waits)
}

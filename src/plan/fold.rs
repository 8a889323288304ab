//! Statements that become one: several changes of one table, which PostgreSQL then makes in one go over its rows.
//!
//! A statement joins an earlier one that begins alike where all that it waits for has run by then.

use std::collections::{HashMap, HashSet};

use super::emit::{Emitted, Node};
use super::wait::Wait;
use crate::model::Hazard;

/// The order with joined statements in one place, and who waits for whom.
pub fn fold(emitted: &mut Emitted, order: &[usize], waits: &[Wait]) -> (Vec<usize>, Vec<Wait>) {
    let mut awaited: HashMap<usize, Vec<usize>> = HashMap::new();
    for (first, then) in waits {
        awaited.entry(*then).or_default().push(*first);
    }
    // Where the statement at each place of the old order runs: at an earlier place where it has joined another.
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

/// True where two statements may be one: PostgreSQL changes the type of a column once.
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

/// The order without what has joined others.
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

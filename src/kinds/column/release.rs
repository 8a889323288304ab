//! How a column lets go of something that is dropped and created again: its type, its collation, or what its default
//! calls.

use super::{Column, Inherited, inherited};
use crate::kind::{Alter, Cx, Kind, ROUTINE, find};
use crate::kinds::part::{Sql, TypeName};
use crate::kinds::table::is_key;
use crate::model::{Address, HazardClass, Lock, Step};
use crate::sql;

/// Returns whether the live default calls a function that is dropped while another of the same name is created: a call
/// could mean either.
pub fn calls_what_goes(cx: &Cx<'_>) -> bool {
    let comes = |used: &Address| {
        let beside = used.parent().map(|schema| cx.desired.children(schema)).unwrap_or_default();
        beside.into_iter().any(|at| is_routine(at, cx) && ROUTINE.bare(at.key()) == ROUTINE.bare(used.key()))
    };
    cx.live.uses(cx.at).iter().any(|used| is_routine(used, cx) && !cx.desired.contains(used) && comes(used))
}

fn is_routine(at: &Address, cx: &Cx<'_>) -> bool {
    find(cx.register, at.kind()).rules.slots.contains(&ROUTINE)
}

/// Returns how the column lets go of the objects in `used`. Its default is dropped first and set again last. If its
/// type is rebuilt, its values are text meanwhile; if its collation is, it has the default collation meanwhile.
pub fn release(new: &Column, old: &Column, used: &[Address], cx: &Cx<'_>) -> Option<Alter> {
    let names: Vec<String> = used.iter().map(|at| sql::dotted([at.top().key(), at.key()])).collect();
    let goes = |c: &Column| names.iter().any(|name| name == c.data_type.base());
    let collated = |c: &Column| c.collation.as_ref().is_some_and(|c| names.iter().any(|name| name == c.as_str()));
    let (type_goes, collation_goes) = (goes(old) && goes(new), collated(old) && collated(new));
    let is_retyped = type_goes || collation_goes || new.changes_type(old);
    if let Some(default) = new.default.as_ref().filter(|_| !is_retyped && new.default == old.default) {
        return restore(default, new, old, cx);
    }
    let mut between = old.clone();
    let mut steps = Vec::new();
    // What a table above hands down may have taken the old default's place by then, but it still holds what it calls.
    let had = || new.default.is_some() && used.iter().any(|at| is_routine(at, cx));
    if between.default.take().is_some() || had() {
        steps.push(new.step(cx, "drop default").frees());
    }
    if (type_goes || collation_goes) && matches!(new.inherited, Inherited::No) {
        if is_key(cx.at, cx.live) {
            return None; // PostgreSQL can't change the type of a column by which a table is partitioned
        }
        if type_goes {
            let array = if old.data_type.element().is_some() { "[]" } else { "" };
            between.data_type = TypeName::parse(&format!("text{array}")).expect("text is a type");
        }
        between.collation = None;
        steps.push(between.type_step(old, cx).frees().unseats([cx.at.clone()]));
    }
    let Alter::InPlace(more) = new.alter(&between, cx) else { return None };
    let risk = format!("fails where a value is no {}", new.data_type);
    steps.extend(more.into_iter().map(|s| match s.retypes {
        true if type_goes && s.hazards.iter().all(|h| h.class != HazardClass::Data) => {
            Step { retypes: false, ..s }.hazard(HazardClass::Data, risk.clone())
        }
        true => Step { retypes: false, ..s },
        false => s,
    }));
    Some(Alter::InPlace(steps))
}

/// Returns how the column lets go of what its default calls, to have the same default afterwards. The tables below keep theirs: a
/// column there that calls the same lets go by itself.
fn restore(default: &Sql, new: &Column, old: &Column, cx: &Cx<'_>) -> Option<Alter> {
    let only = if inherited::below(cx.at, cx.live).is_empty() { "" } else { "only " };
    let step = |what: &str| {
        let sql = format!("alter table {only}{} alter column {} {what}", cx.parent().identity(), cx.name());
        Step::new(sql).lock(Lock::AccessExclusive)
    };
    let Alter::InPlace(mut steps) = new.alter(old, cx) else { return None };
    steps.insert(0, step("drop default").frees());
    steps.push(step(&format!("set default {default}")).late().follows(inherited::above(cx.at, cx.desired)));
    Some(Alter::InPlace(steps))
}

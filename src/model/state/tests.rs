use super::*;
use crate::model::Origin;

const TABLE: KindName = KindName("table");
const COLUMN: KindName = KindName("column");

fn object(ordinal: u32) -> Object {
    let mut object = Object::new(Arc::new(ordinal), Origin::Derived(None));
    object.ordinal = ordinal;
    object
}

fn table(name: &str) -> Address {
    Address::root(TABLE, name)
}

/// Tables `a` to `d` with two columns each, in the order `a`, `b`, `c`, `d`; columns are added before their tables.
fn tables() -> State {
    let mut state = State::default();
    for name in ["a", "b", "c", "d"] {
        for (ordinal, column) in (0..).zip(["y", "x"]) {
            state.insert(table(name).child(COLUMN, column), object(ordinal));
        }
        state.insert(table(name), object(9));
    }
    state
}

/// Everything that can be asked of a state, as text.
fn answers(state: &State) -> String {
    let all: Vec<&Address> = state.iter().map(|(at, _)| at).collect();
    let tops: Vec<&Address> = state.tops().collect();
    let below = ["a", "b", "c", "d", "e"].map(table).map(|at| {
        let children: Vec<Address> = state.children(&at).into_iter().cloned().collect();
        let of_kind: Vec<u32> = state.children_of::<u32>(&at, COLUMN).into_iter().map(|(_, spec)| *spec).collect();
        (state.contains(&at), state.get(&at).is_some(), state.spec::<u32>(&at).copied(), children, of_kind)
    });
    let kinds = [TABLE, COLUMN].map(|kind| state.of_kind(kind));
    format!("{} {} {all:?} {tops:?} {below:?} {kinds:?}", state.len(), state.is_empty())
}

#[test]
fn what_a_copy_hides_is_gone_from_it_alone() {
    let whole = tables();
    let before = answers(&whole);
    for gone in [vec!["b"], vec!["a", "d"], vec!["a", "b", "c", "d"]] {
        let remove = |state: &mut State| state.retain(|at, _| !gone.contains(&at.key()));
        let mut copy = whole.clone();
        remove(&mut copy);
        let mut own = tables();
        remove(&mut own);
        assert!(!copy.shares_objects_with(&whole), "{gone:?}");
        assert_eq!(answers(&copy), answers(&own), "{gone:?}");
        assert_eq!(copy.len(), 3 * (4 - gone.len()));
        // Twice, and then changed: what was hidden does not come back.
        let twice = copy.clone();
        for state in [&mut copy, &mut own] {
            state.retain(|at, _| at.key() != "c");
            state.insert(table("e").child(COLUMN, "z"), object(1));
            state.insert(table("b"), object(7));
            state.set(&table("a"), 5_u32);
        }
        assert_eq!(answers(&copy), answers(&own), "{gone:?}");
        assert_eq!(twice.len(), 3 * (4 - gone.len()));
        assert_eq!(answers(&whole), before);
    }
}

#[test]
fn a_little_that_a_copy_hides_costs_no_copy_of_the_rest() {
    let whole = tables();
    let mut copy = whole.clone();
    copy.remove(&table("b"));
    assert!(Arc::ptr_eq(&copy.objects, &whole.objects));
    copy.remove(&table("c"));
    assert!(!Arc::ptr_eq(&copy.objects, &whole.objects), "a half is much");
}

#[test]
fn threads_sift_in_order() {
    let mut state = State::default();
    for i in 0..10_000_u32 {
        state.insert(table(&i.to_string()), object(i));
    }
    let even = state.sift(
        || 0_u32,
        |seen, _, object| {
            *seen += 1;
            *seen <= 10_000 && object.ordinal.is_multiple_of(2)
        },
    );
    let even: Vec<u32> = even.into_iter().map(|(_, object)| object.ordinal).collect();
    assert_eq!(even, (0..10_000).step_by(2).collect::<Vec<u32>>());
    assert!(State::default().sift(|| (), |(), _, _| true).is_empty());
}

#[test]
fn sorted_edges_do_not_depend_on_the_order_in_which_they_were_added() {
    let names = ["a", "b", "c", "d", "e", "f"].map(table);
    let [forwards, backwards] = [false, true].map(|turned| {
        let mut state = State::default();
        let mut pairs: Vec<(&Address, &Address)> = names.iter().zip(&names[1..]).collect();
        if turned {
            pairs.reverse();
        }
        for (from, to) in pairs {
            state.add_edge(from.clone(), to.clone());
            state.add_fall(to.clone(), from.clone());
        }
        state.sort_edges();
        state.edges().map(|(from, to)| format!("{from:?} {to:?}")).collect::<Vec<_>>()
    });
    assert_eq!(forwards, backwards);
}

#[test]
fn objects_are_found_whatever_became_of_the_numbers_of_others() {
    let mut kept = State::default();
    for i in 0..3000_u32 {
        kept.insert(table(&format!("kept_{i}")), object(i));
        // Enough that those of nobody are forgotten, and their numbers given to others.
        for j in 0..100 {
            table(&format!("gone_{i}_{j}"));
        }
    }
    for i in 0..3000_u32 {
        assert_eq!(kept.spec::<u32>(&table(&format!("kept_{i}"))), Some(&i));
        assert!(!kept.contains(&table(&format!("other_{i}"))));
    }
    assert_eq!(kept.len(), kept.tops().count());
}

#[test]
fn equal_specs_are_shared_and_amended_once() {
    let mut state = State::default();
    for i in 0..90_u32 {
        state.insert(table(&i.to_string()), object(i % 3));
    }
    state.share_specs(table("0").kind());
    let distinct = |state: &State| {
        let specs = state.iter().map(|(_, object)| Arc::as_ptr(&object.spec).cast::<()>());
        specs.collect::<std::collections::HashSet<_>>().len()
    };
    assert_eq!(distinct(&state), 3);
    let before = state.clone();
    let calls = std::cell::Cell::new(0);
    state.amend(table("0").kind(), |spec: &u32| {
        calls.set(calls.get() + 1);
        (*spec > 0).then_some(spec + 10)
    });
    assert_eq!((calls.get(), distinct(&state)), (3, 3));
    let spec = |state: &State, i: u32| state.spec::<u32>(&table(&i.to_string())).copied();
    assert!((0..90).all(|i| spec(&state, i) == Some(if i % 3 > 0 { i % 3 + 10 } else { 0 })));
    assert!((0..90).all(|i| spec(&before, i) == Some(i % 3)), "a copy keeps its own");
}

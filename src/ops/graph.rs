//! `graph`: draws the tables of a project or a database as a diagram, and the statements of a plan.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use globset::GlobMatcher;

use crate::diagnostic::Result;
use crate::kind::find;
use crate::kind::picture::Mark;
use crate::model::diagram::{Arrow, Box, Diagram, Line};
use crate::model::{Address, State};
use crate::plan::{Plan, Verb};
use crate::session::Session;
use crate::{catalog, kinds, ledger};

/// Which tables to draw: those that satisfy every field.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Only tables in these schemas; in any if empty.
    pub schemas: Vec<String>,
    /// Only tables whose path matches one of these globs; any if empty.
    pub tables: Vec<GlobMatcher>,
    /// Only tables at most this many arrows away from the given one, in either direction.
    pub around: Option<(Address, usize)>,
}

/// Reads the state of a database.
pub async fn live(session: &Session) -> Result<State> {
    let server = catalog::server(&session.client).await?;
    let mut state = catalog::read(&session.client, server.version, kinds::register()).await?;
    ledger::hide(&mut state);
    Ok(state)
}

/// Returns every object that is drawn as a box, sorted by path.
pub fn boxes(state: &State) -> Vec<&Address> {
    let is_box = |at: &&Address| matches!(mark(state, at), Some(Mark::Box));
    let mut list: Vec<&Address> = state.iter().map(|(at, _)| at).filter(is_box).collect();
    list.sort();
    list
}

/// Returns what an object is in a diagram, if anything.
pub fn mark(state: &State, at: &Address) -> Option<Mark> {
    (find(kinds::register(), at.kind()).draw)(&*state.get(at)?.spec, at)
}

/// An arrow between two boxes.
#[derive(Debug, Clone)]
pub struct Link {
    /// The object that the arrow stands for: a foreign key.
    pub by: Address,
    /// The box where the arrow starts.
    pub from: Address,
    /// The box that it points at.
    pub to: Address,
}

/// The boxes of a state, and the arrows between them.
pub struct Web<'a> {
    state: &'a State,
    boxes: Vec<&'a Address>,
    links: Vec<Link>,
    ends: HashMap<Address, Vec<usize>>,
}

impl<'a> Web<'a> {
    /// Finds the boxes and arrows of a whole state.
    pub fn of(state: &'a State) -> Self {
        let boxes = boxes(state);
        let links = links(state, &boxes);
        let mut ends: HashMap<Address, Vec<usize>> = HashMap::new();
        for (i, link) in links.iter().enumerate() {
            ends.entry(link.from.clone()).or_default().push(i);
            if link.to != link.from {
                ends.entry(link.to.clone()).or_default().push(i);
            }
        }
        Self { state, boxes, links, ends }
    }

    /// Returns the arrows that start at a box or point at it.
    pub fn links_of(&self, at: &Address) -> impl Iterator<Item = &Link> {
        self.ends.get(at).into_iter().flatten().map(|i| &self.links[*i])
    }

    /// Returns the boxes that satisfy a choice.
    pub fn chosen(&self, choice: &Choice) -> Vec<&'a Address> {
        let in_schema = |at: &&'a Address| {
            choice.schemas.is_empty() || choice.schemas.iter().any(|schema| at.top().key() == schema)
        };
        let like = |at: &&'a Address| {
            choice.tables.is_empty() || choice.tables.iter().any(|glob| glob.is_match(at.path().join(".")))
        };
        let near = choice.around.as_ref().map(|(center, depth)| self.nearby(center, *depth));
        let all = near.unwrap_or_else(|| self.boxes.clone());
        all.into_iter().filter(in_schema).filter(like).collect()
    }

    /// Draws these tables, and the foreign keys between them.
    pub fn draw(&self, chosen: &[&Address]) -> Diagram {
        let places: HashMap<&Address, usize> = chosen.iter().enumerate().map(|(i, at)| (*at, i)).collect();
        let boxes: Vec<Box> = chosen.iter().map(|at| drawn(self.state, at)).collect();
        let from = |at: &&Address| self.links_of(at).filter(|link| link.from == **at).collect::<Vec<_>>();
        let arrow = |link: &Link| self.arrow(link, &places, &boxes);
        let arrows = chosen.iter().flat_map(from).filter_map(arrow).collect();
        Diagram { boxes, arrows }
    }

    fn arrow(&self, link: &Link, places: &HashMap<&Address, usize>, boxes: &[Box]) -> Option<Arrow> {
        let (from, to) = (*places.get(&link.from)?, *places.get(&link.to)?);
        let Mark::Arrow { columns, .. } = mark(self.state, &link.by)? else { return None };
        let line = |name: &String| boxes[from].lines.iter().find(|line| line.name == *name);
        let optional = columns.iter().any(|name| line(name).is_some_and(|line| line.nullable));
        let is_key = |key: &Vec<String>| key.iter().all(|name| columns.contains(name));
        let single = keys(self.state, &link.from).iter().any(is_key);
        Some(Arrow { from, to, label: link.by.key().to_owned(), columns, single, optional })
    }

    /// Returns the boxes that are at most `depth` arrows away, sorted by path.
    fn nearby(&self, center: &Address, depth: usize) -> Vec<&'a Address> {
        let mut found = HashSet::from([center]);
        let mut queue = VecDeque::from([(center, 0)]);
        while let Some((at, far)) = queue.pop_front().filter(|(_, far)| *far < depth) {
            for link in self.links_of(at) {
                let next = if link.from == *at { &link.to } else { &link.from };
                if found.insert(next) {
                    queue.push_back((next, far + 1));
                }
            }
        }
        let own = |at: &Address| self.boxes.binary_search(&at).ok().map(|i| self.boxes[i]);
        let mut list: Vec<&Address> = found.into_iter().filter_map(own).collect();
        list.sort();
        list
    }
}

/// Draws the chosen tables, and the foreign keys between them.
pub fn tables(state: &State, choice: &Choice) -> Diagram {
    let web = Web::of(state);
    web.draw(&web.chosen(choice))
}

/// Returns every arrow between boxes, in the order of the boxes that they start at.
fn links(state: &State, boxes: &[&Address]) -> Vec<Link> {
    let known: HashSet<&Address> = boxes.iter().copied().collect();
    let from = |at: &&Address| {
        let mut children = state.children(at);
        children.sort();
        let link = |by: &Address| match mark(state, by)? {
            Mark::Arrow { to, .. } if known.contains(&to) => Some(Link { by: by.clone(), from: (*at).clone(), to }),
            Mark::Arrow { .. } | Mark::Box | Mark::Line { .. } | Mark::Key { .. } => None,
        };
        children.into_iter().filter_map(link).collect::<Vec<_>>()
    };
    boxes.iter().flat_map(from).collect()
}

/// Returns the columns of each key of a table.
fn keys(state: &State, table: &Address) -> Vec<Vec<String>> {
    let key = |at: &Address| match mark(state, at)? {
        Mark::Key { columns, primary: _ } => Some(columns),
        Mark::Box | Mark::Line { .. } | Mark::Arrow { .. } => None,
    };
    state.children(table).into_iter().filter_map(key).collect()
}

/// Draws a table with its columns.
pub fn drawn(state: &State, at: &Address) -> Box {
    let (mut primary, mut unique, mut foreign) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let children = state.children(at);
    for child in &children {
        match mark(state, child) {
            Some(Mark::Key { columns, primary: true }) => primary.extend(columns),
            Some(Mark::Key { columns, primary: false }) => unique.extend(columns),
            Some(Mark::Arrow { columns, .. }) => foreign.extend(columns),
            Some(Mark::Box | Mark::Line { .. }) | None => {}
        }
    }
    let line = |child: &&Address| match mark(state, child)? {
        Mark::Line { data_type, not_null } => {
            let name = child.key().to_owned();
            let [primary, unique, foreign] = [&primary, &unique, &foreign].map(|set| set.contains(&name));
            Some(Line { nullable: !not_null && !primary, name, data_type, primary, unique, foreign })
        }
        Mark::Box | Mark::Key { .. } | Mark::Arrow { .. } => None,
    };
    let lines = children.iter().filter_map(line).collect();
    Box { title: at.path().join("."), note: at.kind().to_string(), lines }
}

/// Draws the statements of a plan, with an arrow to what each waits for. Arrows that follow from others are left out.
pub fn statements(plan: &Plan) -> Diagram {
    let head = |verb: Verb| match verb {
        Verb::Create => "+",
        Verb::Alter => "~",
        Verb::Rename => "→",
        Verb::Replace => "-/+",
        Verb::Drop => "-",
    };
    let boxes = plan.steps.iter().enumerate().map(|(i, step)| Box {
        title: format!("{}. {} {}", i + 1, head(step.verb), step.at),
        note: first_line(step.text()),
        lines: Vec::new(),
    });
    let arrow =
        |(from, to)| Arrow { from, to, label: String::new(), columns: Vec::new(), single: false, optional: false };
    Diagram { boxes: boxes.collect(), arrows: plan.needed_waits().into_iter().map(arrow).collect() }
}

/// The number of characters of a statement that are shown.
const SHOWN: usize = 60;

fn first_line(sql: &str) -> String {
    let line = sql.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(SHOWN).collect();
    if cut.len() < sql.len() { format!("{cut} …") } else { cut }
}

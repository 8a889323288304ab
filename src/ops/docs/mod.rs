//! `docs`: makes pages about a database or a project, one for each schema, for each object in a schema, and for each
//! role.

mod object;
mod place;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::graph::{Choice, Web};
use crate::access::{Access, OfThing, Reach};
use crate::declare::write::write;
use crate::diagnostic::Result;
use crate::kind::{Entry, Scope, Under, find};
use crate::model::access::Rights;
use crate::model::diagram::Diagram;
use crate::model::node::{Node, Value};
use crate::model::site::{Cell, Page, Section, Site};
use crate::model::{Address, State};
use crate::session::Session;
use crate::{catalog, kinds, ledger, report};

/// The largest number of tables in the diagram of a schema; a larger one would be unreadable.
const DRAWN: usize = 100;

/// Returns the pages about a database.
pub async fn of_database(session: &Session) -> Result<Site> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let mut state = catalog::read(&session.client, server.version, register).await?;
    ledger::hide(&mut state);
    Ok(site(&server.database, &state, &Access::of(&state, server.version, register)))
}

/// Returns the pages about a state; `name` is that of the database.
pub fn site(name: &str, state: &State, access: &Access) -> Site {
    Making::new(state, access).site(name)
}

/// The data that pages are made from.
struct Making<'a> {
    state: &'a State,
    access: &'a Access,
    web: Web<'a>,
    /// Who may do what with each object.
    rights: HashMap<Address, OfThing>,
    /// The schemas and, for each, the objects that have a page, by kind and name.
    schemas: Vec<(&'a Address, Vec<&'a Address>)>,
    roles: Vec<String>,
    /// The index of the page of each object; below, that of each role.
    places: HashMap<&'a Address, usize>,
    role_places: HashMap<String, usize>,
    /// For each object that has a page, the objects that it uses; below, those that use it.
    uses: HashMap<&'a Address, BTreeSet<&'a Address>>,
    used_by: HashMap<&'a Address, BTreeSet<&'a Address>>,
}

impl<'a> Making<'a> {
    fn new(state: &'a State, access: &'a Access) -> Self {
        let register = kinds::register();
        let top = state.iter().map(|(at, _)| at).filter(|at| at.parent().is_none());
        let mut spaces: Vec<&Address> = top.filter(|at| find(register, at.kind()).rules.space).collect();
        spaces.sort();
        let rank: HashMap<_, usize> = register.iter().enumerate().map(|(i, entry)| (entry.name, i)).collect();
        let in_it = |space: &'a Address| {
            let mut list: Vec<&Address> = state.children(space);
            list.retain(|at| !find(register, at.kind()).is_facet());
            list.sort_by_key(|at| (rank.get(&at.kind()).copied(), at.key()));
            (space, list)
        };
        let schemas: Vec<_> = spaces.into_iter().map(in_it).collect();
        let roles: Vec<String> = access.roles().map(str::to_owned).collect();
        let objects = schemas.iter().flat_map(|(space, list)| std::iter::once(*space).chain(list.iter().copied()));
        let places: HashMap<&Address, usize> = objects.enumerate().map(|(i, at)| (at, i + 1)).collect();
        let role_places = roles.iter().enumerate().map(|(i, role)| (role.clone(), i + 1 + places.len())).collect();
        let rights = access.of_things(access.things()).into_iter().map(|of| (of.at.clone(), of)).collect();
        let web = Web::of(state);
        let (uses, used_by) = (HashMap::new(), HashMap::new());
        let mut making = Self { state, access, web, rights, schemas, roles, places, role_places, uses, used_by };
        making.follow_edges();
        making
    }

    /// Fills in which object uses which, from the edges that the database reported. Foreign keys are left out, as they
    /// have sections of their own.
    fn follow_edges(&mut self) {
        for (from, to) in self.state.edges() {
            let (Some(user), Some(used)) = (self.with_page(from), self.with_page(to)) else { continue };
            let is_link = self.web.links_of(user).any(|link| link.from == *user && link.to == *used);
            if user != used && !is_link && user.parent().is_some() && used.parent().is_some() {
                self.uses.entry(user).or_default().insert(used);
                self.used_by.entry(used).or_default().insert(user);
            }
        }
    }

    /// Returns the nearest object that has a page: `at` itself or an ancestor.
    fn with_page(&self, at: &Address) -> Option<&'a Address> {
        std::iter::once(at).chain(at.ancestors()).find_map(|at| self.places.get_key_value(at)).map(|(at, _)| *at)
    }

    fn site(&self, name: &str) -> Site {
        let mut pages = vec![self.start(name)];
        for (space, list) in &self.schemas {
            pages.push(self.schema(space, list));
            pages.extend(list.iter().map(|at| self.object(at)));
        }
        pages.extend(self.roles.iter().map(|role| self.role(role)));
        Site { name: name.to_owned(), pages }
    }

    /// Makes the first page: schemas, roles, and what is in no schema.
    fn start(&self, name: &str) -> Page {
        let schema = |(space, list): &(&'a Address, Vec<&'a Address>)| {
            let comment = Cell::Text(self.comment(space).unwrap_or_default());
            (None, vec![self.link(space, space.key()), Cell::Text(counts(list)), comment])
        };
        let schemas = self.schemas.iter().map(schema).collect();
        let role = |role: &String| {
            let comment = self.access.role(role).and_then(|at| self.comment(at)).unwrap_or_default();
            (None, vec![self.role_link(role), Cell::Text(comment)])
        };
        let mut sections = vec![
            Section { title: "schemas".to_owned(), heads: vec!["name", "holds", "comment"], rows: schemas },
            Section {
                title: "roles".to_owned(),
                heads: vec!["name", "comment"],
                rows: self.roles.iter().map(role).collect(),
            },
        ];
        sections.extend(self.besides());
        let database = self.access.database();
        Page {
            file: "index.html".to_owned(),
            title: name.to_owned(),
            kind: "database".to_owned(),
            comment: database.and_then(|at| self.comment(at)),
            sections: sections.into_iter().chain(database.and_then(|at| self.may(at))).filter(has_rows).collect(),
            ..Page::default()
        }
    }

    /// Returns a section per kind for objects that belong to the database but to no schema.
    fn besides(&self) -> Vec<Section> {
        let register = kinds::register();
        let mut by_kind: BTreeMap<String, Vec<&Address>> = BTreeMap::new();
        for (at, _) in self.state.iter().filter(|(at, _)| at.parent().is_none() && !at.key().is_empty()) {
            let rules = find(register, at.kind()).rules;
            if !rules.space && rules.scope == Scope::Database {
                by_kind.entry(plural(at)).or_default().push(at);
            }
        }
        by_kind.into_iter().map(|(kind, list)| self.list(kind, &list)).collect()
    }

    fn schema(&self, space: &'a Address, list: &[&'a Address]) -> Page {
        let mut sections = Vec::new();
        let mut rest = list;
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|at| at.kind() == first.kind()).count();
            let rows = rest[..same].iter().map(|at| {
                let name = self.link(at, at.key());
                (None, vec![name, Cell::Text(self.comment(at).unwrap_or_default())])
            });
            let title = plural(first);
            sections.push(Section { title, heads: vec!["name", "comment"], rows: rows.collect() });
            rest = &rest[same..];
        }
        sections.extend(self.may(space));
        let drawn = self.web.chosen(&Choice { schemas: vec![space.key().to_owned()], ..Choice::default() });
        let diagram = (!drawn.is_empty() && drawn.len() <= DRAWN).then(|| self.draw(&drawn));
        let mut page = self.page(space);
        page.facts.push(("holds".to_owned(), Cell::Text(counts(list))));
        if drawn.len() > DRAWN {
            let note = format!("{} tables are too many for one picture; each table has its own", drawn.len());
            page.facts.push(("diagram".to_owned(), Cell::Text(note)));
        }
        Page { diagram: diagram.flatten(), sections, ..page }
    }

    /// Draws the given objects, and returns the index of the page for each box.
    fn draw(&self, list: &[&Address]) -> Option<(Diagram, Vec<usize>)> {
        let pages: Option<Vec<usize>> = list.iter().map(|at| self.places.get(at).copied()).collect();
        Some((self.web.draw(list), pages?))
    }

    /// Makes a page with what those of all objects have in common: file, title, pages above, comment and owner.
    fn page(&self, at: &'a Address) -> Page {
        let owner = self.access.owner(at).map(|owner| ("owner".to_owned(), self.role_link(owner)));
        let above = at.ancestors().filter_map(|a| self.places.get(a).copied()).collect::<Vec<_>>();
        Page {
            file: place::file(at),
            title: at.path().join("."),
            kind: at.kind().to_string(),
            above: std::iter::once(0).chain(above.into_iter().rev()).collect(),
            comment: self.comment(at),
            facts: owner.into_iter().collect(),
            ..Page::default()
        }
    }

    fn role(&self, role: &str) -> Page {
        let of = self.access.of_role(role);
        let reach = &of.reach;
        let list = |groups: Vec<(&str, &[String])>| {
            Cell::List(groups.into_iter().map(|(group, _)| self.role_link(group)).collect())
        };
        let mut facts = Vec::new();
        if reach.superuser {
            facts.push(("superuser".to_owned(), Cell::Text("may do everything".to_owned())));
        } else if reach.bypass_rls {
            facts.push(("row security".to_owned(), Cell::Text("does not bind it".to_owned())));
        }
        if reach.groups().next().is_some() {
            facts.push(("has what is granted to".to_owned(), list(reach.groups().collect())));
        }
        if reach.only_becomes().next().is_some() {
            facts.push(("may become, by set role".to_owned(), list(reach.only_becomes().collect())));
        }
        let things = of.things.iter().filter(|_| !reach.superuser);
        let rows = things.map(|(at, rights)| (None, vec![self.thing_link(at), Cell::Text(may(rights))])).collect();
        let may = Section { title: "may".to_owned(), heads: vec!["on", "what, and by which way"], rows };
        Page {
            file: place::role(role),
            title: role.to_owned(),
            kind: "role".to_owned(),
            above: vec![0],
            comment: self.access.role(role).and_then(|at| self.comment(at)),
            facts,
            sections: std::iter::once(may).filter(has_rows).collect(),
            ..Page::default()
        }
    }

    /// Returns a section about who may do what with an object and its parts.
    fn may(&self, at: &Address) -> Option<Section> {
        let of = self.rights.get(at)?;
        let rows_of = |of: &OfThing, part: &str| {
            let row = |(reach, rights): &(Reach, Rights)| {
                (None, vec![self.role_link(&reach.role), Cell::Text(part.to_owned()), Cell::Text(may(rights))])
            };
            of.roles.iter().map(row).collect::<Vec<_>>()
        };
        let mut rows = rows_of(of, "");
        rows.extend(of.parts.iter().flat_map(|part| rows_of(part, part.at.key())));
        let title = "who may do what".to_owned();
        Some(Section { title, heads: vec!["role", "on", "what, and by which way"], rows }).filter(has_rows)
    }

    /// Returns an object's comment, whichever kind stores it.
    fn comment(&self, at: &Address) -> Option<String> {
        let is_comment = |entry: &&Entry| entry.homes.iter().any(|home| matches!(home.under, Under::Commented));
        let mut comments = kinds::register().iter().filter(is_comment);
        let text = |entry: &'static Entry| {
            let object = self.state.get(&at.child(entry.name, ""))?;
            (entry.write)(&*object.spec).as_text().map(str::to_owned)
        };
        comments.find_map(text)
    }

    /// Returns a section that lists objects of one kind, with their definitions and comments.
    fn list(&self, kind: String, list: &[&Address]) -> Section {
        let row = |at: &&Address| {
            let definition =
                self.state.get(at).map(|object| definition(&(find(kinds::register(), at.kind()).write)(&*object.spec)));
            let cells = [Cell::Code(definition.unwrap_or_default()), Cell::Text(self.comment(at).unwrap_or_default())];
            (Some(at.key().to_owned()), std::iter::once(Cell::Text(at.key().to_owned())).chain(cells).collect())
        };
        Section { title: kind, heads: vec!["name", "definition", "comment"], rows: list.iter().map(row).collect() }
    }

    fn link(&self, at: &Address, name: &str) -> Cell {
        self.places.get(at).map_or_else(|| Cell::Text(name.to_owned()), |i| Cell::Link(name.to_owned(), *i))
    }

    /// Returns the kind and path of an object, linked to the page that describes it.
    fn thing_link(&self, at: &Address) -> Cell {
        let name = [at.kind().to_string(), at.path().join(".")].join(" ");
        self.with_page(at).map_or_else(|| Cell::Text(name.clone()), |page| self.link(page, &name))
    }

    fn role_link(&self, role: &str) -> Cell {
        let name = report::rights::plain_name(role);
        self.role_places.get(role).map_or_else(|| Cell::Text(name.to_owned()), |i| Cell::Link(name.to_owned(), *i))
    }
}

fn has_rows(section: &Section) -> bool {
    !section.rows.is_empty()
}

/// Returns a role's rights in one line, without terminal colours.
fn may(rights: &Rights) -> String {
    let mut out = report::rights::words(rights);
    if let Some(rows) = &rights.rows {
        out += &format!("; rows as policies let through: {}", report::access::policies(rows));
    }
    if let Some(space) = &rights.barrier {
        out += &format!("; but has no `usage` on {space}");
    }
    out.replace('`', "")
}

/// Counts objects by kind: `12 tables, 1 view`.
fn counts(list: &[&Address]) -> String {
    let same = list.chunk_by(|a, b| a.kind() == b.kind());
    let words = same.map(|same| match same {
        [one] => format!("1 {}", one.kind()),
        many => format!("{} {}", many.len(), plural(many[0])),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Returns the plural name of an object's kind, which is its key in YAML: `tables`.
fn plural(at: &Address) -> String {
    let above = at.parent().map(|parent| find(kinds::register(), parent.kind()));
    let home = find(kinds::register(), at.kind()).nests_under(above).next();
    home.map_or_else(|| at.kind().to_string(), |home| home.key.replace('_', " "))
}

/// Writes a value in few lines: a list of texts in one line, a map with a line per key.
fn definition(node: &Node) -> String {
    match &node.value {
        Value::Null => String::new(),
        Value::Scalar(scalar) => scalar.text.trim_end().to_owned(),
        Value::List(items) if items.iter().all(|item| item.as_text().is_some()) => {
            items.iter().filter_map(Node::as_text).collect::<Vec<_>>().join(", ")
        }
        Value::List(_) | Value::Map(_) => write(node).trim_end().to_owned(),
    }
}

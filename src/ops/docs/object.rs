//! The page of one object: its fields, its children, what it refers to, and what refers to it.

use super::{Making, definition, has_rows};
use crate::kind::picture::Mark;
use crate::kind::{find, nested};
use crate::kinds;
use crate::model::diagram::{Diagram, Line};
use crate::model::node::Key;
use crate::model::site::{Cell, Page, Section};
use crate::model::{Address, Node};
use crate::ops::graph::{Choice, drawn, mark};

/// The largest number of neighbours in a diagram.
const NEIGHBOURS: usize = 30;

impl<'a> Making<'a> {
    pub(super) fn object(&self, at: &'a Address) -> Page {
        // For a table its columns matter most, so its own fields come after them; for other objects they come first.
        let is_box = matches!(mark(self.state, at), Some(Mark::Box));
        let mut sections = self.children(at);
        sections.insert(if is_box { sections.len() } else { 0 }, self.fields(at));
        sections.extend([self.points_at(at), self.pointed_at(at), self.edges(at, "uses"), self.edges(at, "used by")]);
        sections.extend(self.may(at));
        sections.retain(has_rows);
        let lines =
            self.state.children(at).into_iter().filter(|c| matches!(mark(self.state, c), Some(Mark::Line { .. })));
        let words = lines.map(Address::key).collect::<Vec<_>>().join(" ");
        let mut page = self.page(at);
        let diagram = if is_box { self.neighbours(at, &mut page) } else { None };
        Page { diagram, sections, words, ..page }
    }

    /// Draws the table with the tables it refers to and those that refer to it.
    fn neighbours(&self, at: &'a Address, page: &mut Page) -> Option<(Diagram, Vec<usize>)> {
        self.web.links_of(at).next()?;
        let mut near = self.web.chosen(&Choice { around: Some((at.clone(), 1)), ..Choice::default() });
        if near.len() > NEIGHBOURS {
            let note = format!("{NEIGHBOURS} of {} neighbours are drawn", near.len() - 1);
            page.facts.push(("diagram".to_owned(), Cell::Text(note)));
            near.retain(|other| *other != at);
            near.truncate(NEIGHBOURS);
            near.push(at);
        }
        self.draw(&near)
    }

    /// Returns a section with the object's own fields.
    fn fields(&self, at: &Address) -> Section {
        let entry = find(kinds::register(), at.kind());
        let node = self.state.get(at).map(|object| (entry.write_long)(&*object.spec));
        let fields = node.as_ref().and_then(|node| node.as_map()).unwrap_or_default();
        let row = |(key, value): &(Key, Node)| {
            (Some(key.text.to_string()), vec![Cell::Text(key.text.replace('_', " ")), Cell::Code(definition(value))])
        };
        Section { title: "definition".to_owned(), heads: vec!["", ""], rows: fields.iter().map(row).collect() }
    }

    /// Returns a section of children for each YAML key that they are listed under.
    fn children(&self, at: &'a Address) -> Vec<Section> {
        let register = kinds::register();
        let children = self.state.children(at);
        let marks = drawn(self.state, at).lines;
        let mut sections: Vec<Section> = Vec::new();
        for (entry, home) in nested(register, Some(find(register, at.kind()))) {
            let title = home.key.replace('_', " ");
            if entry.is_facet() || sections.iter().any(|section| section.title == title) {
                continue;
            }
            let mine: Vec<&Address> = children.iter().copied().filter(|child| child.kind() == entry.name).collect();
            let mut section = self.list(title, &mine);
            for (row, child) in section.rows.iter_mut().zip(&mine) {
                let keys = marks.iter().find(|line| line.name == child.key()).map(Line::keys);
                let is_line = matches!(mark(self.state, child), Some(Mark::Line { .. }));
                row.1[0] = Cell::Marked(child.key().to_owned(), keys.filter(|_| is_line).unwrap_or_default());
            }
            sections.push(section);
        }
        sections
    }

    fn points_at(&self, at: &Address) -> Section {
        let rows = self.web.links_of(at).filter(|link| link.from == *at).map(|link| {
            let columns = self.columns(&link.by);
            (
                None,
                vec![
                    Cell::Code(columns),
                    self.link(&link.to, &link.to.path().join(".")),
                    Cell::Text(link.by.key().to_owned()),
                ],
            )
        });
        Section { title: "points at".to_owned(), heads: vec!["columns", "table", "foreign key"], rows: rows.collect() }
    }

    fn pointed_at(&self, at: &Address) -> Section {
        let rows = self.web.links_of(at).filter(|link| link.to == *at).map(|link| {
            let columns = self.columns(&link.by);
            (
                None,
                vec![
                    self.link(&link.from, &link.from.path().join(".")),
                    Cell::Code(columns),
                    Cell::Text(link.by.key().to_owned()),
                ],
            )
        });
        Section {
            title: "pointed at by".to_owned(),
            heads: vec!["table", "columns", "foreign key"],
            rows: rows.collect(),
        }
    }

    fn columns(&self, by: &Address) -> String {
        match mark(self.state, by) {
            Some(Mark::Arrow { columns, .. }) => columns.join(", "),
            Some(Mark::Box | Mark::Line { .. } | Mark::Key { .. }) | None => String::new(),
        }
    }

    fn edges(&self, at: &Address, title: &str) -> Section {
        let edges = if title == "uses" { &self.uses } else { &self.used_by };
        let rows = edges.get(at).into_iter().flatten().map(|other| (None, vec![self.thing_link(other)]));
        Section { title: title.to_owned(), heads: vec![""], rows: rows.collect() }
    }
}

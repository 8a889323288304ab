//! Writes a site of pages as files: HTML that needs only the style sheet and the search index next to it.
//!
//! Pages work from a disk, without a server, and without scripts except for the search. The same site gives the same
//! bytes.

use std::collections::HashSet;
use std::fmt::Write;

use serde_json::json;

use super::graph::{escape, svg};
use crate::model::site::{Cell, Page, Section, Site};

/// The frame of every page.
const PAGE: &str = include_str!("page.html");
/// The style sheet.
const STYLE: &str = include_str!("style.css");
/// The script that finds pages by name.
const SEARCH: &str = include_str!("search.js");

/// A file: its path below the directory, and its text.
pub type File = (String, String);

/// Returns every file of a site.
pub fn files(site: &Site) -> impl Iterator<Item = File> {
    let own = [
        ("style.css".to_owned(), format!("{}{STYLE}", svg::STYLE)),
        ("search.js".to_owned(), SEARCH.to_owned()),
        ("names.js".to_owned(), names(site)),
    ];
    own.into_iter().chain(site.pages.iter().map(|page| (page.file.clone(), html(site, page))))
}

/// Returns the search index: file, kind, name, other words and comment of each page.
fn names(site: &Site) -> String {
    let mut out = "const names = [\n".to_owned();
    for page in site.pages.iter().skip(1) {
        let comment: String = page.comment.iter().flat_map(|c| c.lines()).take(1).collect();
        let _ = writeln!(out, "{},", json!([page.file, page.kind, page.title, page.words, comment]));
    }
    out + "];\n"
}

fn html(site: &Site, page: &Page) -> String {
    let writing = Writing { site, root: "../".repeat(page.file.matches('/').count()) };
    let title = if page.title == site.name { page.title.clone() } else { format!("{} – {}", page.title, site.name) };
    // Inserted text is not searched for placeholders, as names may contain anything.
    let mut out = String::new();
    for (i, part) in PAGE.split("{{").enumerate() {
        let (key, rest) = if i == 0 { ("", part) } else { part.split_once("}}").unwrap_or(("", part)) };
        match key {
            "title" => out += &escape(&title),
            "root" => out += &writing.root,
            "body" => out += &writing.body(page),
            _ => {}
        }
        out += rest;
    }
    out
}

struct Writing<'a> {
    site: &'a Site,
    /// The relative path from the page to the root directory of the site.
    root: String,
}

impl Writing<'_> {
    fn body(&self, page: &Page) -> String {
        let mut out = String::new();
        if !page.above.is_empty() {
            let links = page.above.iter().map(|i| self.link(&self.site.pages[*i].title, *i));
            let _ = writeln!(out, "<nav class=\"above\">{}</nav>", links.collect::<Vec<_>>().join(" / "));
        }
        let _ = writeln!(out, "<h1><small>{}</small> {}</h1>", escape(&page.kind), escape(&page.title));
        if let Some(comment) = &page.comment {
            let _ = writeln!(out, "<p class=\"comment\">{}</p>", escape(comment));
        }
        if !page.facts.is_empty() {
            out += "<dl>";
            for (word, cell) in &page.facts {
                let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escape(word), self.cell(cell));
            }
            out += "</dl>\n";
        }
        let mut taken = HashSet::new();
        let anchors: Vec<String> = page.sections.iter().map(|s| anchor(&s.title, &mut taken)).collect();
        if page.sections.len() > 2 {
            let links = page.sections.iter().zip(&anchors);
            let links = links
                .map(|(s, a)| format!("<a href=\"#{a}\">{} <small>{}</small></a>", escape(&s.title), s.rows.len()));
            let _ = writeln!(out, "<nav class=\"parts\">{}</nav>", links.collect::<Vec<_>>().join(" "));
        }
        if let Some((diagram, pages)) = &page.diagram {
            let link = |i: usize| pages.get(i).map(|page| format!("{}{}", self.root, self.site.pages[*page].file));
            let _ = writeln!(out, "<figure>{}</figure>", svg::in_page(diagram, &link));
        }
        for (section, anchor) in page.sections.iter().zip(&anchors) {
            self.section(&mut out, section, anchor, &mut taken);
        }
        out
    }

    fn section(&self, out: &mut String, section: &Section, id: &str, taken: &mut HashSet<String>) {
        let _ =
            writeln!(out, "<section><h2 id=\"{id}\">{} <a href=\"#{id}\">#</a></h2>\n<table>", escape(&section.title));
        // A column without any content is left out.
        let used = |i: usize| section.rows.iter().any(|(_, cells)| cells.get(i).is_some_and(|cell| !is_empty(cell)));
        let used: Vec<bool> = (0..section.heads.len()).map(used).collect();
        if section.heads.iter().any(|head| !head.is_empty()) {
            let heads = section.heads.iter().zip(&used).filter(|(_, used)| **used);
            let heads: Vec<String> = heads.map(|(head, _)| format!("<th>{}</th>", escape(head))).collect();
            let _ = writeln!(out, "<thead><tr>{}</tr></thead>", heads.join(""));
        }
        *out += "<tbody>\n";
        for (name, cells) in &section.rows {
            let id = name.as_ref().map(|name| format!(" id=\"{}\"", anchor(&format!("{id}-{name}"), taken)));
            let cells =
                cells.iter().zip(&used).filter(|(_, used)| **used).map(|(c, _)| format!("<td>{}</td>", self.cell(c)));
            let _ = writeln!(out, "<tr{}>{}</tr>", id.unwrap_or_default(), cells.collect::<String>());
        }
        *out += "</tbody></table></section>\n";
    }

    fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Text(text) => escape(text),
            Cell::Code(code) if code.contains('\n') => format!("<pre>{}</pre>", escape(code)),
            Cell::Code(code) => format!("<code>{}</code>", escape(code)),
            Cell::Marked(name, marks) => {
                let marks = marks.iter().map(|mark| format!(" <b class=\"mark\">{mark}</b>"));
                format!("<span class=\"name\">{}</span>{}", escape(name), marks.collect::<String>())
            }
            Cell::Link(name, page) => self.link(name, *page),
            Cell::List(cells) => cells.iter().map(|cell| self.cell(cell)).collect::<Vec<_>>().join(", "),
        }
    }

    fn link(&self, name: &str, page: usize) -> String {
        let file = &self.site.pages[page].file;
        format!("<a href=\"{}{}\">{}</a>", self.root, escape(file), escape(name))
    }
}

fn is_empty(cell: &Cell) -> bool {
    match cell {
        Cell::Text(text) | Cell::Code(text) | Cell::Link(text, _) | Cell::Marked(text, _) => text.is_empty(),
        Cell::List(cells) => cells.is_empty(),
    }
}

/// Returns an anchor that is always the same for the same name: ASCII letters and digits stay, other characters become
/// their code points.
fn anchor(name: &str, taken: &mut HashSet<String>) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') => c.to_string(),
        ' ' => "-".to_owned(),
        c => format!(".{:x}", c as u32),
    };
    let base: String = name.chars().map(plain).collect();
    let mut id = base.clone();
    let mut count = 1;
    while !taken.insert(id.clone()) {
        count += 1;
        id = format!("{base}.{count}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_a_name() {
        let evil = "</script><script>alert(1)</script>{{body}}\"'&";
        let page = |file: &str| Page {
            file: file.to_owned(),
            title: evil.to_owned(),
            kind: evil.to_owned(),
            above: vec![0],
            comment: Some(evil.to_owned()),
            facts: vec![(evil.to_owned(), Cell::Code(evil.to_owned()))],
            sections: vec![Section {
                title: evil.to_owned(),
                heads: vec!["name", ""],
                rows: vec![(
                    Some(evil.to_owned()),
                    vec![Cell::Link(evil.to_owned(), 0), Cell::Marked(evil.to_owned(), vec!["PK"])],
                )],
            }],
            words: evil.to_owned(),
            ..Page::default()
        };
        let site = Site { name: evil.to_owned(), pages: vec![page("index.html"), page("x/y.html")] };
        for (name, text) in files(&site).filter(|(_, text)| text.starts_with("<!DOCTYPE")) {
            assert_eq!(text.matches("<script").count(), 2, "{name}: {text}");
            assert_eq!(text.matches("{{body}}").count(), text.matches("&quot;&#39;&amp;").count(), "{name}: {text}");
            assert!(!text.contains("alert(1)</script>"), "{name}: {text}");
        }
    }

    #[test]
    fn anchors_are_stable_and_differ() {
        let mut taken = HashSet::new();
        assert_eq!(anchor("columns-user id", &mut taken), "columns-user-id");
        assert_eq!(anchor("columns-user-id", &mut taken), "columns-user-id.2");
        assert_eq!(anchor("é\"<", &mut taken), ".e9.22.3c");
    }
}

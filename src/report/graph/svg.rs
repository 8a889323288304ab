//! Draws a diagram as SVG: one file without scripts and fonts, light or dark as the reader's system is set.

use std::fmt::Write;

use super::escape;
use super::layout::{Layout, Point, place};
use crate::model::diagram::{Arrow, Box, Diagram, Line};

/// The height of a line.
const LINE: f64 = 20.0;
/// The height of a box's title.
const HEAD: f64 = 26.0;
/// The space to the left and right of text.
const SIDE: f64 = 10.0;
/// The average width of a letter, estimated generously.
const LETTER: f64 = 6.9;
/// The length of the straight part with which an arrow leaves a box.
const STUB: f64 = 16.0;
/// The width of bold letters relative to others.
const BOLD: f64 = 1.12;
/// The width of a key marker.
const KEY: f64 = 24.0;

/// The style sheet with the light and the dark colours.
pub const STYLE: &str = include_str!("svg.css");

/// Returns the link of a box's title, if it has one.
pub type Links<'a> = &'a dyn Fn(usize) -> Option<String>;

/// Draws tables and foreign keys.
pub fn tables(diagram: &Diagram) -> String {
    draw(diagram, false, STYLE, &|_| None)
}

/// Draws statements.
pub fn statements(diagram: &Diagram) -> String {
    draw(diagram, true, STYLE, &|_| None)
}

/// Draws tables for a page that has the style sheet, with linked titles.
pub fn in_page(diagram: &Diagram, links: Links<'_>) -> String {
    draw(diagram, false, "", links)
}

fn draw(diagram: &Diagram, down: bool, style: &str, links: Links<'_>) -> String {
    let sizes: Vec<Point> = diagram.boxes.iter().map(size).collect();
    let layout = place(diagram, &sizes, down);
    let (width, height) = (layout.size.0.ceil(), layout.size.1.ceil());
    // In HTML, SVG needs no namespace.
    let space = if style.is_empty() { "" } else { " xmlns=\"http://www.w3.org/2000/svg\"" };
    let mut out = format!(
        "<svg{space} class=\"dbstate\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n"
    );
    if !style.is_empty() {
        let _ = write!(out, "<style>\n{style}</style>\n<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n");
    }
    for (arrow, points) in diagram.arrows.iter().zip(&layout.arrows) {
        let points = if down { points.clone() } else { attached(diagram, arrow, points, &layout, &sizes) };
        write_arrow(&mut out, arrow, &points, down);
    }
    for (i, one) in diagram.boxes.iter().enumerate() {
        write_box(&mut out, one, layout_of(&layout, i), sizes[i], links(i));
    }
    out + "</svg>\n"
}

fn layout_of(layout: &Layout, i: usize) -> Point {
    layout.boxes.get(i).copied().unwrap_or_default()
}

/// Estimates the width of a text.
fn width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { LETTER } else { LETTER * 1.9 }).sum()
}

/// Returns a column's data type, with `?` if it is nullable.
fn data_type(line: &Line) -> String {
    if line.nullable { format!("{}?", line.data_type) } else { line.data_type.clone() }
}

/// Returns the width of the part with the column names.
fn names_width(one: &Box) -> f64 {
    one.lines.iter().map(|line| width(&line.name) * if line.primary { BOLD } else { 1.0 }).fold(0.0, f64::max)
}

/// Returns the width of the part with the key markers.
fn keys_width(one: &Box) -> f64 {
    one.lines
        .iter()
        .map(|line| line.keys().len())
        .max()
        .map_or(0.0, |most| KEY * f64::from(u8::try_from(most).unwrap_or(3)))
}

fn size(one: &Box) -> Point {
    let types = one.lines.iter().map(|line| width(&data_type(line))).fold(0.0, f64::max);
    let lines = keys_width(one) + names_width(one) + types + SIDE * 3.0;
    let head = width(&one.title) * BOLD + SIDE * 2.0;
    let note = if one.lines.is_empty() { width(&one.note) + SIDE * 2.0 } else { 0.0 };
    let count = f64::from(u32::try_from(one.lines.len().max(usize::from(!one.note.is_empty()))).unwrap_or(u32::MAX));
    (lines.max(head).max(note).max(80.0).ceil(), HEAD + LINE * count)
}

fn write_box(out: &mut String, one: &Box, at: Point, size: Point, link: Option<String>) {
    let _ = writeln!(out, "<g transform=\"translate({:.1} {:.1})\">", at.0, at.1);
    let _ = writeln!(out, "<title>{} {}</title>", escape(&one.note), escape(&one.title));
    let _ = writeln!(out, "<rect class=\"box\" width=\"{}\" height=\"{}\" rx=\"4\"/>", size.0, size.1);
    let _ =
        writeln!(out, "<path class=\"head\" d=\"M0 {HEAD}V4a4 4 0 0 1 4-4H{}a4 4 0 0 1 4 4V{HEAD}Z\"/>", size.0 - 4.0);
    let title = format!("<text class=\"title\" x=\"{SIDE}\" y=\"17\">{}</text>", escape(&one.title));
    let _ = match link {
        Some(link) => writeln!(out, "<a href=\"{}\">{title}</a>", escape(&link)),
        None => writeln!(out, "{title}"),
    };
    if one.lines.is_empty() {
        let _ = writeln!(out, "<text class=\"type\" x=\"{SIDE}\" y=\"{}\">{}</text>", HEAD + 14.0, escape(&one.note));
    }
    let (keys, names) = (keys_width(one), names_width(one));
    let mut y = HEAD + 14.0;
    for line in &one.lines {
        if !line.keys().is_empty() {
            let _ = write!(out, "<text class=\"key\" x=\"{SIDE}\" y=\"{y}\">{}</text>", line.keys().join(" "));
        }
        let class = if line.primary { "name primary" } else { "name" };
        let _ = write!(out, "<text class=\"{class}\" x=\"{}\" y=\"{y}\">{}</text>", SIDE + keys, escape(&line.name));
        let x = SIDE * 2.0 + keys + names;
        let _ = writeln!(out, "<text class=\"type\" x=\"{x:.1}\" y=\"{y}\">{}</text>", escape(&data_type(line)));
        y += LINE;
    }
    *out += "</g>\n";
}

/// Moves the ends of an arrow to the column that refers and the key it refers to, at the sides of the boxes that face
/// each other.
fn attached(diagram: &Diagram, arrow: &Arrow, points: &[Point], layout: &Layout, sizes: &[Point]) -> Vec<Point> {
    let Arrow { from, to, columns, .. } = arrow;
    if from == to || points.len() < 2 {
        return points.to_vec();
    }
    let middle = |i: usize| layout.boxes[i].0 + sizes[i].0 / 2.0;
    let leftwards = middle(*from) > middle(*to);
    let end = |i: usize, left: bool, line: Option<usize>| {
        let (x, y) = layout.boxes[i];
        let row =
            line.and_then(|line| u32::try_from(line).ok()).map_or(HEAD / 2.0, |l| HEAD + LINE * (f64::from(l) + 0.5));
        let (x, out) = if left { (x, -STUB) } else { (x + sizes[i].0, STUB) };
        [(x, y + row), (x + out, y + row)]
    };
    let place = |i: usize, is_it: &dyn Fn(&Line) -> bool| diagram.boxes[i].lines.iter().position(is_it);
    let [start, first] = end(*from, leftwards, place(*from, &|line| columns.first() == Some(&line.name)));
    let [stop, last] = end(*to, !leftwards, place(*to, &|line| line.primary));
    // Only the bends between the two ends are kept.
    let between = |p: &&Point| (p.0 - first.0) * (p.0 - last.0) < 0.0;
    let bends = points[1..points.len() - 1].iter().filter(between).copied();
    [start, first].into_iter().chain(bends).chain([last, stop]).collect()
}

/// Writes an arrow with a crow's foot where many rows refer, and a bar where one row is referred to.
fn write_arrow(out: &mut String, arrow: &Arrow, points: &[Point], down: bool) {
    let ([first, ..], [.., last]) = (points, points) else { return };
    let _ = write!(out, "<g class=\"arrow\"><title>{}</title><path d=\"", escape(&title(arrow)));
    let _ = write!(out, "{}\"/>", curve(points));
    if down {
        let from = points[points.len().saturating_sub(2)];
        let _ = write!(out, "<path class=\"tip\" d=\"{}\"/>", tip(from, *last));
    } else {
        let many = points.get(1).copied().unwrap_or(*last);
        let one = points[points.len().saturating_sub(2)];
        let foot = if arrow.single { bar(*first, many, 8.0) } else { crow(*first, many) };
        let second = if arrow.optional { String::new() } else { bar(*last, one, 10.0) };
        let _ = write!(out, "<path d=\"{foot}{}{second}\"/>", bar(*last, one, 6.0));
    }
    *out += "</g>\n";
}

fn title(arrow: &Arrow) -> String {
    if arrow.columns.is_empty() {
        arrow.label.clone()
    } else {
        format!("{} ({})", arrow.label, arrow.columns.join(", "))
    }
}

/// Returns a path through the midpoints between the points, curved at the points.
fn curve(points: &[Point]) -> String {
    let middle = |a: Point, b: Point| (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
    let mut out = String::new();
    for (i, p) in points.iter().enumerate() {
        let _ = match (i, points.get(i + 1)) {
            (0, _) => write!(out, "M{:.1} {:.1}", p.0, p.1),
            (_, None) => write!(out, "L{:.1} {:.1}", p.0, p.1),
            (_, Some(next)) => {
                let m = middle(*p, *next);
                write!(out, "Q{:.1} {:.1} {:.1} {:.1}", p.0, p.1, m.0, m.1)
            }
        };
    }
    out
}

/// Returns a vector of the given length from one point towards another, and one at a right angle to it.
fn steps(at: Point, towards: Point, length: f64) -> (Point, Point) {
    let (dx, dy) = (towards.0 - at.0, towards.1 - at.1);
    let far = dx.hypot(dy).max(0.001);
    let (ux, uy) = (dx / far, dy / far);
    ((ux * length, uy * length), (-uy * 5.0, ux * 5.0))
}

fn bar(at: Point, towards: Point, length: f64) -> String {
    let (along, side) = steps(at, towards, length);
    let (x, y) = (at.0 + along.0, at.1 + along.1);
    format!("M{:.1} {:.1}L{:.1} {:.1}", x - side.0, y - side.1, x + side.0, y + side.1)
}

fn crow(at: Point, towards: Point) -> String {
    let (along, side) = steps(at, towards, 10.0);
    let (x, y) = (at.0 + along.0, at.1 + along.1);
    let toe = |sign: f64| format!("M{x:.1} {y:.1}L{:.1} {:.1}", at.0 + side.0 * sign, at.1 + side.1 * sign);
    toe(1.0) + &toe(-1.0)
}

fn tip(from: Point, at: Point) -> String {
    let (along, side) = steps(at, from, 8.0);
    let (x, y) = (at.0 + along.0, at.1 + along.1);
    format!("M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z", at.0, at.1, x + side.0, y + side.1, x - side.0, y - side.1)
}

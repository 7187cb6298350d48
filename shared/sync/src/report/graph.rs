//! A picture of whose names change: zones, owners, clusters and namespaces as boxes, as high as the number of their names, and
//! bands between them.

use std::collections::BTreeMap;

use super::html::Row;

/// What the columns show.
const COLUMNS: [&str; 5] = ["zone", "owner", "cluster", "namespace", "name"];
/// A column shows so many boxes; all others are one more.
const MOST: usize = 24;
/// Units of the picture: a box, the room to the next column, and between boxes.
const WIDTH: f64 = 150.0;
const ROOM: f64 = 110.0;
const GAP: f64 = 6.0;
/// The boxes of a column together are so high, and none is lower than its text.
const HEIGHT: f64 = 480.0;
const LOWEST: f64 = 16.0;
/// Where the boxes begin, below the titles.
const TOP: f64 = 24.0;

/// The picture.
pub(super) struct Graph {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) titles: Vec<(f64, &'static str)>,
    pub(super) nodes: Vec<Node>,
    pub(super) bands: Vec<Band>,
}

/// One value of a column.
pub(super) struct Node {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) height: f64,
    pub(super) text: String,
    pub(super) title: String,
}

/// The names that two neighbours have in common.
pub(super) struct Band {
    /// A path of SVG.
    pub(super) path: String,
    pub(super) title: String,
}

/// Where a box is, and how much of each side bands have taken.
struct Place {
    x: f64,
    y: f64,
    height: f64,
    names: usize,
    left: f64,
    right: f64,
}

impl Place {
    /// The part of a side that so many of its names take.
    fn share(&self, names: usize) -> f64 {
        self.height * fraction(names, self.names)
    }
}

impl Graph {
    /// The picture of these changes.
    pub(super) fn of(rows: &[Row]) -> Self {
        let shown: Vec<BTreeMap<String, usize>> =
            (0..COLUMNS.len()).map(|column| most_frequent(rows, column)).collect();
        let mut places: Vec<BTreeMap<String, Place>> = Vec::new();
        for (column, counts) in shown.iter().enumerate() {
            places.push(placed(column, counts, rows.len()));
        }
        let mut bands = Vec::new();
        for column in 1..COLUMNS.len() {
            let mut pairs: BTreeMap<(String, String), usize> = BTreeMap::new();
            for row in rows {
                let from = label(row, column - 1, &shown[column - 1]);
                let to = label(row, column, &shown[column]);
                *pairs.entry((from, to)).or_default() += 1;
            }
            let (before, behind) = places.split_at_mut(column);
            for ((from, to), names) in pairs {
                let ends = (before[column - 1].get_mut(&from), behind[0].get_mut(&to));
                if let (Some(start), Some(end)) = ends {
                    bands.push(band((&from, start), (&to, end), names));
                }
            }
        }
        let all = places.iter().flat_map(BTreeMap::values);
        let height = all.map(|place| place.y + place.height).fold(TOP, f64::max) + GAP;
        Self {
            width: x_of(COLUMNS.len() - 1) + WIDTH,
            height,
            titles: COLUMNS.into_iter().enumerate().map(|(at, title)| (x_of(at), title)).collect(),
            nodes: places.into_iter().flatten().map(node).collect(),
            bands,
        }
    }
}

fn value(row: &Row, column: usize) -> &str {
    let text = match column {
        0 => &row.zone,
        1 => &row.owner,
        2 => &row.cluster,
        3 => &row.namespace,
        _ => &row.name,
    };
    if text.is_empty() { "none" } else { text }
}

/// The values of a column that most rows have, each with the number of its rows.
fn most_frequent(rows: &[Row], column: usize) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(value(row, column)).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let others: usize = counts.iter().skip(MOST).map(|(_, count)| count).sum();
    let shown = counts.iter().take(MOST).map(|(text, count)| ((*text).to_owned(), *count));
    shown.chain((others > 0).then(|| (OTHERS.to_owned(), others))).collect()
}

const OTHERS: &str = "all others";

fn label(row: &Row, column: usize, shown: &BTreeMap<String, usize>) -> String {
    let own = value(row, column);
    if shown.contains_key(own) { own.to_owned() } else { OTHERS.to_owned() }
}

fn placed(column: usize, counts: &BTreeMap<String, usize>, all: usize) -> BTreeMap<String, Place> {
    let mut y = TOP;
    let mut places = BTreeMap::new();
    for (text, names) in counts {
        let height = (HEIGHT * fraction(*names, all)).max(LOWEST);
        let place = Place { x: x_of(column), y, height, names: *names, left: 0.0, right: 0.0 };
        places.insert(text.clone(), place);
        y += height + GAP;
    }
    places
}

#[expect(clippy::cast_precision_loss, reason = "columns and changes are far fewer than 2^53")]
fn x_of(column: usize) -> f64 {
    column as f64 * (WIDTH + ROOM)
}

#[expect(clippy::cast_precision_loss, reason = "changes are far fewer than 2^53")]
fn fraction(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

fn band(from: (&str, &mut Place), to: (&str, &mut Place), names: usize) -> Band {
    let ((from, start), (to, end)) = (from, to);
    let (first, second) = (start.share(names), end.share(names));
    let (x1, y1) = (start.x + WIDTH, start.y + start.right);
    let (x2, y2) = (end.x, end.y + end.left);
    start.right += first;
    end.left += second;
    let middle = f64::midpoint(x1, x2);
    let (low1, low2) = (y1 + first, y2 + second);
    let path = format!(
        "M{x1:.1} {y1:.1}C{middle:.1} {y1:.1} {middle:.1} {y2:.1} {x2:.1} {y2:.1}V{low2:.1}\
         C{middle:.1} {low2:.1} {middle:.1} {low1:.1} {x1:.1} {low1:.1}Z"
    );
    Band { path, title: format!("{from} – {to}: {}", counted(names)) }
}

fn node((text, place): (String, Place)) -> Node {
    /// So many characters fit into a box.
    const FIT: usize = 21;
    let Place { x, y, height, names, .. } = place;
    let short: String = text.chars().take(FIT).collect();
    let is_whole = short.len() == text.len();
    let title = format!("{text}: {}", counted(names));
    Node { x, y, height, text: if is_whole { text } else { format!("{short}…") }, title }
}

fn counted(names: usize) -> String {
    if names == 1 { "1 change".to_owned() } else { format!("{names} changes") }
}

//! The first few of many names, for a message.

use std::fmt::Write as _;

/// How many objects are named where many want the same.
pub(crate) const SHOWN_OBJECTS: usize = 3;

/// The first few of many, and how many more there are.
pub(crate) fn first_few<'a>(
    names: impl Iterator<Item = &'a str>,
    total: usize,
    shown: usize,
    separator: &str,
) -> String {
    let first: Vec<&str> = names.take(shown).collect();
    let mut text = first.join(separator);
    let more = total.saturating_sub(first.len());
    if more > 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, " and {more} more");
    }
    text
}

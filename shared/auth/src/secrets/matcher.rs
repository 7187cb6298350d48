//! Finds registered secrets in a text.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::spelling::spellings;

/// What the automaton looks for of a spelling, in bytes: enough to be no accident, and few enough
/// that tokens of a kilobyte need no memory of theirs.
const HEAD: usize = 16;

/// All spellings of all secrets. It has no `Debug`: nothing may print it.
pub(super) struct Matcher {
    /// Finds the heads of the spellings; a pattern has the number of its spelling.
    heads: AhoCorasick,
    spellings: Vec<String>,
}

impl Matcher {
    /// `None` without secrets.
    pub(super) fn new<'a>(secrets: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut spellings: Vec<String> = secrets.flat_map(spellings).collect();
        spellings.sort_unstable();
        spellings.dedup();
        if spellings.is_empty() {
            return None;
        }
        let heads = spellings.iter().map(|spelling| head(spelling));
        // It fails only beyond 2^31 states, and the registry is bounded far below.
        let heads = AhoCorasick::new(heads).ok()?;
        Some(Self { heads, spellings })
    }

    /// Where secrets are: they may overlap, and are in no order.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for head in self.heads.find_overlapping_iter(text) {
            let spelling = self.spellings[head.pattern().as_usize()].as_bytes();
            let there = &text.as_bytes()[head.start()..];
            let same = spelling.iter().zip(there).take_while(|(one, other)| one == other).count();
            if same >= enough(spelling.len()) {
                found.push(head.start()..end(text, head.start() + same, same < spelling.len()));
            }
        }
        found
    }
}

fn head(spelling: &str) -> &[u8] {
    &spelling.as_bytes()[..spelling.len().min(HEAD)]
}

/// How much of a spelling must be there. Messages are cut, so of long ones the first half will do.
fn enough(length: usize) -> usize {
    if length <= HEAD { length } else { HEAD.max(length / 2) }
}

/// Where a match ends: one that was cut ends between characters, and not within an escape of JSON.
fn end(text: &str, end: usize, cut: bool) -> usize {
    let end = text.floor_char_boundary(end);
    if cut { text[..end].trim_end_matches('\\').len() } else { end }
}

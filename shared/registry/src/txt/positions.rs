//! Positions in a list by a text of its items. It holds no text, since the items have theirs.

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

/// Positions by the hash of a text.
#[derive(Default)]
pub(super) struct Positions {
    hasher: RandomState,
    /// Hash and position, in order.
    entries: Vec<(u32, u32)>,
}

impl Positions {
    /// The positions of the items with this text, in order; those of others may be among them.
    pub(super) fn of(&self, text: &str) -> impl Iterator<Item = usize> {
        let hash = short_hash(&self.hasher, text);
        let start = self.entries.partition_point(|(own, _)| *own < hash);
        let same = self.entries[start..].iter().take_while(move |(own, _)| *own == hash);
        same.map(|(_, at)| *at as usize)
    }

    /// The positions of the texts that several items have; those of others may be among them.
    pub(super) fn groups(&self) -> impl Iterator<Item = Vec<usize>> {
        let groups = self.entries.chunk_by(|(left, _), (right, _)| left == right);
        let several = groups.filter(|group| group.len() > 1);
        several.map(|group| group.iter().map(|(_, at)| *at as usize).collect())
    }
}

/// Half of a hash: few of a million texts have the same one, and whoever asks compares the texts.
fn short_hash(hasher: &RandomState, text: &str) -> u32 {
    (hasher.hash_one(text) >> 32) as u32
}

/// Of positions and their texts. A list has less than 2^32 items.
impl<'t> FromIterator<(usize, Cow<'t, str>)> for Positions {
    fn from_iter<I: IntoIterator<Item = (usize, Cow<'t, str>)>>(texts: I) -> Self {
        let hasher = RandomState::default();
        let entry = |(at, text): (usize, Cow<'t, str>)| {
            (short_hash(&hasher, &text), u32::try_from(at).unwrap_or(u32::MAX))
        };
        let texts = texts.into_iter();
        let mut entries = Vec::with_capacity(texts.size_hint().1.unwrap_or_default());
        entries.extend(texts.map(entry));
        entries.sort_unstable();
        Self { hasher, entries }
    }
}

#[cfg(test)]
mod tests {
    use super::Positions;

    #[test]
    fn positions_are_found_by_text_in_order() {
        let texts = ["b", "a", "b", "c", "b"];
        let positions: Positions =
            texts.iter().enumerate().map(|(at, text)| (at, (*text).into())).collect();
        for (text, expected) in [("a", &[1][..]), ("b", &[0, 2, 4]), ("c", &[3]), ("d", &[])] {
            assert!(positions.of(text).eq(expected.iter().copied()), "{text}");
        }
        assert_eq!(positions.groups().collect::<Vec<_>>(), [[0, 2, 4]]);
        assert_eq!(Positions::default().of("a").count(), 0);
    }
}

//! Positions in a list by a text of its items. It holds no text, since the items have theirs.

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

/// How far from its share of the list the hash of a text is looked for first.
const NEAR: usize = 512;

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
        let start = self.start_of(hash);
        let same = self.entries[start..].iter().take_while(move |(own, _)| *own == hash);
        same.map(|(_, at)| *at as usize)
    }

    /// Where the entries of a hash begin. Hashes lie evenly, so that is near their share of the list.
    fn start_of(&self, hash: u32) -> usize {
        let all = &self.entries;
        let near = (u64::from(hash) * all.len() as u64) >> u32::BITS;
        let near = usize::try_from(near).unwrap_or_default();
        let is_before = |at: usize| all.get(at).is_some_and(|(own, _)| *own < hash);
        let low = Some(near.saturating_sub(NEAR)).filter(|at| is_before(*at)).unwrap_or_default();
        let high = near.saturating_add(NEAR).min(all.len());
        let high = if is_before(high) { all.len() } else { high };
        low + all[low..high].partition_point(|(own, _)| *own < hash)
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

    #[test]
    fn each_of_many_texts_is_found() {
        let texts: Vec<String> = (0..10_000).map(|number| format!("{}.org", number / 2)).collect();
        let mut positions: Positions =
            texts.iter().enumerate().map(|(at, text)| (at, text.into())).collect();
        let is_found = |positions: &Positions| {
            let all = || texts.iter().enumerate();
            all().all(|(at, text)| positions.of(text).any(|found| found == at))
        };
        assert!(is_found(&positions));
        // However unevenly the hashes lie: all of them behind the middle of what there is.
        positions.entries.splice(0..0, std::iter::repeat_n((0, 0), 50_000));
        assert!(is_found(&positions));
        positions.entries.extend(std::iter::repeat_n((u32::MAX, 0), 200_000));
        assert!(is_found(&positions));
    }
}

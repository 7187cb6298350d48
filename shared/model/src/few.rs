//! A list of mostly one item.

use std::ops::Deref;

use thin_vec::ThinVec;

/// A list that has one item as a rule: as small as a pointer and a tag, and without an allocation of
/// its own up to one item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Few<T> {
    /// None.
    #[default]
    None,
    /// One.
    One(T),
    /// Several.
    Many(ThinVec<T>),
}

impl<T> Few<T> {
    /// Appends an item.
    pub fn push(&mut self, item: T) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(item),
            Self::One(first) => Self::Many([first, item].into()),
            Self::Many(mut items) => {
                items.push(item);
                Self::Many(items)
            }
        };
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(items) => items,
        }
    }
}

impl<'t, T> IntoIterator for &'t Few<T> {
    type Item = &'t T;
    type IntoIter = std::slice::Iter<'t, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn items_keep_their_order() {
        let mut few = Few::default();
        for (at, item) in [7, 8, 9].into_iter().enumerate() {
            assert_eq!(few.len(), at);
            few.push(item);
        }
        assert_eq!(*few, [7, 8, 9]);
        assert_eq!((&few).into_iter().max(), Some(&9));
    }

    #[test]
    fn one_pointer_takes_two_words() {
        assert_eq!(size_of::<Few<Box<u64>>>(), 2 * size_of::<usize>());
    }
}

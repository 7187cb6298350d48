//! What is replaced goes with what replaces it, or after it: never without it.

use std::collections::HashMap;

use extdns_model::{NotSent, Outcome};

use super::{Delivery, Parcel};
use crate::engine::gate::growth;

impl<'g> Delivery<'_, 'g> {
    /// The groups of a batch that may be sent. The others wait: their replacement is in a later batch, or was
    /// refused and is still to be looked up.
    pub(super) fn without_waiting(&mut self, batch: Vec<Parcel<'g>>) -> Vec<Parcel<'g>> {
        if self.replaced.is_empty() {
            return batch;
        }
        let here: Vec<usize> = batch.iter().map(|parcel| parcel.position).collect();
        let (go, wait): (Vec<_>, Vec<_>) = batch.into_iter().partition(|parcel| {
            let mut by = self.replaced.by(parcel.position).iter();
            by.all(|by| here.contains(by) || self.is_applied(*by))
        });
        self.waiting.extend(wait);
        go
    }

    /// Settles the groups that waited, when nothing else is left: those go whose replacement is made.
    pub(super) fn end_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let (go, stay): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|parcel| {
            self.replaced.by(parcel.position).iter().all(|by| self.is_applied(*by))
        });
        self.settle(stay, &Outcome::NotSent(NotSent::Replacement));
        self.pack(go);
    }

    fn is_applied(&self, position: usize) -> bool {
        self.outcomes[position] == Some(Outcome::Applied)
    }

    /// By how much each of these groups makes the zone larger, those together of which one replaces what the other
    /// removes.
    pub(super) fn growths<'p>(&self, parcels: impl Iterator<Item = &'p Parcel<'g>>) -> Growths
    where
        'g: 'p,
    {
        let mut growths = Growths::default();
        for parcel in parcels {
            let pair = self.replaced.by(parcel.position).first().unwrap_or(&parcel.position);
            growths.pairs.insert(parcel.position, *pair);
            *growths.of_pair.entry(*pair).or_default() += growth(&parcel.group);
        }
        growths
    }
}

/// By how much groups make a zone larger.
#[derive(Default)]
pub(super) struct Growths {
    pairs: HashMap<usize, usize>,
    of_pair: HashMap<usize, isize>,
}

impl Growths {
    pub(super) fn of(&self, parcel: &Parcel<'_>) -> isize {
        let pair = self.pairs.get(&parcel.position);
        pair.and_then(|pair| self.of_pair.get(pair)).copied().unwrap_or_default()
    }
}

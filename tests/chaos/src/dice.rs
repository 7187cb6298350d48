//! Where chance comes from: the same for the same seed, kind and number.

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// All that is random in a round.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of a round.
    pub fn new(seed: u64, kind: &str, number: u64) -> Self {
        let mut whole = [0; 32];
        whole[..8].copy_from_slice(&seed.to_le_bytes());
        whole[8..16].copy_from_slice(&number.to_le_bytes());
        for (slot, byte) in whole[16..].iter_mut().zip(kind.bytes()) {
            *slot = byte;
        }
        Self(ChaCha8Rng::from_seed(whole))
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        self.0.random_range(least..=most)
    }

    /// Yes, once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.between(1, times) == 1
    }

    /// A number from 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.0.random_range(0.0..1.0)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.random()
    }

    /// One of several; there must be one.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of.choose(&mut self.0).expect("there is something to pick from").clone()
    }

    /// Dice of their own for a part of the round that another thread plays.
    pub fn child(&mut self) -> Self {
        Self(ChaCha8Rng::seed_from_u64(self.number()))
    }
}

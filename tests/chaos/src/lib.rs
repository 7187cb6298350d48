//! A hostile world around the real binaries: servers that lie, hang and break off, processes that are killed, rivals that
//! want the opposite, inputs that are no inputs.
//!
//! A round is a [`Kind`](kinds::Kind) of hostility, a seed and a number; what it does follows from these three alone, only
//! timing differs. After each round the [`judge`] holds the program to what it promises, whatever happens to it.
//! `make chaos` plays rounds of all kinds in turn; a round that fails says how to play it again.

pub mod dice;
pub mod dns;
pub mod judge;
pub mod kinds;
pub mod lies;
pub mod mutate;
pub mod program;
pub mod secrets;
pub mod world;

//! Chaos tests of the real binaries: servers that answer wrongly, hang or break off, processes that
//! are killed, other writers at the same time, inputs that are not valid.
//!
//! A round is a [`Kind`](kinds::Kind) of failure, a seed and a number; what it does follows from
//! these three alone, only timing differs. After each round the [`judge`] checks what the program
//! promises in every case. `make chaos` plays rounds of all kinds in turn; a round that fails says
//! how to play it again.

pub mod dice;
pub mod dns;
pub mod judge;
pub mod kinds;
pub mod lies;
pub mod mutate;
pub mod program;
pub mod secrets;
pub mod world;

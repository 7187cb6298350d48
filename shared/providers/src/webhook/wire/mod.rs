//! The JSON of the protocol, as clients and servers write and read it: endpoints in both directions, lists that are decoded
//! while they arrive, and the domain filter.

pub(crate) mod array;
mod filter;
pub(super) mod received;
pub(super) mod sent;

pub(super) use filter::SentFilter;

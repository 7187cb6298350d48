//! Gates and leases through the public interface.

mod fingerprint;
mod places;
mod policies;
mod rules;
mod suite;

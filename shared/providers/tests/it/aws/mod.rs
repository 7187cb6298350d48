//! Route 53 against its simulator, through the SDK and real HTTP; its wire format against moto, too.
//! The cases carry the numbers of the acceptance list.

mod adjusting;
mod again;
mod batches;
mod conditions;
mod failover;
mod faults;
mod moto;
mod policy;
mod reading;
mod support;
mod whole;
mod writing;
mod zones;

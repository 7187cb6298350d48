//! From inventory and wishes to rows.

use extdns_model::{Endpoint, Inventory};

use crate::{Plan, Settings};

/// What a plan is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the zones hold, with ownership joined on.
    pub inventory: &'a Inventory,
    /// What is wanted, as the provider adjusted it.
    pub desired: &'a [Endpoint],
    /// The settings.
    pub settings: &'a Settings,
}

/// Computes the plan.
#[must_use]
pub fn compute<'a>(input: Input<'a>) -> Plan<'a> {
    let _ = input;
    Plan::default()
}

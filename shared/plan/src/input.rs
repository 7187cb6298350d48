//! What a plan is computed from.

use extdns_model::{Endpoint, Inventory, Kept};

use crate::{Clusters, Made, Settings};

/// The input of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the zones hold, with ownership joined on.
    pub inventory: &'a Inventory,
    /// What is wanted, as the provider adjusted it.
    pub desired: &'a [Endpoint],
    /// The settings.
    pub settings: &'a Settings,
    /// The clusters that it comes from, and how well each could be read.
    pub clusters: &'a Clusters,
    /// Names that stay as they are, because the provider's answer about them was incomplete.
    pub kept: &'a [Kept],
    /// Where the endpoints are kept that sharing makes.
    pub made: &'a Made,
}

//! What is read of the objects that several sources look at.

mod load_balancer;
mod node;
mod pod;
pub(crate) mod served;

pub(crate) use load_balancer::LoadBalancerStatus;
pub(crate) use node::Node;
pub(crate) use pod::Pod;
pub(crate) use served::projection;

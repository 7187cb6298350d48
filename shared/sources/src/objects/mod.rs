//! What is read of the objects that several sources look at.

mod condition;
mod hostname;
mod ingress;
mod load_balancer;
mod namespace;
mod node;
mod pod;
pub(crate) mod served;
mod service;

pub(crate) use condition::{Condition, is_true};
pub(crate) use hostname::{host_name, intersection, without_port};
pub(crate) use ingress::{CLASS_ANNOTATION, Ingress};
pub(crate) use load_balancer::{LoadBalancerIngress, LoadBalancerStatus, targets_of};
pub(crate) use namespace::Namespace;
pub(crate) use node::Node;
pub(crate) use pod::Pod;
pub(crate) use served::{parts, projection};
pub(crate) use service::{Service, ServiceType};

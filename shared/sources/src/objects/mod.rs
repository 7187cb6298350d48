//! What is read of the objects that several sources look at.

mod hostname;
mod ingress;
mod load_balancer;
mod node;
mod pod;
pub(crate) mod served;
mod service;

pub(crate) use hostname::{host_name, intersection};
pub(crate) use ingress::{CLASS_ANNOTATION, Ingress};
pub(crate) use load_balancer::LoadBalancerStatus;
pub(crate) use node::Node;
pub(crate) use pod::Pod;
pub(crate) use served::projection;
pub(crate) use service::{Service, ServiceType};

//! What the tests run against: real servers as child processes, and a scripted HTTP server for what no real one does.
//!
//! Everything here fails by a panic that says what was expected: it is called from tests only.

pub mod bind;
pub mod browser;
pub mod cloudmap;
pub mod coredns;
pub mod dns;
pub mod dynamodb;
pub mod eks_token;
pub mod etcd;
pub mod http;
pub mod kerberos;
pub mod knot;
pub mod kube;
pub mod kube_sim;
pub mod lambda;
pub mod layers;
pub mod log;
pub mod moto;
pub mod pdns;
pub mod process;
pub mod route53;
pub mod webhook_sim;

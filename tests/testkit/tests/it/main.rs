//! The servers and simulators of this crate, seen by their clients.

mod http;
mod kube;
mod kube_sim;
mod lambda;
mod moto;
mod name_servers;
mod process;
mod tls;
mod webhook_sim;

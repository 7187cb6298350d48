//! Clusters over HTTP and from files.

mod contract;
mod credentials;
mod discovery;
mod incomplete;
mod list;
mod manifests;
mod server;
mod shared;
mod single;
mod support;
mod writing;

//! Clusters over HTTP and from files.

mod contract;
mod credentials;
mod discovery;
mod incomplete;
mod list;
mod manifests;
mod server;
mod support;
mod writing;

//! Clusters over HTTP and from files.

mod aws;
mod connections;
mod contexts;
mod contract;
mod credentials;
mod discovery;
mod events;
mod incomplete;
mod list;
mod manifests;
mod recorded;
mod refusals;
mod server;
mod shared;
mod single;
mod stream;
mod support;
mod writing;

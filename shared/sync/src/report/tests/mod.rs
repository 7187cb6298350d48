//! Every rendering of a report.

mod dashboards;
mod documents;
mod reached;
mod renderings;
mod sample;
mod totals;
mod variants;

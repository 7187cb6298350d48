//! Every rendering of a report.

mod documents;
mod reached;
mod renderings;
mod sample;
mod totals;
mod variants;

//! Every rendering of a report.

mod documents;
mod renderings;
mod reached;
mod sample;
mod totals;
mod variants;

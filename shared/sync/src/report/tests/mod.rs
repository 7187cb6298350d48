//! Every rendering of a report.

mod documents;
mod renderings;
mod sample;
mod totals;
mod variants;

//! What the plan does: the worked cases of the specification, one by one, and what holds for all.

mod generate;
mod properties;
mod rows;
mod sheet;
mod support;
mod table;
mod units;

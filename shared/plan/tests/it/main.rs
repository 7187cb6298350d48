//! What the plan does: the worked cases of the specification, one by one, and what holds for all.

mod frozen;
mod generate;
mod guarded;
mod hash;
mod moves;
mod properties;
mod rows;
mod safety;
mod sharing;
mod sheet;
mod storable;
mod support;
mod table;
mod units;

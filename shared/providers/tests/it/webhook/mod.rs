//! The webhook protocol over real HTTP.

mod adjusting;
mod applying;
mod hostile;
mod isolating;
mod memory;
mod negotiating;
mod reading;
mod support;

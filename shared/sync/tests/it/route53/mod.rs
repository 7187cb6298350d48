//! Whole runs over Route 53: settings, cluster, sources, plan, ownership, and the provider through
//! the SDK and real HTTP against the simulator.

mod calls;
mod failures;
mod hung;
mod killed;
mod moves;
mod raced;
mod routing;
mod state;
mod support;
mod throttled;
mod whole;

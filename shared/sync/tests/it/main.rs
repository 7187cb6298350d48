//! Whole runs over the two fakes of the conformance kit and over Route 53, the commands, and the invariants of the house.

mod azure;
mod commands;
mod crd;
mod decided;
mod deployments;
mod dynamodb;
mod events;
mod google;
mod invariants;
mod isolation;
mod killed;
mod many;
mod missing;
mod not_served;
mod outlets;
mod outside;
mod revert;
mod route53;
mod self_hosted;
mod services;
mod services_of_values;
mod support;
mod webhook_server;
mod wire;

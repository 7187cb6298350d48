//! What can go wrong while endpoints are gathered.

use std::sync::Arc;

use extdns_clusters::ReadError;
use extdns_model::Resource;

use crate::resolver::ResolveError;

/// Why a source does not know everything that its cluster wants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Objects could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The run's time ended before the cluster had answered.
    #[error(
        "the time of the run was over before the cluster had answered; give it more (--timeout), or \
         see what keeps its API server"
    )]
    TimeOver,
    /// A load balancer's host name could not be looked up, and that may pass: to go on would be to
    /// take its addresses away.
    #[error("look up {host:?}, the load balancer of {resource}{}: {source}", and_more(*others, "host name"))]
    Resolve {
        /// The host name.
        host: String,
        /// The first object that has it.
        resource: Arc<Resource>,
        /// How many other host names could not be looked up.
        others: usize,
        /// Why not.
        source: ResolveError,
    },
    /// Of some objects it is not known what they want.
    #[error("{object}{}: {reason}", and_more(*others, "object"))]
    Objects {
        /// The first of them.
        object: Arc<Resource>,
        /// How many others there are.
        others: usize,
        /// Why nothing is known of it, and the remedy.
        reason: &'static str,
    },
}

impl SourceError {
    /// The error for objects of which nothing is known for one reason; none if there is no such object.
    pub(crate) fn of_objects(objects: &[Arc<Resource>], reason: &'static str) -> Result<(), Self> {
        let [object, others @ ..] = objects else { return Ok(()) };
        Err(Self::Objects { object: Arc::clone(object), others: others.len(), reason })
    }
}

fn and_more(others: usize, what: &str) -> String {
    match others {
        0 => String::new(),
        1 => format!(" (and one more {what})"),
        _ => format!(" (and {others} more {what}s)"),
    }
}

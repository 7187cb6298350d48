//! What can go wrong: a flag, or the gathering of endpoints.

use std::sync::Arc;

use ecow::{EcoString, eco_format};
use extdns_clusters::{ReadError, ReadErrorKind, SelectorError};
use extdns_model::{NetFilterError, Resource};
use extdns_template::SyntaxError;

use crate::resolver::ResolveError;

/// A flag that says something wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The text is no selector.
    #[error("--{flag} does not specify a valid label selector: {source}")]
    Selector {
        /// The flag.
        flag: &'static str,
        /// What is wrong.
        source: SelectorError,
    },
    /// A source cannot do without a flag.
    #[error("the source {source_name} needs --{flag}")]
    Missing {
        /// The source.
        source_name: &'static str,
        /// The flag.
        flag: &'static str,
    },
    /// Annotation keys would begin with nothing.
    #[error("--annotation-prefix cannot be empty")]
    EmptyPrefix,
    /// The prefix would run into the key.
    #[error("--annotation-prefix must end with '/'")]
    PrefixWithoutSlash,
    /// A template that is none.
    #[error("--{flag}[{index}] {text:?}: {source}")]
    Template {
        /// The flag.
        flag: &'static str,
        /// Which of its values, from 0.
        index: usize,
        /// The value.
        text: String,
        /// What is wrong in it, and where.
        source: SyntaxError,
    },
    /// Objects would have no names.
    #[error("FQDN Template must be set if ignoring annotations (--fqdn-template)")]
    NoTemplate,
    /// A flag that only one source has.
    #[error("{0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// The text is no network.
    #[error(transparent)]
    TargetNet(#[from] NetFilterError),
    /// Addresses are embedded in the last 32 bits.
    #[error("--nat64-networks: {0:?}: NAT64 prefixes need to be /96 prefixes, like 64:ff9b::/96")]
    Nat64(String),
    /// PTR records would be made but not managed.
    #[error("--create-ptr requires PTR in --managed-record-types")]
    PtrNotManaged,
}

impl OptionsError {
    /// The error of a flag that only one source has.
    pub(crate) fn source(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Source(Box::new(error))
    }
}

/// Why a cluster was not read to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    /// The run's time ended.
    #[error(
        "the time of the run was over before the cluster had answered; give it more (--timeout), or \
         see what keeps its API server"
    )]
    TimeOver,
    /// The process was told to stop.
    #[error("the run was told to stop before the cluster had answered")]
    Stopped,
}

/// Why a source does not know everything that its cluster wants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Objects could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The cluster does not serve what the source reads.
    #[error("{error}; or drop {flag}{}", if *is_ignored { "" } else { OR_IGNORE })]
    NotServed {
        /// The flag that asks for it, as it is written: `--source=NAME`, or one that adds a kind to a source.
        flag: EcoString,
        /// Whether the run goes on without it, as `--ignore-missing-crds` says.
        is_ignored: bool,
        /// What is not served, and what is there instead.
        error: ReadError,
    },
    /// The run had to end before the cluster had answered.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
    /// A load balancer's host name could not be looked up, and that may be temporary: going on
    /// would delete its addresses.
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
    /// A reason of one source, in its words.
    #[error("{0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// It is not known what some objects want.
    #[error("{object}{}: {reason}", and_more(*others, "object"))]
    Objects {
        /// The first of them.
        object: Arc<Resource>,
        /// How many others there are.
        others: usize,
        /// Why nothing is known of it, and the remedy.
        reason: EcoString,
    },
}

impl SourceError {
    /// The error of one source.
    pub(crate) fn source(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Source(Box::new(error))
    }

    /// The error for a kind that this flag asks for, or the source itself if there is none.
    pub(crate) fn of_flag(error: ReadError, flag: Option<&'static str>) -> Self {
        match flag {
            Some(flag) if is_not_served(&error) => {
                Self::NotServed { flag: flag.into(), is_ignored: false, error }
            }
            _ => Self::Read(error),
        }
    }

    /// The same with the remedy where the cluster does not serve what this source reads.
    pub(crate) fn of(self, source_name: &'static str, ignores_missing_crds: bool) -> Self {
        let is_ignored = ignores_missing_crds;
        match self {
            Self::NotServed { flag, error, .. } => Self::NotServed { flag, is_ignored, error },
            Self::Read(error) if is_not_served(&error) => {
                let flag = eco_format!("--source={source_name}");
                Self::NotServed { flag, is_ignored, error }
            }
            other => other,
        }
    }

    /// Whether it is only that the cluster does not serve a kind.
    pub(crate) fn is_not_served(&self) -> bool {
        match self {
            Self::Read(error) => is_not_served(error),
            other => matches!(other, Self::NotServed { .. }),
        }
    }

    /// The error for objects of which nothing is known; the first says why. None if there is no such object.
    pub(crate) fn of_objects(unknown: &[(Arc<Resource>, EcoString)]) -> Result<(), Self> {
        let [(object, reason), others @ ..] = unknown else { return Ok(()) };
        let (object, reason) = (Arc::clone(object), reason.clone());
        Err(Self::Objects { object, others: others.len(), reason })
    }
}

/// What can be done where a cluster does not serve a kind.
const OR_IGNORE: &str = ", or go on without it (--ignore-missing-crds)";

fn is_not_served(error: &ReadError) -> bool {
    matches!(*error.kind, ReadErrorKind::NotServed { .. })
}

fn and_more(others: usize, what: &str) -> String {
    match others {
        0 => String::new(),
        1 => format!(" (and one more {what})"),
        _ => format!(" (and {others} more {what}s)"),
    }
}

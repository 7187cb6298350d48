//! What can go wrong between the configuration and an object of a cluster.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ecow::EcoString;
use extdns_auth::secrets;
use rustix::io::Errno;

/// Most characters of a message of a server that are shown.
const LONGEST_WORDS: usize = 300;

/// Why a cluster could not be set up. Nothing was read from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// A setting is wrong, or says too little.
    #[error("connect to cluster {cluster:?}: {message}")]
    Config {
        /// Name of the cluster in the configuration.
        cluster: EcoString,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// The manifests that stand for the cluster could not be read.
    #[error("read the manifests of cluster {cluster:?}: {reason}")]
    Manifests {
        /// Name of the cluster in the configuration.
        cluster: EcoString,
        /// The first manifest that is wrong.
        reason: ManifestError,
    },
}

/// Why objects could not be read. What was read before is discarded: half a list is no list.
#[derive(Debug, thiserror::Error)]
#[error("read cluster {cluster:?}: {kind}")]
pub struct ReadError {
    /// Name of the cluster in the configuration.
    pub cluster: EcoString,
    /// What went wrong.
    pub kind: Box<ReadErrorKind>,
}

/// What went wrong while objects were read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The credentials may not do this: the rule that is missing.
    #[error(
        "{verb} {resource}: forbidden; add {{apiGroups: [{group:?}], resources: [{plural:?}], \
         verbs: [{verb:?}]}} to {}",
        role(namespace.as_deref(), user.as_deref())
    )]
    Forbidden {
        /// Verb of the rule.
        verb: &'static str,
        /// The resource as `kubectl` names it.
        resource: String,
        /// API group of the rule; empty for the core group.
        group: &'static str,
        /// Resource of the rule.
        plural: &'static str,
        /// The namespace in which it is needed; `None` for all.
        namespace: Option<String>,
        /// The user as whom the server knows us, if it says so.
        user: Option<String>,
    },
    /// The API server does not know who we are.
    #[error("authenticate: the API server refuses {credentials}{answer}{remedy}")]
    Unauthorized {
        /// The credentials that were sent, without their secret.
        credentials: String,
        /// What the server said, if it said something.
        answer: String,
        /// What to do, where we know it.
        remedy: String,
    },
    /// The API server does not serve the resource.
    #[error("list {resource}: not served; {remedy}")]
    NotServed {
        /// The resource as `kubectl` names it.
        resource: String,
        /// What the server has instead, and what to do.
        remedy: String,
    },
    /// No namespace can have this name.
    #[error(
        "list {resource} in namespace {namespace:?}: that is no namespace; names have at most 63 lower-case letters, \
         digits and \"-\" (--namespace)"
    )]
    Namespace {
        /// The resource as `kubectl` names it.
        resource: String,
        /// The name.
        namespace: String,
    },
    /// The request took longer than `--kube-api-request-timeout`.
    #[error(
        "{request}: no complete answer within {timeout:?}; raise --kube-api-request-timeout, or see \
         whether the server is overloaded"
    )]
    Timeout {
        /// Verb and path.
        request: String,
        /// The limit.
        timeout: Duration,
    },
    /// The server sent nothing for a while, and no `--kube-api-request-timeout` says how long it may.
    #[error(
        "{request}: the server sent nothing for {silence:?}; see whether it, or a proxy in between, \
         is overloaded or hangs"
    )]
    Silent {
        /// Verb and path.
        request: String,
        /// For how long.
        silence: Duration,
    },
    /// The API server could not be reached, or the connection broke.
    #[error("{request}: {reason}")]
    Transport {
        /// Verb and path.
        request: String,
        /// What broke.
        reason: String,
    },
    /// The answer ended before it was complete.
    #[error(
        "{request}: the answer was cut off after {bytes} bytes ({reason}); is a proxy in between?"
    )]
    Truncated {
        /// Verb and path.
        request: String,
        /// How much of it came.
        bytes: usize,
        /// How the end was noticed.
        reason: String,
    },
    /// The answer is not all of what was asked for, or does not say that it is.
    #[error("{request}: the answer is not complete: {reason}; is a proxy or a cache in between?")]
    Partial {
        /// Verb and path.
        request: String,
        /// What is missing, or what shows it.
        reason: String,
    },
    /// The answer is larger than one object may be.
    #[error(
        "{request}: the answer is larger than {limit} bytes, more than one object may have; \
         is the server URL right?"
    )]
    TooLarge {
        /// Verb and path.
        request: String,
        /// The limit.
        limit: usize,
    },
    /// The answer is not one of a Kubernetes API.
    #[error(
        "{request}: the answer is not that of a Kubernetes API but {found} (content type {content_type}); \
         is the server URL right, and no proxy or login page in between?"
    )]
    NotKubernetes {
        /// Verb and path.
        request: String,
        /// Content type of the answer.
        content_type: String,
        /// What it looks like.
        found: String,
    },
    /// An object does not have the form that its kind has.
    #[error("decode {object}: {reason}; correct the object")]
    Decode {
        /// Kind, namespace and name, or the place in the list.
        object: String,
        /// What is wrong.
        reason: String,
    },
    /// The list changed faster than it could be read.
    #[error(
        "list {resource}: the server's snapshot expired {times} times before the list was complete; \
         is the server overloaded?"
    )]
    Expired {
        /// The resource as `kubectl` names it.
        resource: String,
        /// How often the list was begun.
        times: u32,
    },
    /// The server refuses or fails for another reason.
    #[error("{request}: HTTP {status}{answer}")]
    Status {
        /// Verb and path.
        request: String,
        /// HTTP status.
        status: u16,
        /// What the server said, if it said something.
        answer: String,
    },
    /// A manifest does not have the form that its kind has.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// What is wrong with a manifest, and where.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {message}", location(path, *document, *line))]
pub struct ManifestError {
    /// File; `-` for standard input.
    pub path: PathBuf,
    /// Document in the file, counted from 1; 0 where the file as a whole is meant.
    pub document: usize,
    /// Line in the file, counted from 1; 0 where it is not known.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What the operating system says, and what to do where that is known.
pub(crate) fn io_words(error: &std::io::Error) -> String {
    format!("{error}{}", io_remedy(error))
}

/// A server's words on one line, and without a credential of ours that it echoes.
pub(crate) fn shown(text: &str) -> String {
    let text = secrets::redact(text);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_WORDS).collect()
}

/// An error with its causes, and what to do about it where that is known; a cause that the error
/// before it already quotes is left out.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut remedy = error.downcast_ref().map_or("", io_remedy);
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref() {
            remedy = io_remedy(error);
        }
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text.push_str(remedy);
    shown(&text)
}

/// What to do about an error of the operating system; ready to be appended.
pub(crate) fn io_remedy(error: &std::io::Error) -> &'static str {
    match Errno::from_io_error(error) {
        Some(Errno::MFILE | Errno::NFILE) => "; raise the limit of open files (ulimit -n)",
        _ => "",
    }
}

/// Where a missing rule belongs.
fn role(namespace: Option<&str>, user: Option<&str>) -> String {
    let role = match namespace {
        Some(namespace) => format!("a Role in namespace {namespace:?}"),
        None => "a ClusterRole".to_owned(),
    };
    match user {
        Some(user) => format!("{role} that is bound to {user:?}"),
        None => format!("{role} that is bound to the user of this run"),
    }
}

/// `file, document 3, line 10`.
pub(crate) fn location(path: &Path, document: usize, line: usize) -> String {
    let path = path.display();
    match (document, line) {
        (0, _) => path.to_string(),
        (_, 0) => format!("{path}, document {document}"),
        _ => format!("{path}, document {document}, line {line}"),
    }
}

//! The flags that say where the state of runs is kept.
//!
//! In the configuration file `--state` is the key `state`: `{ dynamodb: { table: NAME } }`,
//! `{ s3: { bucket: NAME, prefix: PATH } }`, `{ kubernetes: { namespace: NAME, name: NAME } }`,
//! `{ file: { path: PATH } }` or `none`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "aws")]
use extdns_auth::AwsVariables;
use extdns_model::parse_go_duration;

#[cfg(feature = "aws")]
use crate::{Aws, DynamoDbBackend, S3Backend};
use crate::{Backend, ClockSource, FileBackend, Keeper, KubernetesBackend, Store};

/// What runs leave for the next.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "State")]
#[group(skip)]
pub struct Args {
    /// Where runs keep what the next one needs to know, and the lease that keeps others from writing at the same
    /// time: dynamodb:TABLE, s3://BUCKET/PREFIX, kubernetes:NAMESPACE/NAME, file:PATH or none
    #[arg(long, value_name = "PLACE", default_value = "none")]
    pub state: Place,

    /// How long a run that is to write waits while another one does
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub lease_wait: Duration,

    /// After this time the zones are read even if nothing has changed in the clusters; needs --state
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_go_duration)]
    pub full_resync_interval: Duration,
}

impl Args {
    /// Whether runs keep anything, and with it a lease.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.state != Place::None
    }
}

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// Nowhere: every run reads everything, and none waits for another.
    #[default]
    None,
    /// In items of a DynamoDB table.
    DynamoDb {
        /// Its name.
        table: String,
    },
    /// In objects of S3.
    S3 {
        /// The bucket.
        bucket: String,
        /// What their keys begin with; empty for nothing.
        prefix: String,
    },
    /// In `Lease` objects of the first cluster.
    Kubernetes {
        /// Their namespace.
        namespace: String,
        /// What their names begin with.
        name: String,
    },
    /// In a file.
    File(PathBuf),
}

/// Why a text names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} names no place for state: {reason}")]
pub struct PlaceError {
    text: String,
    reason: &'static str,
}

const DYNAMODB: &str = "dynamodb:";
const S3: &str = "s3://";
const KUBERNETES: &str = "kubernetes:";
const FILE: &str = "file:";

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = |reason| PlaceError { text: text.to_owned(), reason };
        if text == "none" {
            return Ok(Self::None);
        }
        if let Some(table) = text.strip_prefix(DYNAMODB) {
            let is_table = (3..=255).contains(&table.len())
                && table.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
            return match is_table {
                true => Ok(Self::DynamoDb { table: table.to_owned() }),
                false => Err(wrong("a table has 3 to 255 letters, digits, \"_\", \"-\" and \".\"")),
            };
        }
        if let Some(rest) = text.strip_prefix(S3) {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let prefix = prefix.trim_end_matches('/');
            return match is_bucket(bucket) {
                true => Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() }),
                false => Err(wrong("write it like s3://bucket/prefix")),
            };
        }
        if let Some(rest) = text.strip_prefix(KUBERNETES) {
            return match rest.split_once('/') {
                Some((namespace, name)) if is_label(namespace) && is_label(name) => {
                    let (namespace, name) = (namespace.to_owned(), name.to_owned());
                    Ok(Self::Kubernetes { namespace, name })
                }
                _ => Err(wrong(
                    "write it like kubernetes:namespace/name, in lower-case letters, digits and \"-\"",
                )),
            };
        }
        match text.strip_prefix(FILE) {
            Some("") => Err(wrong("the path is missing behind file:")),
            Some(path) => Ok(Self::File(PathBuf::from(path))),
            None => Err(wrong(
                "give dynamodb:TABLE, s3://BUCKET/PREFIX, kubernetes:NAMESPACE/NAME, file:PATH or none",
            )),
        }
    }
}

/// As `--state` says it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::DynamoDb { table } => write!(f, "{DYNAMODB}{table}"),
            Self::S3 { bucket, prefix } => write!(f, "{S3}{bucket}/{prefix}"),
            Self::Kubernetes { namespace, name } => write!(f, "{KUBERNETES}{namespace}/{name}"),
            Self::File(path) => write!(f, "{FILE}{}", path.display()),
        }
    }
}

/// It becomes a part of a host or a path.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn is_bucket(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&text.len())
        && text.bytes().all(|byte| is_part(byte) || byte == b'-' || byte == b'.')
        && text.starts_with(|char: char| char.is_ascii_alphanumeric())
}

/// The name of a namespace, and of an object of most kinds: RFC 1123.
fn is_label(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [text.bytes().next(), text.bytes().next_back()];
    text.len() <= 63
        && ends.iter().all(|end| end.is_some_and(is_part))
        && text.bytes().all(|byte| is_part(byte) || byte == b'-')
}

/// What a store is made of, beside its flags.
pub struct Context {
    /// The clock.
    pub clock: Arc<dyn ClockSource>,
    /// The first cluster, for `Lease` objects.
    pub keeper: Option<Keeper>,
    /// What the process's environment says to AWS.
    #[cfg(feature = "aws")]
    pub aws: AwsVariables,
}

/// Why there is no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no cluster to keep it.
    #[error(
        "--state={place} needs a cluster, and manifests cannot keep it; name a file or another place"
    )]
    NoCluster {
        /// As the flag says it.
        place: String,
    },
    /// This program was built without AWS.
    #[error("--state={place}: this program was built without AWS")]
    WithoutAws {
        /// As the flag says it.
        place: String,
    },
}

impl Args {
    /// The store that the flags name; `None` where there is none. Nothing is called yet.
    ///
    /// # Errors
    /// When this process cannot have such a store.
    pub fn open(&self, context: Context) -> Result<Option<Store>, OpenError> {
        let place = || self.state.to_string();
        let backend: Box<dyn Backend> = match &self.state {
            Place::None => return Ok(None),
            Place::File(path) => Box::new(FileBackend::new(path.clone())),
            Place::Kubernetes { namespace, name } => {
                let keeper = context.keeper.filter(Keeper::can_write);
                let keeper = keeper.ok_or_else(|| OpenError::NoCluster { place: place() })?;
                Box::new(KubernetesBackend::new(keeper, namespace, name))
            }
            #[cfg(feature = "aws")]
            Place::DynamoDb { table } => {
                Box::new(DynamoDbBackend::new(Aws::new(context.aws), table))
            }
            #[cfg(feature = "aws")]
            Place::S3 { bucket, prefix } => {
                Box::new(S3Backend::new(Aws::new(context.aws), bucket, prefix))
            }
            #[cfg(not(feature = "aws"))]
            Place::DynamoDb { .. } | Place::S3 { .. } => {
                return Err(OpenError::WithoutAws { place: place() });
            }
        };
        Ok(Some(Store::new(backend, context.clock)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_read_and_shown_as_it_is_written() {
        let places = [
            "none",
            "dynamodb:extdns",
            "s3://my.bucket/external-dns/prod",
            "s3://bucket/",
            "kubernetes:dns/external-dns",
            "file:/var/lib/external-dns/state.json",
            "file:state.json",
        ];
        for text in places {
            let place: Place = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(place.to_string(), text);
        }
        assert_eq!("s3://bucket".parse::<Place>().expect("a place").to_string(), "s3://bucket/");
        let prefixed = "s3://bucket/a//".parse::<Place>().expect("a place");
        assert_eq!(prefixed.to_string(), "s3://bucket/a");
    }

    #[test]
    fn what_is_no_place_says_how_to_write_one() {
        let texts = [
            ("", "give dynamodb:TABLE"),
            ("None", "give dynamodb:TABLE"),
            ("/var/lib/state.json", "give dynamodb:TABLE"),
            ("dynamodb:", "a table has"),
            ("dynamodb:my table", "a table has"),
            ("s3://", "s3://bucket/prefix"),
            ("s3:///prefix", "s3://bucket/prefix"),
            ("s3://Bucket/prefix", "s3://bucket/prefix"),
            ("kubernetes:external-dns", "kubernetes:namespace/name"),
            ("kubernetes:dns/", "kubernetes:namespace/name"),
            ("kubernetes:dns/a/b", "kubernetes:namespace/name"),
            ("kubernetes:dns/External", "kubernetes:namespace/name"),
            ("file:", "the path is missing"),
        ];
        for (text, help) in texts {
            let error = text.parse::<Place>().expect_err(text).to_string();
            assert!(error.contains(help), "{text}: {error}");
        }
    }
}

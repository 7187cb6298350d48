//! The flags that say how ownership is kept.

mod error;

use std::time::Duration;

use clap::ArgAction;
use ecow::EcoString;
use extdns_clusters::Keeper;
use extdns_model::{ClusterId, OwnerIdError, Owners, parse_go_duration};
use secrecy::{ExposeSecret as _, SecretString};

pub use self::error::RegistryError;
use crate::aws_sd::AwsSd;
use crate::crd::Crd;
#[cfg(feature = "aws")]
use crate::dynamodb::{AwsCalls, DynamoDb, Place, is_table};
use crate::name_mapper::{NameMapper, TEMPLATE};
use crate::noop::Noop;
use crate::txt::{Cipher, Codec, TxtRegistry};
use crate::{Outside, Registry};

/// The provider whose records have their owners in themselves.
const CLOUD_MAP: &str = "aws-sd";
const DEFAULT_OWNER: &str = "default";

/// How the registry knows which records are ours.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Ownership")]
#[group(skip)]
pub struct Args {
    /// Where ownership is kept: txt (TXT records beside the records), crd (DNSRecord objects of the
    /// cluster), dynamodb (items of a table), aws-sd (descriptions of services of the provider aws-sd) or
    /// noop (nowhere: every record in scope counts as ours)
    #[arg(long, value_name = "NAME", default_value = "txt", value_parser = parse_kind)]
    pub registry: RegistryKind,

    /// The id that marks our records; each cluster that writes into a zone needs one of its own
    #[arg(long, value_name = "ID", default_value = DEFAULT_OWNER)]
    pub txt_owner_id: String,

    /// Text before the name of each ownership TXT record; may contain %{record_type}. Only a prefix
    /// such as x-%{record_type}. can own the records of a zone's apex from inside the zone
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub txt_prefix: String,

    /// Text behind the first label of each ownership TXT record's name, in place of a prefix; may
    /// contain %{record_type}
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub txt_suffix: String,

    /// What stands for a leading * in the names of ownership TXT records
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub txt_wildcard_replacement: String,

    /// Accepted for compatibility: ownership records have no other format any more
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub txt_new_format_only: bool,

    /// How long a running loop may take the records for unchanged; a single run always reads them
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub txt_cache_interval: Duration,

    /// Encrypt the text of ownership TXT records that are written; needs --txt-encrypt-aes-key.
    /// Records that are there already stay as they are until they change
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub txt_encrypt_enabled: bool,

    /// The key of encrypted ownership TXT records: 32 bytes as they are, or base64 of 32 bytes. It
    /// reads them even if --txt-encrypt-enabled is off
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    pub txt_encrypt_aes_key: SecretString,

    /// The namespace with the DNSRecord objects of the registry crd [default: that of the pod, else
    /// that of the kubeconfig's context, else default]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub crd_registry_namespace: String,

    /// The table of the registry dynamodb; its partition key is k, a text
    #[arg(long, value_name = "NAME", default_value = "external-dns")]
    pub dynamodb_table: String,

    /// The region of that table [default: that of AWS_REGION or the profile]
    #[arg(long, value_name = "REGION", default_value = "", hide_default_value = true)]
    pub dynamodb_region: String,

    /// Take over the records of this owner id and mark them with our own
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub migrate_from_txt_owner: String,

    /// In this run, count the records of a cluster that is no more as ours, given by its name or its
    /// owner id: what no other cluster wants of them is deleted (repeatable)
    #[arg(long, value_name = "CLUSTER", action = ArgAction::Append)]
    pub forget_cluster: Vec<String>,
}

/// The registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryKind {
    /// Ownership in the descriptions of Cloud Map's services.
    AwsSd,
    /// Ownership in `DNSRecord` objects of a cluster.
    Crd,
    /// Ownership in the items of a DynamoDB table.
    Dynamodb,
    /// Ownership in TXT records.
    Txt,
    /// No ownership.
    Noop,
}

/// The registries by their names.
const KINDS: [(&str, RegistryKind); 5] = [
    ("aws-sd", RegistryKind::AwsSd),
    ("crd", RegistryKind::Crd),
    ("dynamodb", RegistryKind::Dynamodb),
    ("noop", RegistryKind::Noop),
    ("txt", RegistryKind::Txt),
];

fn parse_kind(text: &str) -> Result<RegistryKind, String> {
    let found = KINDS.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
    found.ok_or_else(|| {
        format!("enum value must be one of {}, got '{text}'", KINDS.map(|(name, _)| name).join(","))
    })
}

impl RegistryKind {
    /// Its name, as in `--registry`.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// A cluster, as far as ownership is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterOwner {
    /// Its position in the settings.
    pub id: ClusterId,
    /// Its name, for the label `external-dns/cluster`.
    pub name: EcoString,
    /// Its own owner id; `None` for that of `--txt-owner-id`.
    pub owner: Option<EcoString>,
    /// How its ownership TXT records are named, if not by `--txt-prefix` and `--txt-suffix`.
    pub affix: Option<Affix>,
}

/// What is added to the name of a record for that of its ownership TXT record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Affix {
    /// What `--txt-prefix` says.
    Prefix(EcoString),
    /// What `--txt-suffix` says.
    Suffix(EcoString),
}

impl Args {
    /// What is wrong with the values for every registry, in upstream's words.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        self.mapper().err().map(|error| error.to_string()).into_iter().collect()
    }

    fn mapper(&self) -> Result<NameMapper, RegistryError> {
        let (prefix, suffix) = (self.txt_prefix.as_str(), self.txt_suffix.as_str());
        self.mapper_with(prefix, suffix)
    }

    /// How the ownership records of those owner ids are named whose clusters have affixes of their
    /// own.
    fn other_mappers(
        &self,
        clusters: &[ClusterOwner],
    ) -> Result<Vec<(EcoString, NameMapper)>, RegistryError> {
        let id_of = |own: &ClusterOwner| {
            own.owner.clone().unwrap_or_else(|| EcoString::from(self.txt_owner_id.as_str()))
        };
        let mut others = Vec::new();
        for cluster in clusters {
            let Some(affix) = &cluster.affix else { continue };
            let owner = id_of(cluster);
            let is_other = |own: &&ClusterOwner| id_of(own) == owner && own.affix != cluster.affix;
            if clusters.iter().any(|own| is_other(&own)) {
                return Err(RegistryError::Mappings { owner: owner.to_string() });
            }
            let (prefix, suffix) = match affix {
                Affix::Prefix(text) => (text.as_str(), ""),
                Affix::Suffix(text) => ("", text.as_str()),
            };
            others.push((owner, self.mapper_with(prefix, suffix)?));
        }
        Ok(others)
    }

    fn mapper_with(&self, prefix: &str, suffix: &str) -> Result<NameMapper, RegistryError> {
        if !prefix.is_empty() && !suffix.is_empty() {
            return Err(RegistryError::Affixes);
        }
        let separator = |flag, value: &str, remedy| RegistryError::Separator {
            flag,
            value: value.to_owned(),
            remedy,
        };
        if prefix.ends_with(TEMPLATE) {
            return Err(separator("txt-prefix", prefix, format!("{prefix}-")));
        }
        if suffix.starts_with(TEMPLATE) {
            return Err(separator("txt-suffix", suffix, format!("-{suffix}")));
        }
        Ok(NameMapper::new(prefix, suffix, &self.txt_wildcard_replacement))
    }

    fn codec(&self) -> Result<Codec, RegistryError> {
        let key = &self.txt_encrypt_aes_key;
        match (key.expose_secret().is_empty(), self.txt_encrypt_enabled) {
            (true, true) => Err(RegistryError::NoKey),
            (true, false) => Ok(Codec::default()),
            (false, encrypts) => Ok(Codec::new(Cipher::new(key)?, encrypts)),
        }
    }

    /// The owner ids of these clusters (none: one cluster that needs no name); none if the registry
    /// keeps no owners.
    ///
    /// # Errors
    /// An owner id that could not be read back.
    pub fn owners(&self, clusters: &[ClusterOwner]) -> Result<Owners, OwnerIdError> {
        match self.registry {
            RegistryKind::Noop => Ok(Owners::default()),
            _ => self.owner_ids(clusters),
        }
    }

    /// The owner ids of these clusters, also where the registry keeps no owners: a provider may keep them itself.
    ///
    /// # Errors
    /// The first id that could not be read back from a TXT record.
    pub fn owner_ids(&self, clusters: &[ClusterOwner]) -> Result<Owners, OwnerIdError> {
        let id_of = |own: Option<&EcoString>| {
            own.cloned().unwrap_or_else(|| EcoString::from(self.txt_owner_id.as_str()))
        };
        let alone = clusters.is_empty().then(|| (ClusterId::default(), id_of(None)));
        let ids = clusters.iter().map(|cluster| (cluster.id, id_of(cluster.owner.as_ref())));
        let old = EcoString::from(self.migrate_from_txt_owner.as_str());
        let names = clusters.iter().map(|cluster| (cluster.id, cluster.name.clone()));
        let gone = self.forget_cluster.iter().map(EcoString::from);
        let owners = Owners::new(ids.chain(alone))?.named(names);
        Ok(owners.migrating_from(Some(old)).forgetting(gone))
    }

    /// The registry that the provider can have: Cloud Map stores no TXT records, and keeps the owner of a service in its
    /// description, which other providers do not have.
    ///
    /// # Errors
    /// When only another provider can have it.
    pub fn with_provider(&self, provider: &str) -> Result<Self, RegistryError> {
        let can_keep = matches!(self.registry, RegistryKind::AwsSd | RegistryKind::Noop);
        let registry = match (provider == CLOUD_MAP, self.registry) {
            (true, _) if !can_keep => RegistryKind::AwsSd,
            (false, RegistryKind::AwsSd) => {
                return Err(RegistryError::OtherProvider { provider: provider.to_owned() });
            }
            (_, registry) => registry,
        };
        Ok(Self { registry, ..self.clone() })
    }

    fn txt_registry(
        &self,
        owners: Owners,
        clusters: &[ClusterOwner],
    ) -> Result<TxtRegistry, RegistryError> {
        let (codec, mapper) = (self.codec()?, self.mapper()?);
        Ok(TxtRegistry::new(owners, mapper, self.other_mappers(clusters)?, codec))
    }

    fn warn_of_encryption(&self, why: &str) {
        if self.txt_encrypt_enabled {
            tracing::warn!("--txt-encrypt-enabled is ignored: {why}");
        }
    }

    /// Refuses to forget a cluster that is there.
    fn check_forgotten(&self, clusters: &[ClusterOwner]) -> Result<(), RegistryError> {
        let is_there = |gone: &&String| {
            let id_of = |own: &ClusterOwner| own.owner.clone();
            let mut ids =
                clusters.iter().filter_map(id_of).chain([self.txt_owner_id.as_str().into()]);
            clusters.iter().any(|own| own.name == gone.as_str())
                || ids.any(|id| id == gone.as_str())
        };
        match self.forget_cluster.iter().find(is_there) {
            Some(name) => Err(RegistryError::Configured { name: name.clone() }),
            None => Ok(()),
        }
    }
}

/// Where ownership is kept that is not in the zones.
#[derive(Default)]
pub struct Places {
    /// The cluster with the objects of the registry `crd`.
    pub keeper: Option<Keeper>,
    /// How AWS is called for the table of the registry `dynamodb`.
    #[cfg(feature = "aws")]
    pub aws: AwsCalls,
}

/// The registry that the flags name, for these clusters (none: one cluster that needs no name).
///
/// # Errors
/// An owner id or affix that could not be read back, an encryption key that is none, or a store that
/// cannot be one.
pub fn from_args(
    args: &Args,
    clusters: &[ClusterOwner],
    places: Places,
) -> Result<Box<dyn Registry>, RegistryError> {
    args.check_forgotten(clusters)?;
    match args.registry {
        RegistryKind::AwsSd => {
            args.warn_of_encryption("the registry aws-sd writes no TXT records");
            Ok(Box::new(AwsSd::new(args.owners(clusters)?)))
        }
        RegistryKind::Crd => {
            let owners = args.owners(clusters)?;
            let ids = clusters.iter().filter_map(|cluster| cluster.owner.as_deref());
            for id in ids.chain([args.txt_owner_id.as_str()]) {
                if !is_label_value(id) {
                    return Err(RegistryError::Label { id: id.to_owned() });
                }
            }
            let namespace = &args.crd_registry_namespace;
            if !namespace.is_empty() && !is_namespace(namespace) {
                return Err(RegistryError::Namespace { name: namespace.clone() });
            }
            let keeper = places.keeper.filter(Keeper::can_write).ok_or(RegistryError::NoCluster)?;
            args.warn_of_encryption("the registry crd writes no TXT records");
            Ok(Box::new(Outside::new(owners, Box::new(Crd::new(keeper, namespace)))))
        }
        #[cfg(not(feature = "aws"))]
        RegistryKind::Dynamodb => Err(RegistryError::WithoutAws),
        #[cfg(feature = "aws")]
        RegistryKind::Dynamodb => {
            let owners = args.owners(clusters)?;
            if !is_table(&args.dynamodb_table) {
                return Err(RegistryError::Table { name: args.dynamodb_table.clone() });
            }
            args.warn_of_encryption("the registry dynamodb writes no TXT records");
            let txt = args.txt_registry(owners.clone(), clusters)?;
            let (table, region) = (args.dynamodb_table.clone(), args.dynamodb_region.clone());
            let place = Place { table, region, aws: places.aws };
            Ok(Box::new(DynamoDb::new(owners, txt, place)))
        }
        RegistryKind::Noop => {
            if !args.migrate_from_txt_owner.is_empty() {
                tracing::warn!(
                    "--migrate-from-txt-owner is ignored: the registry noop keeps no owners"
                );
            }
            args.warn_of_encryption("the registry noop writes no ownership");
            Ok(Box::new(Noop::new()))
        }
        RegistryKind::Txt => {
            let owners = args.owners(clusters)?;
            Ok(Box::new(args.txt_registry(owners, clusters)?))
        }
    }
}

/// Whether a text can be the value of a label (Kubernetes, "Labels and Selectors").
fn is_label_value(text: &str) -> bool {
    is_word(text, |byte| byte.is_ascii_alphanumeric(), b"-_.")
}

/// Whether a text can be the name of a namespace (RFC 1123 label).
fn is_namespace(text: &str) -> bool {
    is_word(text, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(), b"-")
}

fn is_word(text: &str, may_end: impl Fn(u8) -> bool, inner: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let ends = bytes.first().zip(bytes.last());
    text.len() <= 63
        && ends.is_some_and(|(first, last)| may_end(*first) && may_end(*last))
        && bytes.iter().all(|byte| may_end(*byte) || inner.contains(byte))
}

#[cfg(test)]
mod tests;

//! The keys of the configuration file: those of its own, by section, and those of flags.

use std::collections::BTreeMap;

use clap::Command;

use super::super::layer::{Flag, FlagKind, Flags};

/// Where a key may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// `defaults`, for all clusters and targets.
    Defaults,
    /// An entry of `clusters`.
    Cluster,
    /// An entry of `targets`.
    Target,
}

/// A key of the file's own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    #[cfg_attr(not(test), expect(dead_code, reason = "only the schema says it"))]
    pub(super) about: &'static str,
}

/// What the value of a key is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// One text or number.
    Text,
    /// A whole number up to this.
    Whole(u64),
    /// A whole number, or `null` for no limit.
    Limit,
    /// Several texts, or one.
    Texts,
    /// Nothing, as `{}`.
    Nothing,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Keys of these names.
    Fields(&'static [Key]),
    /// The same, or one text.
    TextOrFields(&'static [Key]),
    /// Exactly one of these keys, or one of these texts.
    Choice(&'static [Key], &'static [&'static str]),
    /// Keys of a section: those of its own and those of flags.
    Section(
        #[cfg_attr(not(test), expect(dead_code, reason = "only the schema needs to know"))] Section,
    ),
    /// A list of such.
    Entries(
        #[cfg_attr(not(test), expect(dead_code, reason = "only the schema needs to know"))] Section,
    ),
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about }
}

/// The keys at the top.
pub(super) const TOP: &[Key] = &[
    key("apiVersion", Shape::OneOf(&["extdns/v1"]), "The version of this form."),
    key(
        "defaults",
        Shape::Section(Section::Defaults),
        "Flags, in camelCase, for all clusters and targets.",
    ),
    key("clusters", Shape::Entries(Section::Cluster), "Where objects are read, in order."),
    key(
        "targets",
        Shape::Entries(Section::Target),
        "Where records go; each is planned on its own.",
    ),
    key(
        "sharing",
        Shape::OneOf(&["first", "merge", "weighted"]),
        "Who gets a name that several clusters want.",
    ),
    key("guard", Shape::Fields(GUARD), "How much one run may delete and update."),
    key(
        "state",
        Shape::Choice(STATE, &["none"]),
        "Where runs keep what the next one needs to know.",
    ),
];

pub(super) const GUARD: &[Key] = &[
    key("maxDeletePercent", Shape::Whole(100), "Delete at most this many of a hundred records."),
    key("maxUpdatePercent", Shape::Whole(100), "Update at most this many of a hundred records."),
    key("minRecords", Shape::Whole(u64::MAX), "Count percentages from this many records on."),
    key("maxDeletes", Shape::Limit, "Delete at most this many records; null for any number."),
];

/// The flags that the keys of `guard` stand for.
pub(super) const GUARD_FLAGS: [(&str, &str); 4] = [
    ("maxDeletePercent", "max-delete-percent"),
    ("maxUpdatePercent", "max-update-percent"),
    ("minRecords", "guard-min-records"),
    ("maxDeletes", "max-deletes"),
];

const STATE: &[Key] = &[
    key(
        "dynamodb",
        Shape::Fields(&[key("table", Shape::Text, "The name of the table.")]),
        "An item of a DynamoDB table for each target.",
    ),
    key(
        "s3",
        Shape::Fields(&[
            key("bucket", Shape::Text, "The bucket."),
            key("prefix", Shape::Text, "What the keys begin with."),
        ]),
        "An object of S3 for each target.",
    ),
    key(
        "kubernetes",
        Shape::Fields(&[
            key("namespace", Shape::Text, "The namespace of the Lease objects."),
            key("name", Shape::Text, "What their names begin with."),
        ]),
        "A Lease object of the first cluster for each target.",
    ),
    key("file", Shape::Fields(&[key("path", Shape::Text, "Its path.")]), "A file."),
];

/// The keys of a cluster that are no flags.
pub(super) const CLUSTER: &[Key] = &[
    key("name", Shape::Text, "Its name: 1 to 40 lower-case letters, digits and \"-\"; unique."),
    key(
        "eks",
        Shape::Fields(&[
            key("name", Shape::Text, "The name of the cluster of EKS."),
            key("region", Shape::Text, "Its region."),
            key("assumeRole", Shape::Text, "ARN of the IAM role to be assumed."),
            key("externalId", Shape::Text, "The external id that the role asks for."),
        ]),
        "A cluster of EKS.",
    ),
    key(
        "gke",
        Shape::Fields(&[
            key("name", Shape::Text, "The name of the cluster of GKE."),
            key("location", Shape::Text, "Its region or zone; without it, any."),
            key("project", Shape::Text, "Its project."),
        ]),
        "A cluster of GKE.",
    ),
    key(
        "aks",
        Shape::Fields(&[
            key("name", Shape::Text, "The name of the cluster of AKS."),
            key("resourceGroup", Shape::Text, "Its resource group; without it, any."),
            key("subscriptionId", Shape::Text, "Its subscription."),
            key("configFile", Shape::Text, "The file with the credentials, like azure.json."),
        ]),
        "A cluster of AKS.",
    ),
    key(
        "kubeconfig",
        Shape::TextOrFields(&[
            key("path", Shape::Text, "A file."),
            key("ssm", Shape::Text, "A parameter of AWS Systems Manager."),
            key("s3", Shape::Text, "An object of S3, like bucket/key."),
            key("secretsManager", Shape::Text, "A secret of AWS Secrets Manager."),
            key("inline", Shape::Text, "The kubeconfig itself, as a text."),
            key("context", Shape::Text, "The context; without it the current one."),
        ]),
        "A kubeconfig.",
    ),
    key("inCluster", Shape::Nothing, "The cluster in which the process runs."),
    key("manifests", Shape::Texts, "Files and folders of YAML or JSON; - for standard input."),
    key("txtOwnerId", Shape::Text, "Its own owner id."),
    key("txtPrefix", Shape::Text, "Text before the names of its ownership TXT records."),
    key("txtSuffix", Shape::Text, "Text behind the first label of those names, in place of it."),
    key("domains", Shape::Texts, "Domains whose names it may publish; others are dropped."),
    key("timeout", Shape::Text, "How long reading it may take, like 60s."),
    key("weight", Shape::Whole(255), "The weight of its records with sharing: weighted."),
];

/// The ways to reach a cluster. It has one.
pub(super) const ACCESS: [&str; 6] = ["eks", "gke", "aks", "kubeconfig", "inCluster", "manifests"];

/// The keys of a target that are no flags.
pub(super) const TARGET: &[Key] = &[
    key("name", Shape::Text, "Its name: 1 to 40 lower-case letters, digits and \"-\"; unique."),
    key("clusters", Shape::Texts, "The clusters whose records go there; without it all."),
];

/// Keys that are written in another way than their flags.
const PLURALS: [(&str, &str); 1] = [("sources", "source")];

/// Flags that make no sense in the file that they name.
const NOT_IN_FILES: [&str; 3] = ["config", "help", "version"];

/// The flags by the keys that stand for them.
pub(crate) struct FlagKeys(BTreeMap<String, FlagKey>);

/// The flag of a key.
#[derive(Debug, Clone)]
pub(crate) struct FlagKey {
    pub(crate) flag: String,
    pub(crate) kind: FlagKind,
    /// The narrowest section in which it may stand; it may stand under `defaults` in any case.
    pub(crate) section: Section,
}

impl FlagKeys {
    /// The keys of all flags of a command.
    pub(crate) fn of(command: &Command, flags: &Flags) -> Self {
        let pipeline = extdns_sources::Args::pipeline_flags();
        let mut keys = BTreeMap::new();
        for (name, Flag { kind, .. }) in
            flags.iter().filter(|(name, _)| !NOT_IN_FILES.contains(name))
        {
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name));
            let heading = arg.and_then(clap::Arg::get_help_heading).unwrap_or_default();
            let section = match heading {
                _ if pipeline.iter().any(|own| own == name) => Section::Defaults,
                "Kubernetes" | "Sources" => Section::Cluster,
                "Plan" | "Guard" | "Ownership" => Section::Target,
                heading if heading.starts_with("Provider") => Section::Target,
                _ => Section::Defaults,
            };
            let key = FlagKey { flag: name.to_owned(), kind, section };
            for (plural, _) in PLURALS.iter().filter(|(_, flag)| *flag == name) {
                keys.insert((*plural).to_owned(), key.clone());
            }
            keys.insert(camel_case(name), key);
        }
        Self(keys)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&FlagKey> {
        self.0.get(key)
    }

    /// The keys that may stand in a section.
    pub(crate) fn of_section(&self, section: Section) -> impl Iterator<Item = (&str, &FlagKey)> {
        let fits = move |own: &FlagKey| section == Section::Defaults || own.section == section;
        self.0.iter().filter(move |(_, own)| fits(own)).map(|(key, own)| (key.as_str(), own))
    }
}

impl Section {
    /// The keys of its own.
    pub(super) fn own_keys(self) -> &'static [Key] {
        match self {
            Self::Defaults => &[],
            Self::Cluster => CLUSTER,
            Self::Target => TARGET,
        }
    }

    /// Where its keys belong.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Defaults => "under defaults",
            Self::Cluster => "under a cluster, or under defaults for all of them",
            Self::Target => "under a target, or under defaults for all of them",
        }
    }
}

/// `txt-owner-id` is `txtOwnerId`.
pub(super) fn camel_case(flag: &str) -> String {
    let mut key = String::with_capacity(flag.len());
    let mut upper = false;
    for char in flag.chars() {
        match char {
            '-' => upper = true,
            _ if upper => {
                key.extend(char.to_uppercase());
                upper = false;
            }
            _ => key.push(char),
        }
    }
    key
}

/// The key that a mistyped one most resembles.
pub(super) fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = key.to_lowercase();
    known
        .map(|own| (strsim::damerau_levenshtein(&own.to_lowercase(), &lower), own))
        .min()
        .filter(|(distance, own)| *distance <= (own.len() / 3).max(2))
        .map(|(_, own)| own)
}

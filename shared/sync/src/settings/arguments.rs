//! Every flag as a type, and the clusters and targets of a run: those of the configuration file, or the
//! one of each that the flags name. A cluster or target of the file has flags of its own.

use std::path::Path;
use std::time::Duration;

use extdns_clusters::{Access, Cluster};
use extdns_model::ClusterId;
use extdns_registry::Affix;

use super::command::{self, Command, CommandArgs};
use super::file::{FileCluster, FileTarget};
use super::help::after_help;
use super::origin::Given;
use super::process::ProcessArgs;

/// Every flag, one struct per area.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "external-dns",
    version,
    about = "Keeps DNS zones equal to what Kubernetes clusters expose.",
    max_term_width = 100,
    override_usage = "external-dns [COMMAND] [FLAGS]",
    help_template = "{about}\n\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}",
    before_help = command::help(),
    after_help = after_help()
)]
pub struct Arguments {
    /// What is asked for.
    #[arg(skip)]
    pub command: Command,
    /// The flags that are given, in layers: the first of a name counts.
    #[arg(skip)]
    pub given: Vec<Given>,
    /// The flags that are given and that the provider does not use.
    #[arg(skip)]
    pub without_effect: Vec<Given>,
    /// What is most likely a slip of the hand, as warnings.
    #[arg(skip)]
    pub hints: Vec<String>,
    /// The clusters of the run, in order; at least one.
    #[arg(skip)]
    pub cluster_entries: Vec<ClusterEntry>,
    /// The targets of the run, in order; at least one.
    #[arg(skip)]
    pub target_entries: Vec<TargetEntry>,
    /// What only some commands take.
    #[command(flatten)]
    pub commands: CommandArgs,
    /// The run itself.
    #[command(flatten)]
    pub process: ProcessArgs,
    /// Where clusters are.
    #[command(flatten)]
    pub clusters: extdns_clusters::Args,
    /// What is read from them.
    #[command(flatten)]
    pub sources: extdns_sources::Args,
    /// What is planned.
    #[command(flatten)]
    pub plan: extdns_plan::Args,
    /// Who owns records.
    #[command(flatten)]
    pub registry: extdns_registry::Args,
    /// Where records live.
    #[command(flatten)]
    pub providers: extdns_providers::Args,
    /// What runs leave for the next.
    #[command(flatten)]
    pub state: extdns_state::Args,
    /// What asks for runs.
    #[command(flatten)]
    pub relay: extdns_relay::Args,
}

impl Arguments {
    /// Whether the objects of a cluster come from standard input.
    #[must_use]
    pub fn reads_input(&self) -> bool {
        self.cluster_entries.iter().any(ClusterEntry::reads_input)
    }
}

/// The name of the one cluster of a run without a configuration file.
pub const DEFAULT_CLUSTER: &str = "default";

/// Where objects are read.
#[derive(Debug, Clone)]
pub struct ClusterEntry {
    /// Its name.
    pub name: String,
    /// How it is reached, where the entry says so; else its flags do.
    pub access: Option<Access>,
    /// Its own owner id, where it has one.
    pub owner: Option<String>,
    /// How its ownership TXT records are named, if not as the target's flags say.
    pub affix: Option<Affix>,
    /// The domains whose names it may publish; none for all.
    pub domains: Vec<String>,
    /// How long it may take to read it.
    pub timeout: Option<Duration>,
    /// The weight of its records where the targets share names by weight.
    pub weight: Option<u8>,
    /// What its entry says with keys that are no flags, for messages and for the hash of a run.
    pub own: Vec<Given>,
    /// Its flags: those of sources and of Kubernetes count.
    pub arguments: Arguments,
}

/// Where records go.
#[derive(Debug, Clone)]
pub struct TargetEntry {
    /// Its name: that of its provider, where the settings give none.
    pub name: String,
    /// The clusters whose records go there, by name; `None` for all.
    pub clusters: Option<Vec<String>>,
    /// What its entry says with keys that are no flags.
    pub own: Vec<Given>,
    /// Its flags: those of provider, registry and plan count.
    pub arguments: Arguments,
}

impl ClusterEntry {
    /// A cluster of the configuration file, with its flags.
    pub(super) fn of_file(file: FileCluster, arguments: Arguments) -> Self {
        let FileCluster { name, access, owner, affix, domains, timeout, weight, own, .. } = file;
        Self { name, access, owner, affix, domains, timeout, weight, own, arguments }
    }

    /// The one cluster that flags name.
    pub(super) fn of_flags(arguments: &Arguments) -> Self {
        Self {
            name: DEFAULT_CLUSTER.to_owned(),
            access: None,
            owner: None,
            affix: None,
            domains: Vec::new(),
            timeout: None,
            weight: None,
            own: Vec::new(),
            arguments: arguments.clone(),
        }
    }

    /// Whether its objects come from standard input.
    #[must_use]
    pub fn reads_input(&self) -> bool {
        let paths = match &self.access {
            Some(Access::Manifests(paths)) => paths,
            Some(_) => return false,
            None => &self.arguments.clusters.manifests,
        };
        paths.iter().any(|path| path == Path::new("-"))
    }

    /// The cluster, of which nothing is read yet.
    #[must_use]
    pub fn cluster(&self, id: ClusterId) -> Cluster {
        let cluster = self.arguments.clusters.cluster(id, self.name.as_str());
        match &self.access {
            Some(access) => Cluster { access: access.clone(), ..cluster },
            None => cluster,
        }
    }
}

impl TargetEntry {
    /// A target of the configuration file, with its flags.
    pub(super) fn of_file(file: FileTarget, arguments: Arguments) -> Self {
        Self { name: file.name, clusters: file.clusters, own: file.own, arguments }
    }

    /// The one target that flags name.
    pub(super) fn of_flags(arguments: &Arguments) -> Self {
        Self {
            name: arguments.providers.provider.name.to_owned(),
            clusters: None,
            own: Vec::new(),
            arguments: arguments.clone(),
        }
    }
}

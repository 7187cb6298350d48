//! The flags, parsed.

use ecow::EcoString;
use extdns_clusters::{Selector, SelectorError};
use extdns_model::{NetFilter, NetFilterError, Ttl};
use ipnet::{IpNet, Ipv6Net};

use crate::args::Args;
use crate::crd::CrdKind;
use crate::ingress::CLASS_ANNOTATION;
use crate::records::TargetGroups;
use crate::service::ServiceTypes;
use crate::table::Entry;

/// What the sources and the pipeline do, ready to use.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is gathered.
    pub gather: GatherOptions,
    /// What becomes of it.
    pub pipeline: PipelineOptions,
}

/// What is gathered, and of which objects.
#[derive(Clone, Debug)]
pub struct GatherOptions {
    /// Each source once, in the order that decides who wins.
    pub(crate) sources: Vec<&'static str>,
    pub(crate) namespace: Option<EcoString>,
    pub(crate) annotation_prefix: Option<EcoString>,
    pub(crate) annotation_filter: Selector,
    pub(crate) label_filter: Selector,
    pub(crate) ingress_classes: Vec<EcoString>,
    pub(crate) crd: CrdKind,
    pub(crate) ignore_ingress_tls: bool,
    pub(crate) ignore_ingress_rules: bool,
    pub(crate) service_types: ServiceTypes,
    pub(crate) publish_internal_services: bool,
    pub(crate) publish_host_ip: bool,
    pub(crate) publish_not_ready: bool,
    pub(crate) resolve_hostnames: bool,
    pub(crate) exclude_unschedulable: bool,
    pub(crate) expose_internal_v6: bool,
    pub(crate) ignore_non_host_network_pods: bool,
    pub(crate) pod_source_domain: Option<EcoString>,
    pub(crate) written: WrittenFilters,
}

/// The values of filters as the user wrote them, for messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenFilters {
    pub(crate) annotations: EcoString,
    pub(crate) labels: EcoString,
    pub(crate) classes: EcoString,
    pub(crate) service_types: EcoString,
}

impl WrittenFilters {
    fn of(args: &Args) -> Self {
        Self {
            annotations: args.annotation_filter.as_str().into(),
            labels: args.label_filter.as_str().into(),
            classes: args.ingress_class.join(",").into(),
            service_types: args.service_type_filter.join(",").into(),
        }
    }
}

/// What becomes of the endpoints of all clusters before the plan.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    pub(crate) default_targets: TargetGroups,
    pub(crate) force_default_targets: bool,
    pub(crate) nat64: Vec<Ipv6Net>,
    pub(crate) target_nets: NetFilter,
    pub(crate) create_ptr: bool,
    pub(crate) default_ttl: Ttl,
    pub(crate) prefer_alias: bool,
}

/// A flag that says something wrong.
#[derive(Debug, Clone, thiserror::Error)]
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
    /// Annotation keys would begin with nothing.
    #[error("--annotation-prefix cannot be empty")]
    EmptyPrefix,
    /// The prefix would run into the key.
    #[error("--annotation-prefix must end with '/'")]
    PrefixWithoutSlash,
    /// The class would be filtered twice.
    #[error(
        "--ingress-class is mutually exclusive with the kubernetes.io/ingress.class annotation filter"
    )]
    ClassFilteredTwice,
    /// No ingress can have such a class.
    #[error(
        "--ingress-class: {0:?} is no class; a class is a label value: at most 63 letters, digits, '-', '_' and '.'"
    )]
    Class(String),
    /// There can be no such kind of object.
    #[error(
        "--crd-source-apiversion={api_version:?} and --crd-source-kind={kind:?} name no kind of object; they look like externaldns.k8s.io/v1alpha1 and DNSEndpoint"
    )]
    CrdKind {
        /// `--crd-source-apiversion`.
        api_version: String,
        /// `--crd-source-kind`.
        kind: String,
    },
    /// No service has such a type.
    #[error(
        "--service-type-filter: {0:?} is no service type; use ClusterIP, NodePort, LoadBalancer or ExternalName"
    )]
    ServiceType(String),
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

impl GatherOptions {
    /// Whether some source reads a cluster; if none does, there is no need to connect to one.
    #[must_use]
    pub fn needs_cluster(&self) -> bool {
        self.sources
            .iter()
            .any(|name| Entry::find(name).is_some_and(|entry| !entry.needs.is_empty()))
    }
}

impl TryFrom<&Args> for Options {
    type Error = OptionsError;

    fn try_from(args: &Args) -> Result<Self, OptionsError> {
        Ok(Self { gather: gather_options(args)?, pipeline: pipeline_options(args)? })
    }
}

fn gather_options(args: &Args) -> Result<GatherOptions, OptionsError> {
    Ok(GatherOptions {
        sources: sources(&args.source),
        namespace: non_empty(&args.namespace),
        annotation_filter: selector(
            "annotation-filter",
            Selector::annotations(&args.annotation_filter),
        )?,
        label_filter: selector("label-filter", Selector::labels(&args.label_filter))?,
        annotation_prefix: args.annotation_prefix.as_deref().map(annotation_prefix).transpose()?,
        ingress_classes: ingress_classes(args)?,
        crd: crd_kind(args)?,
        ignore_ingress_tls: args.ignore_ingress_tls_spec,
        ignore_ingress_rules: args.ignore_ingress_rules_spec,
        service_types: ServiceTypes::parse(&args.service_type_filter)
            .map_err(OptionsError::ServiceType)?,
        publish_internal_services: args.publish_internal_services,
        publish_host_ip: args.publish_host_ip,
        publish_not_ready: args.always_publish_not_ready_addresses,
        resolve_hostnames: args.resolve_service_load_balancer_hostname,
        exclude_unschedulable: args.exclude_unschedulable,
        expose_internal_v6: args.expose_internal_ipv6,
        ignore_non_host_network_pods: args.ignore_non_host_network_pods,
        pod_source_domain: non_empty(&args.pod_source_domain),
        written: WrittenFilters::of(args),
    })
}

fn pipeline_options(args: &Args) -> Result<PipelineOptions, OptionsError> {
    let default_targets = args.default_targets.iter().map(|target| {
        let target = target.trim();
        target.strip_suffix('.').unwrap_or(target)
    });
    Ok(PipelineOptions {
        default_targets: default_targets.collect(),
        force_default_targets: args.force_default_targets,
        nat64: args
            .nat64_networks
            .iter()
            .map(|text| nat64_prefix(text))
            .collect::<Result<_, _>>()?,
        target_nets: NetFilter::new(&args.target_net_filter, &args.exclude_target_net)?,
        create_ptr: args.create_ptr,
        default_ttl: Ttl::from_seconds(i64::try_from(args.min_ttl.as_secs()).unwrap_or(i64::MAX)),
        prefer_alias: args.prefer_alias,
    })
}

/// The sources of the table that are named, each once.
fn sources(names: &[String]) -> Vec<&'static str> {
    let mut sources = Vec::with_capacity(names.len());
    for entry in names.iter().filter_map(|name| Entry::find(name)) {
        if !sources.contains(&entry.name) {
            sources.push(entry.name);
        }
    }
    sources
}

fn non_empty(text: &str) -> Option<EcoString> {
    (!text.is_empty()).then(|| text.into())
}

fn selector(
    flag: &'static str,
    parsed: Result<Selector, SelectorError>,
) -> Result<Selector, OptionsError> {
    parsed.map_err(|source| OptionsError::Selector { flag, source })
}

fn annotation_prefix(prefix: &str) -> Result<EcoString, OptionsError> {
    match prefix {
        "" => Err(OptionsError::EmptyPrefix),
        prefix if !prefix.ends_with('/') => Err(OptionsError::PrefixWithoutSlash),
        prefix => Ok(prefix.into()),
    }
}

fn ingress_classes(args: &Args) -> Result<Vec<EcoString>, OptionsError> {
    let filtered = |key: &str| {
        let filter = &args.annotation_filter;
        filter.split(|char: char| char.is_whitespace() || "=!(),".contains(char)).any(|k| k == key)
    };
    if !args.ingress_class.is_empty() && filtered(CLASS_ANNOTATION) {
        return Err(OptionsError::ClassFilteredTwice);
    }
    match args.ingress_class.iter().find(|class| !is_label_value(class)) {
        Some(class) => Err(OptionsError::Class(class.clone())),
        None => Ok(args.ingress_class.iter().map(Into::into).collect()),
    }
}

fn crd_kind(args: &Args) -> Result<CrdKind, OptionsError> {
    let (api_version, kind) = (&args.crd_source_apiversion, &args.crd_source_kind);
    CrdKind::parse(api_version, kind).ok_or_else(|| OptionsError::CrdKind {
        api_version: api_version.clone(),
        kind: kind.clone(),
    })
}

fn is_label_value(text: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn nat64_prefix(text: &str) -> Result<Ipv6Net, OptionsError> {
    match text.trim().parse() {
        Ok(IpNet::V6(net)) if net.prefix_len() == 96 => Ok(net.trunc()),
        _ => Err(OptionsError::Nat64(text.to_owned())),
    }
}

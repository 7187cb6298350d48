//! Flags of the sources and of the pipeline behind them.

use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args as ClapArgs};
use extdns_model::parse_go_duration;

use crate::table::SOURCES;

/// What is gathered, and what becomes of it before the plan.
#[derive(ClapArgs, Clone, Debug)]
#[command(next_help_heading = "Sources")]
#[group(skip)]
pub struct Args {
    /// The kinds of objects that names come from (repeatable); their order decides who wins where
    /// two want the same record.
    #[arg(long, required = true, value_name = "NAME", action = ArgAction::Append, value_parser = PossibleValuesParser::new(SOURCES.map(|entry| entry.name)))]
    pub source: Vec<String>,

    /// Look at this namespace only; empty means all.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAMESPACE")]
    pub namespace: String,

    /// Look only at objects whose annotations match this selector.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "SELECTOR")]
    pub annotation_filter: String,

    /// Read exactly the annotations that begin so. Without this flag: external-dns.kubernetes.io/,
    /// and external-dns.alpha.kubernetes.io/ for each that is not there.
    #[arg(long, value_name = "PREFIX")]
    pub annotation_prefix: Option<String>,

    /// Look only at objects whose labels match this selector.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "SELECTOR")]
    pub label_filter: String,

    /// Look only at ingresses of this class (repeatable).
    #[arg(long, value_name = "CLASS", action = ArgAction::Append)]
    pub ingress_class: Vec<String>,

    /// Ignore the hosts in the TLS section of ingresses.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub ignore_ingress_tls_spec: bool,

    /// Ignore the hosts in the rules of ingresses.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub ignore_ingress_rules_spec: bool,

    /// Group and version of the objects that the source crd reads.
    #[arg(long, default_value = "externaldns.k8s.io/v1alpha1", value_name = "GROUP/VERSION")]
    pub crd_source_apiversion: String,

    /// Kind of the objects that the source crd reads.
    #[arg(long, default_value = "DNSEndpoint", value_name = "KIND")]
    pub crd_source_kind: String,

    /// Publish the cluster IP of ClusterIP services.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub publish_internal_services: bool,

    /// Publish the host IP of the pods behind headless services.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub publish_host_ip: bool,

    /// Publish pods behind headless services that are not ready, too.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub always_publish_not_ready_addresses: bool,

    /// Start a run when endpoints of headless services change; matters only to a loop with --events.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub listen_endpoint_events: bool,

    /// Publish the addresses of load balancers that have only a host name.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub resolve_service_load_balancer_hostname: bool,

    /// Look only at services of this type (repeatable): ClusterIP, NodePort, LoadBalancer or
    /// ExternalName.
    #[arg(long, value_name = "TYPE", action = ArgAction::Append)]
    pub service_type_filter: Vec<String>,

    /// Leave cordoned nodes out.
    #[arg(long, action = ArgAction::Set, default_value_t = true, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub exclude_unschedulable: bool,

    /// Count the internal IPv6 addresses of nodes as public.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub expose_internal_ipv6: bool,

    /// Leave pods out that do not use the network of their host.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub ignore_non_host_network_pods: bool,

    /// Publish the address of every pod under its name in this domain.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "DOMAIN")]
    pub pod_source_domain: String,

    /// Targets for endpoints that have none (repeatable).
    #[arg(long, value_name = "TARGET", action = ArgAction::Append)]
    pub default_targets: Vec<String>,

    /// Give the default targets to address and alias endpoints that have targets, too.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub force_default_targets: bool,

    /// Keep only targets in this network (repeatable).
    #[arg(long, value_name = "CIDR", action = ArgAction::Append)]
    pub target_net_filter: Vec<String>,

    /// Drop targets in this network (repeatable).
    #[arg(long, value_name = "CIDR", action = ArgAction::Append)]
    pub exclude_target_net: Vec<String>,

    /// Add an A record for AAAA targets in this NAT64 network, a /96 (repeatable).
    #[arg(long, value_name = "CIDR", action = ArgAction::Append)]
    pub nat64_networks: Vec<String>,

    /// TTL of records that have none of their own.
    #[arg(long, default_value = "0s", value_parser = parse_go_duration, value_name = "DURATION")]
    pub min_ttl: Duration,

    /// Make CNAME records provider-native aliases where the object does not say.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub prefer_alias: bool,

    /// Make PTR records for all addresses whose object does not opt out.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub create_ptr: bool,
}

//! The flags of the pipeline.

use std::time::Duration;

use clap::{ArgAction, Args};
use extdns_model::{NetFilter, Ttl, parse_go_duration};
use ipnet::{IpNet, Ipv6Net};

use crate::error::OptionsError;
use crate::records::TargetGroups;

/// What becomes of what is gathered, before the plan.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct PipelineFlags {
    /// Targets for endpoints that have none (repeatable).
    #[arg(long, value_name = "TARGET", action = ArgAction::Append)]
    default_targets: Vec<String>,

    /// Give the default targets to address and alias endpoints that have targets, too.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    force_default_targets: bool,

    /// Keep only targets in this network (repeatable).
    #[arg(long, value_name = "CIDR", action = ArgAction::Append)]
    target_net_filter: Vec<String>,

    /// Drop targets in this network (repeatable).
    #[arg(long, value_name = "CIDR", action = ArgAction::Append)]
    exclude_target_net: Vec<String>,

    /// Add an A record for AAAA targets in this NAT64 network, a /96 (repeatable).
    #[arg(long, value_name = "CIDR", action = ArgAction::Append)]
    nat64_networks: Vec<String>,

    /// TTL of records that have none of their own.
    #[arg(long, default_value = "0s", value_parser = parse_go_duration, value_name = "DURATION")]
    min_ttl: Duration,

    /// Make CNAME records provider-native aliases where the object does not say.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    prefer_alias: bool,

    /// Make PTR records for all addresses whose object does not opt out.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    create_ptr: bool,

    /// The former name of --create-ptr
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    rfc2136_create_ptr: bool,
}

impl PipelineFlags {
    /// What to say of the former name.
    pub(crate) fn deprecation(&self) -> Option<&'static str> {
        let text = "--rfc2136-create-ptr is deprecated, use --create-ptr instead";
        self.rfc2136_create_ptr.then_some(text)
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

impl TryFrom<&PipelineFlags> for PipelineOptions {
    type Error = OptionsError;

    fn try_from(args: &PipelineFlags) -> Result<Self, OptionsError> {
        let default_targets = args.default_targets.iter().map(|target| {
            let target = target.trim();
            target.strip_suffix('.').unwrap_or(target)
        });
        Ok(Self {
            default_targets: default_targets.collect(),
            force_default_targets: args.force_default_targets,
            nat64: args
                .nat64_networks
                .iter()
                .map(|text| nat64_prefix(text))
                .collect::<Result<_, _>>()?,
            target_nets: NetFilter::new(&args.target_net_filter, &args.exclude_target_net)?,
            create_ptr: args.create_ptr || args.rfc2136_create_ptr,
            default_ttl: Ttl::from_seconds(
                i64::try_from(args.min_ttl.as_secs()).unwrap_or(i64::MAX),
            ),
            prefer_alias: args.prefer_alias,
        })
    }
}

fn nat64_prefix(text: &str) -> Result<Ipv6Net, OptionsError> {
    match text.trim().parse() {
        Ok(IpNet::V6(net)) if net.prefix_len() == 96 => Ok(net.trunc()),
        _ => Err(OptionsError::Nat64(text.to_owned())),
    }
}

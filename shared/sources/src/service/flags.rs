//! The flags of the source `service`.

use clap::{ArgAction, Args};
use ecow::{EcoString, eco_format};

use crate::error::OptionsError;

use crate::objects::ServiceType;

/// The flags of the source `service`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Publish the cluster IP of ClusterIP services.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    publish_internal_services: bool,

    /// Publish the host IP of the pods behind headless services.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    publish_host_ip: bool,

    /// Publish pods behind headless services that are not ready, too.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    always_publish_not_ready_addresses: bool,

    /// Start a run when endpoints of headless services change; matters only to a loop with --events.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    listen_endpoint_events: bool,

    /// Publish the addresses of load balancers that have only a host name.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    resolve_service_load_balancer_hostname: bool,

    /// Look only at services of this type (repeatable): ClusterIP, NodePort, LoadBalancer or
    /// ExternalName.
    #[arg(long, value_name = "TYPE", action = ArgAction::Append)]
    service_type_filter: Vec<String>,
}

/// What the flags say.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(super) types: ServiceTypes,
    /// The filter of types as its flag is written.
    pub(super) written_types: Option<EcoString>,
    pub(super) publish_internal_services: bool,
    pub(super) publish_host_ip: bool,
    pub(super) publish_not_ready: bool,
    pub(super) resolve_hostnames: bool,
    /// Whether a change of the endpoints of headless services starts a run.
    pub(super) listens_to_endpoints: bool,
}

/// A flag of the source `service` that says something wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceFlagError {
    /// No service has such a type.
    #[error(
        "--service-type-filter: {0:?} is no service type; use ClusterIP, NodePort, LoadBalancer or ExternalName"
    )]
    Type(String),
}

impl Options {
    pub(super) fn read(flags: &Flags) -> Result<Self, OptionsError> {
        let written = &flags.service_type_filter;
        let flag = || eco_format!("--service-type-filter={}", written.join(","));
        Ok(Self {
            types: ServiceTypes::parse(written).map_err(OptionsError::source)?,
            written_types: (!written.is_empty()).then(flag),
            publish_internal_services: flags.publish_internal_services,
            publish_host_ip: flags.publish_host_ip,
            publish_not_ready: flags.always_publish_not_ready_addresses,
            resolve_hostnames: flags.resolve_service_load_balancer_hostname,
            listens_to_endpoints: flags.listen_endpoint_events,
        })
    }
}

/// The types of services that a run looks at.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceTypes(Vec<ServiceType>);

impl ServiceTypes {
    /// The types named by the flag; an empty name stands for all.
    ///
    /// # Errors
    /// The first text that names none.
    fn parse(texts: &[String]) -> Result<Self, ServiceFlagError> {
        if texts.iter().any(String::is_empty) {
            return Ok(Self::default());
        }
        let types = texts.iter().map(|text| match text.as_str() {
            "ClusterIP" => Ok(ServiceType::ClusterIp),
            "NodePort" => Ok(ServiceType::NodePort),
            "LoadBalancer" => Ok(ServiceType::LoadBalancer),
            "ExternalName" => Ok(ServiceType::ExternalName),
            _ => Err(ServiceFlagError::Type(text.clone())),
        });
        types.collect::<Result<_, _>>().map(Self)
    }

    /// Whether services of this type are looked at.
    pub(super) fn contain(&self, kind: ServiceType) -> bool {
        self.0.is_empty() || self.0.contains(&kind)
    }
}

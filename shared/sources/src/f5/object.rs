//! What is read of the objects of F5 Container Ingress Services (`cis.f5.com/v1`).

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use extdns_template::{Schema, Type};
use serde::Deserialize;

use crate::objects::projection;
use crate::templates::Templated;
use crate::templates::schemas::{STRICT, TEXT, schema, structs};

/// A virtual server, of HTTP or of TCP and UDP.
pub(crate) trait Server: Templated + Clone + Sync {
    fn spec(&self) -> &Spec;
    fn status(&self) -> &Status;
    /// The names that the server has besides its host.
    fn aliases(&self) -> &[EcoString];
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct VirtualServer {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TransportServer {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(super) host: EcoString,
    #[serde(deserialize_with = "nullable")]
    host_aliases: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    pub(super) virtual_server_address: EcoString,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    #[serde(deserialize_with = "nullable")]
    vs_address: EcoString,
}

impl Status {
    /// The address that the controller has set up, once it has.
    pub(super) fn address(&self) -> Option<&EcoString> {
        let address = &self.vs_address;
        (!address.is_empty() && !address.eq_ignore_ascii_case("none")).then_some(address)
    }
}

impl Server for VirtualServer {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn status(&self) -> &Status {
        &self.status
    }

    fn aliases(&self) -> &[EcoString] {
        &self.spec.host_aliases
    }
}

impl Server for TransportServer {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn status(&self) -> &Status {
        &self.status
    }

    fn aliases(&self) -> &[EcoString] {
        &[]
    }
}

projection!(VirtualServer: "cis.f5.com", "virtualservers", true);
projection!(TransportServer: "cis.f5.com", "transportservers", true);

structs! {
    VIRTUAL_SPEC "VirtualServerSpec" {
        "Host": Type::Text,
        "HostAliases": Type::List(&TEXT),
        "HostGroup": Type::Text,
        "HostGroupVirtualServerName": Type::Text,
        "HTTPTraffic": Type::Text,
        "VirtualServerName": Type::Text,
        "VirtualServerAddress": Type::Text,
        "AdditionalVirtualServerAddresses": Type::List(&TEXT),
        "IPAMLabel": Type::Text,
        "VirtualServerHTTPPort": Type::Int,
        "VirtualServerHTTPSPort": Type::Int,
        "TLSProfileName": Type::Text,
        "Partition": Type::Text,
        "Pools": Type::List(&STRICT),
    }
    TRANSPORT_SPEC "TransportServerSpec" {
        "Host": Type::Text,
        "HostGroup": Type::Text,
        "VirtualServerName": Type::Text,
        "VirtualServerAddress": Type::Text,
        "AdditionalVirtualServerAddresses": Type::List(&TEXT),
        "IPAMLabel": Type::Text,
        "VirtualServerPort": Type::Int,
        "Mode": Type::Text,
        "Type": Type::Text,
        "Partition": Type::Text,
        "Pool": Type::Strict,
    }
    STATUS "CustomResourceStatus" {
        "VSAddress": Type::Text,
        "Status": Type::Text,
        "Error": Type::Text,
    }
}

schema!(VIRTUAL, VIRTUAL_SPEC, STATUS);
schema!(TRANSPORT, TRANSPORT_SPEC, STATUS);

impl Templated for VirtualServer {
    const SCHEMA: &'static Schema = &VIRTUAL;
}

impl Templated for TransportServer {
    const SCHEMA: &'static Schema = &TRANSPORT;
}

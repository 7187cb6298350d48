//! What is read of the objects of F5 Container Ingress Services (`cis.f5.com/v1`).

use ecow::EcoString;
use extdns_clusters::Metadata;
use extdns_template::Type;

use crate::objects::{parts, projection};
use crate::templates::Templated;
use crate::templates::schemas::{STRICT, TEXT, schema, structs};

/// A virtual server, of HTTP or of TCP and UDP.
pub(crate) trait Server: std::fmt::Debug + Templated + Clone + Sync {
    fn spec(&self) -> &Spec;
    fn status(&self) -> &Status;
    /// The names that the server has besides its host.
    fn aliases(&self) -> &[EcoString];
}

parts! {
    pub(crate) struct VirtualServer {
        metadata: Metadata,
        spec: Spec,
        status: Status,
    }

    pub(crate) struct TransportServer {
        metadata: Metadata,
        spec: Spec,
        status: Status,
    }

    pub(crate) struct Spec {
        pub(super) host: EcoString,
        host_aliases: Vec<EcoString>,
        pub(super) virtual_server_address: EcoString,
    }

    pub(crate) struct Status as "CustomResourceStatus" {
        vs_address as "VSAddress": EcoString,
        + "Status": Type::Text,
        + "Error": Type::Text,
    }
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
}

schema!(VirtualServer: VIRTUAL_SPEC, Status::SEEN);
schema!(TransportServer: TRANSPORT_SPEC, Status::SEEN);

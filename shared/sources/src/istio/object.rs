//! What is read of the Gateways and VirtualServices of Istio (`networking.istio.io`).

use ecow::EcoString;
use extdns_clusters::{Metadata, Pairs};
use extdns_template::Type;

use crate::objects::{parts, projection};
use crate::templates::schemas::{STRICT, schema, structs};

parts! {
    pub(crate) struct Gateway {
        pub(super) metadata: Metadata,
        pub(super) spec: GatewaySpec,
    }

    pub(super) struct GatewaySpec as "Gateway" {
        servers as "Servers": Vec<Server>,
        pub(super) selector as "Selector": Pairs,
    }

    struct Server as "Server" {
        hosts as "Hosts": Vec<EcoString>,
        + "Port": Type::Strict,
        + "Bind": Type::Text,
        + "Tls": Type::Strict,
        + "DefaultEndpoint": Type::Text,
        + "Name": Type::Text,
    }

    pub(crate) struct VirtualService {
        pub(super) metadata: Metadata,
        pub(super) spec: VirtualServiceSpec,
    }

    pub(super) struct VirtualServiceSpec as "VirtualService" {
        pub(super) hosts as "Hosts": Vec<EcoString>,
        pub(super) gateways as "Gateways": Vec<EcoString>,
        pub(super) export_to as "ExportTo": Vec<EcoString>,
        + "Http": Type::List(&STRICT),
        + "Tls": Type::List(&STRICT),
        + "Tcp": Type::List(&STRICT),
    }
}

impl Gateway {
    /// All hosts of its servers, `host` or `namespace/host` each.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &EcoString> {
        self.spec.servers.iter().flat_map(|server| &server.hosts)
    }
}

projection!(Gateway: "networking.istio.io", ["v1", "v1beta1", "v1alpha3"], "gateways", true);
projection!(VirtualService: "networking.istio.io", ["v1", "v1beta1", "v1alpha3"], "virtualservices", true);

structs! {
    STATUS "IstioStatus" {
        "Conditions": Type::Hidden,
    }
}
schema!(Gateway: GatewaySpec::SEEN, STATUS);
schema!(VirtualService: VirtualServiceSpec::SEEN, STATUS);

//! What is read of the Gateways and VirtualServices of Istio (`networking.istio.io`).

use ecow::EcoString;
use extdns_clusters::{Metadata, Pairs, nullable};
use extdns_template::{Schema, Type};
use serde::Deserialize;

use crate::objects::projection;
use crate::templates::Templated;
use crate::templates::schemas::{STRICT, TEXT, schema, structs};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Gateway {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: GatewaySpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GatewaySpec {
    pub(super) selector: Pairs,
    #[serde(deserialize_with = "nullable")]
    servers: Vec<Server>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Server {
    #[serde(deserialize_with = "nullable")]
    hosts: Vec<EcoString>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct VirtualService {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: VirtualServiceSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VirtualServiceSpec {
    #[serde(deserialize_with = "nullable")]
    pub(super) hosts: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    pub(super) gateways: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    pub(super) export_to: Vec<EcoString>,
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
    SERVER as SERVER_T "Server" {
        "Port": Type::Strict,
        "Bind": Type::Text,
        "Hosts": Type::List(&TEXT),
        "Tls": Type::Strict,
        "DefaultEndpoint": Type::Text,
        "Name": Type::Text,
    }
    GATEWAY_SPEC "Gateway" {
        "Servers": Type::List(&SERVER_T),
        "Selector": Type::Map(&TEXT),
    }
    VIRTUAL_SERVICE_SPEC "VirtualService" {
        "Hosts": Type::List(&TEXT),
        "Gateways": Type::List(&TEXT),
        "Http": Type::List(&STRICT),
        "Tls": Type::List(&STRICT),
        "Tcp": Type::List(&STRICT),
        "ExportTo": Type::List(&TEXT),
    }
    STATUS "IstioStatus" {
        "Conditions": Type::Hidden,
    }
}

schema!(GATEWAY, GATEWAY_SPEC, STATUS);
schema!(VIRTUAL_SERVICE, VIRTUAL_SERVICE_SPEC, STATUS);

impl Templated for Gateway {
    const SCHEMA: &'static Schema = &GATEWAY;
}

impl Templated for VirtualService {
    const SCHEMA: &'static Schema = &VIRTUAL_SERVICE;
}

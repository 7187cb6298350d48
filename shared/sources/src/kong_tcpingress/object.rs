//! What is read of a TCPIngress.

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use serde::Deserialize;

use crate::objects::{LoadBalancerStatus, projection};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TcpIngress {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) status: LoadBalancerStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    /// The name that TLS clients ask for (SNI).
    #[serde(deserialize_with = "nullable")]
    pub(super) host: EcoString,
}

projection!(TcpIngress as "TCPIngress": "configuration.konghq.com", ["v1beta1"], "tcpingresses", true);

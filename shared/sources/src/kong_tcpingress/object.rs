//! What is read of a TCPIngress.

use ecow::EcoString;
use extdns_clusters::Metadata;

use crate::objects::{LoadBalancerStatus, parts, projection};

parts! {
    pub(crate) struct TcpIngress {
        pub(super) metadata: Metadata,
        pub(super) spec: Spec,
        pub(super) status: LoadBalancerStatus,
    }

    pub(super) struct Spec {
        pub(super) rules: Vec<Rule>,
    }

    pub(super) struct Rule {
        /// The name that TLS clients ask for (SNI).
        pub(super) host: EcoString,
    }
}

projection!(TcpIngress as "TCPIngress": "configuration.konghq.com", ["v1beta1"], "tcpingresses", true);

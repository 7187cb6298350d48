//! What is read of an HTTPProxy.

use ecow::EcoString;
use extdns_clusters::Metadata;
use extdns_template::Type;

use crate::objects::{LoadBalancerStatus, parts, projection};
use crate::templates::schemas::{LOAD_BALANCER, STRICT, schema, structs};

parts! {
    pub(crate) struct HttpProxy {
        pub(super) metadata: Metadata,
        pub(super) spec: Spec,
        pub(super) status: LoadBalancerStatus,
    }

    pub(super) struct Spec {
        /// In one word, unlike other fields.
        pub(super) virtualhost: VirtualHost,
    }

    pub(super) struct VirtualHost {
        pub(super) fqdn: EcoString,
    }
}

projection!(HttpProxy as "HTTPProxy": "projectcontour.io", ["v1"], "httpproxies", true);

structs! {
    VIRTUAL_HOST as VIRTUAL_HOST_T "VirtualHost" {
        "Fqdn": Type::Text,
        "TLS": Type::Optional(&STRICT),
    }
    SPEC "HTTPProxySpec" {
        "VirtualHost": Type::Optional(&VIRTUAL_HOST_T),
        "Routes": Type::List(&STRICT),
        "TCPProxy": Type::Optional(&STRICT),
        "Includes": Type::List(&STRICT),
        "IngressClassName": Type::Text,
    }
    STATUS "HTTPProxyStatus" {
        "CurrentStatus": Type::Text,
        "Description": Type::Text,
        "LoadBalancer": Type::Struct(&LOAD_BALANCER),
        "Conditions": Type::List(&STRICT),
    }
}
schema!(HttpProxy: SPEC, STATUS);

//! What is read of a Route of OpenShift.

use ecow::EcoString;
use extdns_clusters::Metadata;
use extdns_template::Type;

use crate::objects::{Condition, is_true, parts, projection};
use crate::templates::schemas::{INT, STRICT, TEXT, schema, structs};

parts! {
    pub(crate) struct Route {
        pub(super) metadata: Metadata,
        status: Status,
    }

    struct Status {
        ingress: Vec<Router>,
    }

    /// What a router has made of a route.
    pub(super) struct Router {
        pub(super) host: EcoString,
        router_name: EcoString,
        /// The name under which the router can be reached.
        #[serde(rename = "routerCanonicalHostname")]
        pub(super) canonical_hostname: EcoString,
        conditions: Vec<Condition>,
    }
}

impl Route {
    /// The first router, of this name if there is one, that admits the route and can be reached.
    pub(super) fn admitted(&self, name: Option<&str>) -> Option<&Router> {
        self.status.ingress.iter().find(|router| {
            name.is_none_or(|name| router.router_name == name)
                && is_true(&router.conditions, "Admitted")
                && !router.canonical_hostname.is_empty()
        })
    }
}

projection!(Route: "route.openshift.io", "routes", true);

structs! {
    TARGET "RouteTargetReference" {
        "Kind": Type::Text,
        "Name": Type::Text,
        "Weight": Type::Optional(&INT),
    }
    PORT as PORT_T "RoutePort" {
        "TargetPort": Type::Port,
    }
    SPEC "RouteSpec" {
        "Host": Type::Text,
        "Subdomain": Type::Text,
        "Path": Type::Text,
        "To": Type::Struct(&TARGET),
        "AlternateBackends": Type::List(&STRICT),
        "Port": Type::Optional(&PORT_T),
        "TLS": Type::Optional(&STRICT),
        "WildcardPolicy": Type::Text,
    }
    CONDITION as CONDITION_T "RouteIngressCondition" {
        "Type": Type::Text,
        "Status": Type::Text,
        "Reason": Type::Text,
        "Message": Type::Text,
        "LastTransitionTime": Type::Optional(&TEXT),
    }
    INGRESS as INGRESS_T "RouteIngress" {
        "Host": Type::Text,
        "RouterName": Type::Text,
        "Conditions": Type::List(&CONDITION_T),
        "WildcardPolicy": Type::Text,
        "RouterCanonicalHostname": Type::Text,
    }
    STATUS "RouteStatus" {
        "Ingress": Type::List(&INGRESS_T),
    }
}
schema!(Route: SPEC, STATUS);

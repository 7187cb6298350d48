//! What is read of a RouteGroup.

use ecow::EcoString;
use extdns_clusters::Metadata;
use extdns_template::Type;

use crate::objects::{LoadBalancerIngress, parts, projection, targets_of};
use crate::records::TargetGroups;
use crate::templates::schemas::{INGRESS_POINT_T, TEXT, schema, structs};

parts! {
    pub(crate) struct RouteGroup {
        pub(super) metadata: Metadata,
        pub(super) spec: Spec,
        status: Status,
    }

    pub(super) struct Spec {
        pub(super) hosts: Vec<EcoString>,
    }

    struct Status {
        load_balancer: LoadBalancer,
    }

    struct LoadBalancer {
        /// As the controller writes it.
        routegroup: Vec<LoadBalancerIngress>,
        /// As upstream spells it.
        #[serde(rename = "routeGroup")]
        route_group: Vec<LoadBalancerIngress>,
    }
}

impl RouteGroup {
    /// Every address and host name of its load balancer.
    pub(super) fn targets(&self) -> TargetGroups {
        let LoadBalancer { routegroup, route_group } = &self.status.load_balancer;
        targets_of(routegroup.iter().chain(route_group))
    }
}

projection!(RouteGroup: "zalando.org", "routegroups", true);

structs! {
    SPEC "RouteGroupSpec" {
        "Hosts": Type::List(&TEXT),
    }
    LOAD_BALANCER "RouteGroupLoadBalancerStatus" {
        "RouteGroup": Type::List(&INGRESS_POINT_T),
    }
    STATUS "RouteGroupStatus" {
        "LoadBalancer": Type::Struct(&LOAD_BALANCER),
    }
}
schema!(RouteGroup: SPEC, STATUS);

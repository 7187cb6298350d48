//! The fields of the kinds that templates are written for, by their names in Go: an API server leaves those out that have
//! no value.

use std::collections::BTreeMap;

use ecow::EcoString;
use extdns_clusters::Pairs;
use extdns_template::Type;

/// A field whose type here says how templates see it.
pub(crate) trait Seen {
    const TYPE: Type;
}

impl Seen for EcoString {
    const TYPE: Type = Type::Text;
}

impl Seen for Pairs {
    const TYPE: Type = Type::Map(&TEXT);
}

impl<T: Seen> Seen for Vec<T> {
    const TYPE: Type = Type::List(&T::TYPE);
}

impl<T: Seen> Seen for BTreeMap<EcoString, T> {
    const TYPE: Type = Type::Map(&T::TYPE);
}

pub(crate) static TEXT: Type = Type::Text;
static BOOL: Type = Type::Bool;
pub(crate) static INT: Type = Type::Int;
/// Fields by their names in JSON.
pub(crate) static STRICT: Type = Type::Strict;

/// Names the fields of structs: `NAME as NAME_T "NameInGo" { "Field": Type::Text, }`; lists need the second static.
macro_rules! structs {
    ($($name:ident $(as $kind:ident)? $text:literal { $($field:literal: $type:expr,)* })*) => {
        $(
            pub(crate) static $name: extdns_template::Struct =
                extdns_template::Struct { name: $text, fields: &[$(($field, $type),)*] };
            $(pub(crate) static $kind: extdns_template::Type = extdns_template::Type::Struct(&$name);)?
        )*
    };
}
pub(crate) use structs;

structs! {
    NOTHING "Status" {}
    INGRESS_POINT as INGRESS_POINT_T "LoadBalancerIngress" {
        "IP": Type::Text,
        "Hostname": Type::Text,
        "IPMode": Type::Optional(&TEXT),
        "Ports": Type::List(&STRICT),
    }
    LOAD_BALANCER "LoadBalancerStatus" {
        "Ingress": Type::List(&INGRESS_POINT_T),
    }
    SERVICE_PORT as SERVICE_PORT_T "ServicePort" {
        "Name": Type::Text,
        "Protocol": Type::Text,
        "AppProtocol": Type::Optional(&TEXT),
        "Port": Type::Int,
        "TargetPort": Type::Port,
        "NodePort": Type::Int,
    }
    SERVICE_SPEC "ServiceSpec" {
        "Ports": Type::List(&SERVICE_PORT_T),
        "Selector": Type::Map(&TEXT),
        "ClusterIP": Type::Text,
        "ClusterIPs": Type::List(&TEXT),
        "Type": Type::Text,
        "ExternalIPs": Type::List(&TEXT),
        "SessionAffinity": Type::Text,
        "LoadBalancerIP": Type::Text,
        "LoadBalancerSourceRanges": Type::List(&TEXT),
        "ExternalName": Type::Text,
        "ExternalTrafficPolicy": Type::Text,
        "HealthCheckNodePort": Type::Int,
        "PublishNotReadyAddresses": Type::Bool,
        "SessionAffinityConfig": Type::Optional(&STRICT),
        "IPFamilies": Type::List(&TEXT),
        "IPFamilyPolicy": Type::Optional(&TEXT),
        "AllocateLoadBalancerNodePorts": Type::Optional(&BOOL),
        "LoadBalancerClass": Type::Optional(&TEXT),
        "InternalTrafficPolicy": Type::Optional(&TEXT),
        "TrafficDistribution": Type::Optional(&TEXT),
    }
    SERVICE_STATUS "ServiceStatus" {
        "LoadBalancer": Type::Struct(&LOAD_BALANCER),
        "Conditions": Type::Hidden,
    }
    BACKEND_PORT "ServiceBackendPort" {
        "Name": Type::Text,
        "Number": Type::Int,
    }
    BACKEND_SERVICE as BACKEND_SERVICE_T "IngressServiceBackend" {
        "Name": Type::Text,
        "Port": Type::Struct(&BACKEND_PORT),
    }
    BACKEND as BACKEND_T "IngressBackend" {
        "Service": Type::Optional(&BACKEND_SERVICE_T),
        "Resource": Type::Optional(&STRICT),
    }
    INGRESS_PATH as INGRESS_PATH_T "HTTPIngressPath" {
        "Path": Type::Text,
        "PathType": Type::Optional(&TEXT),
        "Backend": Type::Struct(&BACKEND),
    }
    INGRESS_HTTP as INGRESS_HTTP_T "HTTPIngressRuleValue" {
        "Paths": Type::List(&INGRESS_PATH_T),
    }
    INGRESS_RULE as INGRESS_RULE_T "IngressRule" {
        "Host": Type::Text,
        "HTTP": Type::Optional(&INGRESS_HTTP_T),
    }
    INGRESS_TLS as INGRESS_TLS_T "IngressTLS" {
        "Hosts": Type::List(&TEXT),
        "SecretName": Type::Text,
    }
    INGRESS_SPEC "IngressSpec" {
        "IngressClassName": Type::Optional(&TEXT),
        "DefaultBackend": Type::Optional(&BACKEND_T),
        "TLS": Type::List(&INGRESS_TLS_T),
        "Rules": Type::List(&INGRESS_RULE_T),
    }
    INGRESS_STATUS "IngressStatus" {
        "LoadBalancer": Type::Struct(&LOAD_BALANCER),
    }
    TAINT as TAINT_T "Taint" {
        "Key": Type::Text,
        "Value": Type::Text,
        "Effect": Type::Text,
        "TimeAdded": Type::Optional(&TEXT),
    }
    NODE_SPEC "NodeSpec" {
        "PodCIDR": Type::Text,
        "PodCIDRs": Type::List(&TEXT),
        "ProviderID": Type::Text,
        "Unschedulable": Type::Bool,
        "Taints": Type::List(&TAINT_T),
    }
    NODE_ADDRESS as NODE_ADDRESS_T "NodeAddress" {
        "Type": Type::Text,
        "Address": Type::Text,
    }
    NODE_INFO "NodeSystemInfo" {
        "MachineID": Type::Text,
        "SystemUUID": Type::Text,
        "BootID": Type::Text,
        "KernelVersion": Type::Text,
        "OSImage": Type::Text,
        "ContainerRuntimeVersion": Type::Text,
        "KubeletVersion": Type::Text,
        "KubeProxyVersion": Type::Text,
        "OperatingSystem": Type::Text,
        "Architecture": Type::Text,
    }
    NODE_STATUS "NodeStatus" {
        "Capacity": Type::Map(&STRICT),
        "Allocatable": Type::Map(&STRICT),
        "Phase": Type::Text,
        "Conditions": Type::Hidden,
        "Addresses": Type::List(&NODE_ADDRESS_T),
        "NodeInfo": Type::Struct(&NODE_INFO),
        "Images": Type::List(&STRICT),
        "VolumesInUse": Type::List(&TEXT),
    }
    POD_IP as POD_IP_T "PodIP" {
        "IP": Type::Text,
    }
    POD_SPEC "PodSpec" {
        "Volumes": Type::List(&STRICT),
        "InitContainers": Type::List(&STRICT),
        "Containers": Type::List(&STRICT),
        "RestartPolicy": Type::Text,
        "TerminationGracePeriodSeconds": Type::Optional(&INT),
        "DNSPolicy": Type::Text,
        "NodeSelector": Type::Map(&TEXT),
        "ServiceAccountName": Type::Text,
        "NodeName": Type::Text,
        "HostNetwork": Type::Bool,
        "HostPID": Type::Bool,
        "HostIPC": Type::Bool,
        "ImagePullSecrets": Type::List(&STRICT),
        "Hostname": Type::Text,
        "Subdomain": Type::Text,
        "SchedulerName": Type::Text,
        "Tolerations": Type::List(&STRICT),
        "HostAliases": Type::List(&STRICT),
        "PriorityClassName": Type::Text,
        "Priority": Type::Optional(&INT),
        "RuntimeClassName": Type::Optional(&TEXT),
        "SetHostnameAsFQDN": Type::Optional(&BOOL),
        "HostUsers": Type::Optional(&BOOL),
    }
    POD_STATUS "PodStatus" {
        "Phase": Type::Text,
        "Conditions": Type::Hidden,
        "Message": Type::Text,
        "Reason": Type::Text,
        "NominatedNodeName": Type::Text,
        "HostIP": Type::Text,
        "HostIPs": Type::List(&POD_IP_T),
        "PodIP": Type::Text,
        "PodIPs": Type::List(&POD_IP_T),
        "StartTime": Type::Optional(&TEXT),
        "QOSClass": Type::Text,
        "ContainerStatuses": Type::List(&STRICT),
        "InitContainerStatuses": Type::List(&STRICT),
    }
}

/// What is known of a kind with `spec` and `status` of known fields: as a static, or as what templates see of a projection.
macro_rules! schema {
    ($name:ident, $spec:expr, $status:expr) => {
        pub(crate) static $name: extdns_template::Schema = extdns_template::Schema {
            fields: &[
                ("Spec", "spec", extdns_template::Type::Struct(&$spec)),
                ("Status", "status", extdns_template::Type::Struct(&$status)),
            ],
            raw: extdns_template::Type::Strict,
        };
    };
    ($type:ident: $spec:expr, $status:expr) => {
        impl $crate::templates::Templated for $type {
            const SCHEMA: &'static extdns_template::Schema = {
                $crate::templates::schemas::schema!(SCHEMA, $spec, $status);
                &SCHEMA
            };
        }
    };
}
pub(crate) use schema;

schema!(SERVICE, SERVICE_SPEC, SERVICE_STATUS);
schema!(INGRESS, INGRESS_SPEC, INGRESS_STATUS);
schema!(NODE, NODE_SPEC, NODE_STATUS);
schema!(POD, POD_SPEC, POD_STATUS);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use extdns_template::{Data, Object, Schema, Source, Template};

    use super::{INGRESS, NODE, POD, SERVICE};

    /// The fields that templates of users read, each with what it prints where the API server left it out, and, in JSON
    /// below `spec` or `status`, an object that has it and what that prints.
    const FIELDS: &[(&Schema, &str, &str, &str, &str)] = &[
        (&SERVICE, "{{.Spec.Type}}", "", r#"{"spec":{"type":"NodePort"}}"#, "NodePort"),
        (&SERVICE, "{{.Spec.ClusterIP}}", "", r#"{"spec":{"clusterIP":"10.0.0.1"}}"#, "10.0.0.1"),
        (&SERVICE, "{{.Spec.ClusterIPs}}", "[]", r#"{"spec":{"clusterIPs":["a","b"]}}"#, "[a b]"),
        (&SERVICE, "{{.Spec.ExternalName}}", "", r#"{"spec":{"externalName":"x"}}"#, "x"),
        (&SERVICE, "{{.Spec.ExternalIPs}}", "[]", r#"{"spec":{"externalIPs":["a"]}}"#, "[a]"),
        (&SERVICE, "{{.Spec.LoadBalancerIP}}", "", r#"{"spec":{"loadBalancerIP":"x"}}"#, "x"),
        (
            &SERVICE,
            "{{.Spec.ExternalTrafficPolicy}}",
            "",
            r#"{"spec":{"externalTrafficPolicy":"Local"}}"#,
            "Local",
        ),
        (
            &SERVICE,
            "{{.Spec.Selector}}",
            "map[]",
            r#"{"spec":{"selector":{"b":"1","a":"2"}}}"#,
            "map[a:2 b:1]",
        ),
        (
            &SERVICE,
            "{{.Spec.TrafficDistribution}}",
            "<nil>",
            r#"{"spec":{"trafficDistribution":"x"}}"#,
            "x",
        ),
        (
            &SERVICE,
            "{{range .Spec.Ports}}{{.Name}} {{.Port}} {{.NodePort}} {{.Protocol}} {{.TargetPort}} {{.AppProtocol}},{{end}}",
            "",
            r#"{"spec":{"ports":[{"name":"a","port":80,"nodePort":30080,"protocol":"TCP","targetPort":"web","appProtocol":"http"},{"port":81}]}}"#,
            "a 80 30080 TCP web http, 81 0  0 <nil>,",
        ),
        (
            &SERVICE,
            "{{range .Status.LoadBalancer.Ingress}}{{.IP}}{{.Hostname}},{{end}}",
            "",
            r#"{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"},{"hostname":"lb"}]}}}"#,
            "192.0.2.1,lb,",
        ),
        (
            &INGRESS,
            "{{.Spec.IngressClassName}}",
            "<nil>",
            r#"{"spec":{"ingressClassName":"web"}}"#,
            "web",
        ),
        (
            &INGRESS,
            "{{range .Spec.Rules}}{{.Host}}{{with .HTTP}}{{range .Paths}}{{.Path}}{{.Backend.Service.Name}}{{end}}{{end}},{{end}}",
            "",
            r#"{"spec":{"rules":[{"host":"a.org","http":{"paths":[{"path":"/x","backend":{"service":{"name":"s"}}}]}},{"host":"b.org"}]}}"#,
            "a.org/xs,b.org,",
        ),
        (
            &INGRESS,
            "{{range .Spec.TLS}}{{.Hosts}}{{.SecretName}}{{end}}",
            "",
            r#"{"spec":{"tls":[{"hosts":["a"],"secretName":"t"}]}}"#,
            "[a]t",
        ),
        (
            &INGRESS,
            "{{range .Status.LoadBalancer.Ingress}}{{.IP}}{{.Hostname}},{{end}}",
            "",
            r#"{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"},{"hostname":"lb"}]}}}"#,
            "192.0.2.1,lb,",
        ),
        (&NODE, "{{.Spec.PodCIDR}}", "", r#"{"spec":{"podCIDR":"10.0.0.0/24"}}"#, "10.0.0.0/24"),
        (&NODE, "{{.Spec.ProviderID}}", "", r#"{"spec":{"providerID":"aws:x"}}"#, "aws:x"),
        (&NODE, "{{.Spec.Unschedulable}}", "false", r#"{"spec":{"unschedulable":true}}"#, "true"),
        (
            &NODE,
            "{{range .Spec.Taints}}{{.Key}}{{end}}",
            "",
            r#"{"spec":{"taints":[{"key":"k"}]}}"#,
            "k",
        ),
        (
            &NODE,
            "{{range .Status.Addresses}}{{.Type}}={{.Address}} {{end}}",
            "",
            r#"{"status":{"addresses":[{"type":"ExternalIP","address":"192.0.2.1"}]}}"#,
            "ExternalIP=192.0.2.1 ",
        ),
        (
            &NODE,
            "{{.Status.NodeInfo.Architecture}}",
            "",
            r#"{"status":{"nodeInfo":{"architecture":"arm64"}}}"#,
            "arm64",
        ),
        (&POD, "{{.Spec.NodeName}}", "", r#"{"spec":{"nodeName":"n"}}"#, "n"),
        (
            &POD,
            "{{.Spec.Hostname}}.{{.Spec.Subdomain}}",
            ".",
            r#"{"spec":{"hostname":"h","subdomain":"s"}}"#,
            "h.s",
        ),
        (&POD, "{{.Spec.HostNetwork}}", "false", r#"{"spec":{"hostNetwork":true}}"#, "true"),
        (&POD, "{{.Spec.ServiceAccountName}}", "", r#"{"spec":{"serviceAccountName":"x"}}"#, "x"),
        (&POD, "{{.Status.PodIP}}", "", r#"{"status":{"podIP":"10.0.0.1"}}"#, "10.0.0.1"),
        (
            &POD,
            "{{range .Status.PodIPs}}{{.IP}},{{end}}",
            "",
            r#"{"status":{"podIPs":[{"ip":"a"},{"ip":"b"}]}}"#,
            "a,b,",
        ),
        (&POD, "{{.Status.HostIP}}", "", r#"{"status":{"hostIP":"10.0.0.1"}}"#, "10.0.0.1"),
        (&POD, "{{.Status.Phase}}", "", r#"{"status":{"phase":"Running"}}"#, "Running"),
        (
            &SERVICE,
            "{{.Status.Conditions}}",
            "[]",
            r#"{"status":{"conditions":[{"type":"x"}]}}"#,
            "[]",
        ),
        (
            &NODE,
            "{{.Status.Conditions}}",
            "[]",
            r#"{"status":{"conditions":[{"type":"x"}]}}"#,
            "[]",
        ),
        (&POD, "{{.Status.Conditions}}", "[]", r#"{"status":{"conditions":[{"type":"x"}]}}"#, "[]"),
    ];

    #[test]
    fn fields_of_services_ingresses_nodes_and_pods() {
        for (schema, text, absent, json, present) in FIELDS {
            let template = Template::parse(&[text]).unwrap();
            for (json, expected) in [("{}", absent), (json, present)] {
                let root: Data = serde_json::from_str(json).unwrap();
                let object = Object { root, kind: "Kind".into(), api_version: "v1".into(), schema };
                let rendered =
                    template.render(&Arc::new(object), Source { name: "pod", all: &["pod"] });
                assert_eq!(
                    rendered.as_deref().map_err(ToString::to_string),
                    Ok(*expected),
                    "{text} of {json}"
                );
            }
        }
    }

    #[test]
    fn unknown_fields_are_errors() {
        for text in ["{{.Spec.hostname}}", "{{.Spec.Nope}}", "{{.Status.Nope}}", "{{.Nope}}"] {
            let template = Template::parse(&[text]).unwrap();
            let object = Object {
                root: Data::default(),
                kind: "Service".into(),
                api_version: "v1".into(),
                schema: &SERVICE,
            };
            let rendered =
                template.render(&Arc::new(object), Source { name: "pod", all: &["pod"] });
            assert!(rendered.unwrap_err().to_string().contains("can't evaluate field"), "{text}");
        }
    }
}

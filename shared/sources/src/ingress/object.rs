//! What is read of an Ingress.

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use extdns_template::Schema;
use serde::Deserialize;

use crate::objects::{LoadBalancerStatus, projection};
use crate::templates::{Templated, schemas};

/// Says the class of an ingress that has no `ingressClassName`.
pub(super) const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ingress {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) status: LoadBalancerStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(super) ingress_class_name: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(super) rules: Vec<Rule>,
    #[serde(deserialize_with = "nullable")]
    pub(super) tls: Vec<Tls>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Rule {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) host: EcoString,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tls {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) hosts: Vec<EcoString>,
}

projection!(Ingress: "networking.k8s.io", "ingresses", true);

impl Templated for Ingress {
    const SCHEMA: &'static Schema = &schemas::INGRESS;
}

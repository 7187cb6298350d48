//! What is read of an Ingress.

use ecow::EcoString;
use extdns_clusters::{Metadata, nullable};
use extdns_template::Schema;
use serde::Deserialize;

use super::{LoadBalancerStatus, projection};
use crate::templates::{Templated, schemas};

/// Says the class of an ingress that has no `ingressClassName`.
pub(crate) const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ingress {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) status: LoadBalancerStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(crate) ingress_class_name: EcoString,
    #[serde(deserialize_with = "nullable")]
    pub(crate) rules: Vec<Rule>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) tls: Vec<Tls>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Rule {
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) host: EcoString,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Tls {
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) hosts: Vec<EcoString>,
}

projection!(Ingress: "networking.k8s.io", "ingresses", true);

impl Templated for Ingress {
    const SCHEMA: &'static Schema = &schemas::INGRESS;
}

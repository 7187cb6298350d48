//! A cluster of the configuration file.

use std::time::Duration;

use extdns_clusters::{Access, KubeconfigSource};
use extdns_model::parse_go_duration;

use extdns_registry::Affix;

use super::super::error::SettingsError;
use super::super::origin::{Given, Origin};
use super::super::secrets::HIDDEN;
use super::keys::{ACCESS, Section};
use super::node::{Entry, Node, Value};
use super::parser::Parser;

/// A cluster of the file.
#[derive(Debug)]
pub(crate) struct FileCluster {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) access: Option<Access>,
    pub(crate) owner: Option<String>,
    pub(crate) affix: Option<Affix>,
    pub(crate) domains: Vec<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) weight: Option<u8>,
    /// What it says with keys that are no flags.
    pub(crate) own: Vec<Given>,
    pub(crate) given: Vec<Given>,
}

/// Keys, and the flags that they stand for.
type Keys = &'static [(&'static str, &'static str)];

/// The clusters of clouds: the key, what it is, and the flags that its keys stand for.
const OF_CLOUDS: [(&str, &str, Keys); 3] = [
    (
        "eks",
        "EKS",
        &[
            ("name", "eks-cluster"),
            ("region", "eks-region"),
            ("assumeRole", "eks-assume-role"),
            ("externalId", "eks-external-id"),
        ],
    ),
    (
        "gke",
        "GKE",
        &[("name", "gke-cluster"), ("location", "gke-location"), ("project", "gke-project")],
    ),
    (
        "aks",
        "AKS",
        &[
            ("name", "aks-cluster"),
            ("resourceGroup", "aks-resource-group"),
            ("subscriptionId", "aks-subscription-id"),
            ("configFile", "aks-config-file"),
        ],
    ),
];

/// What stands before the name of a document, by the key of `kubeconfig`.
const PLACES: [(&str, &str); 5] = [
    ("path", ""),
    ("ssm", "ssm:"),
    ("s3", "s3://"),
    ("secretsManager", "secretsManager:"),
    (INLINE, ""),
];

/// The key of a kubeconfig that the file itself holds.
const INLINE: &str = "inline";

impl Parser<'_> {
    pub(super) fn cluster(&self, node: &Node) -> Result<FileCluster, SettingsError> {
        let mut cluster = FileCluster {
            name: self.name(node, "cluster")?,
            origin: self.origin(node.line),
            access: None,
            owner: None,
            affix: None,
            domains: Vec::new(),
            timeout: None,
            weight: None,
            own: self.own(node, Section::Cluster),
            given: self.flags(node, Section::Cluster)?,
        };
        let entries = self.entries(node, "a cluster")?;
        let mut ways = entries.iter().filter(|own| ACCESS.contains(&&*own.key));
        if let (Some(first), Some(second)) = (ways.next(), ways.next()) {
            let problem = format!(
                "cluster {:?} is reached in one way: {} or {}",
                cluster.name, first.key, second.key
            );
            return Err(self.wrong(second.line, problem));
        }
        for Entry { key, value, .. } in entries {
            if let Some((key, what, flags)) = OF_CLOUDS.iter().find(|(own, ..)| own == key) {
                cluster.given.extend(self.of_cloud(key, what, flags, value)?);
            }
            match key.as_str() {
                "kubeconfig" => self.kubeconfig(value, &mut cluster)?,
                "inCluster" => cluster.access = Some(Access::InCluster),
                "manifests" => cluster.given.extend(self.given("manifests", value)),
                "txtOwnerId" => cluster.owner = value.text(),
                "txtPrefix" => cluster.affix = value.text().map(|it| Affix::Prefix(it.into())),
                "txtSuffix" => cluster.affix = value.text().map(|it| Affix::Suffix(it.into())),
                "domains" => cluster.domains = self.texts(value)?,
                "timeout" => cluster.timeout = Some(self.duration(value)?),
                "weight" => cluster.weight = value.text().and_then(|text| text.parse().ok()),
                _ => {}
            }
        }
        Ok(cluster)
    }

    fn of_cloud(
        &self,
        key: &'static str,
        what: &str,
        flags: &[(&str, &str)],
        node: &Node,
    ) -> Result<Vec<Given>, SettingsError> {
        let entries = self.entries(node, key)?;
        if !entries.iter().any(|own| own.key == "name") {
            let problem = format!("{key} needs name, the name of the cluster of {what}");
            return Err(self.wrong(node.line, problem));
        }
        let given = entries.iter().flat_map(|Entry { key, value, .. }| {
            let flag = flags.iter().find(|(own, _)| own == key);
            flag.map(|(_, flag)| self.given(flag, value)).unwrap_or_default()
        });
        Ok(given.collect())
    }

    fn kubeconfig(&self, node: &Node, cluster: &mut FileCluster) -> Result<(), SettingsError> {
        let Value::Map(entries) = &node.value else {
            cluster.given.extend(self.given("kubeconfig", node));
            return Ok(());
        };
        let find = |name: &str| entries.iter().find(|own| own.key == name);
        let mut places = PLACES.iter().filter_map(|(key, start)| Some((find(key)?, *start)));
        let Some((entry, start)) = places.next() else {
            let problem = "kubeconfig needs path, ssm, s3, secretsManager or inline";
            return Err(self.wrong(node.line, problem));
        };
        if let Some((second, _)) = places.next() {
            let problem = format!("kubeconfig is in one place: {} or {}", entry.key, second.key);
            return Err(self.wrong(second.line, problem));
        }
        let text = entry.value.text().unwrap_or_default();
        let context = find("context");
        if entry.key == INLINE {
            let context = context.and_then(|own| own.value.text());
            let from = KubeconfigSource::Inline(text.into());
            cluster.access = Some(Access::Kubeconfig { from, context });
            cluster.own.push(Given {
                flag: "kubeconfig.inline".to_owned(),
                text: HIDDEN.to_owned(),
                origin: self.origin(entry.value.line),
            });
            return Ok(());
        }
        let text = format!("{start}{}", text.strip_prefix(start).unwrap_or(&text));
        let origin = self.origin(entry.value.line);
        cluster.given.push(Given { flag: "kubeconfig".to_owned(), text, origin });
        if let Some(context) = context {
            cluster.given.extend(self.given("context", &context.value));
        }
        Ok(())
    }

    fn duration(&self, node: &Node) -> Result<Duration, SettingsError> {
        let text = node.text().unwrap_or_default();
        parse_go_duration(&text)
            .map_err(|error| self.wrong(node.line, format!("timeout: {error}; write it like 60s")))
    }
}

//! What an API server serves: asked for on first need, once.

use std::collections::BTreeMap;

use ecow::EcoString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, OnceCell};

use crate::api::Api;
use crate::error::ReadErrorKind;

/// One document with everything, from servers since 1.27; plain discovery from older ones.
const ACCEPT: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// Groups with their versions; the core group has its own document.
#[derive(Default)]
pub(crate) struct Discovery {
    core: OnceCell<Groups>,
    named: OnceCell<Groups>,
    /// Resources by path of the group version, from servers that answer plain discovery.
    plain: Mutex<BTreeMap<String, Vec<EcoString>>>,
}

/// Versions by group, the preferred one first.
type Groups = BTreeMap<EcoString, Vec<Version>>;

struct Version {
    name: EcoString,
    /// Plural names; `None` where the server did not say them in the same document.
    resources: Option<Vec<EcoString>>,
}

impl Discovery {
    /// The versions in which a resource is served, the preferred one first.
    pub(crate) async fn versions(
        &self,
        api: &Api,
        group: &str,
        plural: &str,
    ) -> Result<Vec<EcoString>, ReadErrorKind> {
        let groups = if group.is_empty() {
            self.core.get_or_try_init(|| groups(api, "/api")).await?
        } else {
            self.named.get_or_try_init(|| groups(api, "/apis")).await?
        };
        let mut versions = Vec::new();
        for version in groups.get(group).into_iter().flatten() {
            let served = match &version.resources {
                Some(resources) => resources.iter().any(|resource| resource == plural),
                None => self.plain_serves(api, group, &version.name, plural).await?,
            };
            if served {
                versions.push(version.name.clone());
            }
        }
        Ok(versions)
    }

    async fn plain_serves(
        &self,
        api: &Api,
        group: &str,
        version: &str,
        plural: &str,
    ) -> Result<bool, ReadErrorKind> {
        let path = match group {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        };
        let mut plain = self.plain.lock().await;
        if !plain.contains_key(&path) {
            let list: ResourceList = fetch(api, &path).await?;
            let names = list.resources.into_iter().map(|resource| resource.name).collect();
            plain.insert(path.clone(), names);
        }
        Ok(plain[&path].iter().any(|resource| resource == plural))
    }
}

async fn groups(api: &Api, path: &str) -> Result<Groups, ReadErrorKind> {
    let document: Document = fetch(api, path).await?;
    Ok(match document {
        Document::Aggregated { items } => {
            items.into_iter().map(AggregatedGroup::into_entry).collect()
        }
        Document::Groups { groups } => groups.into_iter().map(PlainGroup::into_entry).collect(),
        Document::Core { versions } => {
            let versions = versions.into_iter().map(Version::unlisted).collect();
            BTreeMap::from([(EcoString::new(), versions)])
        }
    })
}

async fn fetch<T: DeserializeOwned>(api: &Api, path: &str) -> Result<T, ReadErrorKind> {
    let answer = api.get(path, ACCEPT).await?;
    serde_json::from_slice(&answer.body)
        .map_err(|error| api.not_kubernetes(path, &answer, error.to_string()))
}

impl Version {
    fn unlisted(name: EcoString) -> Self {
        Self { name, resources: None }
    }
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Document {
    #[serde(rename = "APIGroupDiscoveryList")]
    Aggregated { items: Vec<AggregatedGroup> },
    #[serde(rename = "APIGroupList")]
    Groups { groups: Vec<PlainGroup> },
    #[serde(rename = "APIVersions")]
    Core { versions: Vec<EcoString> },
}

#[derive(Deserialize)]
struct AggregatedGroup {
    #[serde(default)]
    metadata: GroupName,
    #[serde(default)]
    versions: Vec<AggregatedVersion>,
}

#[derive(Deserialize, Default)]
struct GroupName {
    #[serde(default)]
    name: EcoString,
}

#[derive(Deserialize)]
struct AggregatedVersion {
    version: EcoString,
    #[serde(default)]
    resources: Vec<AggregatedResource>,
}

#[derive(Deserialize)]
struct AggregatedResource {
    resource: EcoString,
}

impl AggregatedGroup {
    fn into_entry(self) -> (EcoString, Vec<Version>) {
        let versions = self.versions.into_iter().map(|version| Version {
            name: version.version,
            resources: Some(
                version.resources.into_iter().map(|resource| resource.resource).collect(),
            ),
        });
        (self.metadata.name, versions.collect())
    }
}

#[derive(Deserialize)]
struct PlainGroup {
    name: EcoString,
    versions: Vec<PlainVersion>,
}

#[derive(Deserialize)]
struct PlainVersion {
    version: EcoString,
}

impl PlainGroup {
    fn into_entry(self) -> (EcoString, Vec<Version>) {
        let versions = self.versions.into_iter().map(|version| Version::unlisted(version.version));
        (self.name, versions.collect())
    }
}

#[derive(Deserialize)]
struct ResourceList {
    resources: Vec<PlainResource>,
}

#[derive(Deserialize)]
struct PlainResource {
    name: EcoString,
}

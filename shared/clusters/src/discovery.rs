//! Asks an API server which kinds it serves: on first need, once.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::EcoString;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::error::ReadErrorKind;
use crate::served::{Groups, Served, Version};

/// One document with everything, from servers since 1.27; plain discovery from older ones.
const ACCEPT: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

impl Api {
    /// The versions in which a resource is served, the preferred one first.
    pub(crate) async fn served_versions(
        &self,
        group: &str,
        plural: &str,
    ) -> Result<Vec<EcoString>, ReadErrorKind> {
        let mut versions = Vec::new();
        let groups = self.groups(group).await?;
        let found: &[Version] = groups.get(group).map_or(&[], Vec::as_slice);
        for version in found {
            let served = self.resources(group, version).await?;
            if served.iter().any(|resource| resource.plural == plural) {
                versions.push(version.name.clone());
            }
        }
        Ok(versions)
    }

    /// The plural name of a kind, where the version of the group serves it.
    pub(crate) async fn plural(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<EcoString, ReadErrorKind> {
        let groups = self.groups(group).await?;
        let versions: &[Version] = groups.get(group).map_or(&[], Vec::as_slice);
        let mut plural = None;
        for version in versions.iter().filter(|found| found.name == version) {
            let served = self.resources(group, version).await?;
            let mut of_kind = served.iter().filter(|resource| resource.kind == kind);
            // A subresource such as `dnsendpoints/status` has the kind of its object.
            plural = of_kind
                .find(|resource| !resource.plural.contains('/'))
                .map(|resource| resource.plural.clone());
        }
        plural.ok_or_else(|| ReadErrorKind::NotServed {
            resource: format!("{group}/{version} {kind}").trim_start_matches('/').to_owned(),
            remedy: "install its CustomResourceDefinition, or name another group, version or kind"
                .to_owned(),
        })
    }

    /// The kind of the objects under a plural name, and whether they live in namespaces.
    pub(crate) async fn kind_of(
        &self,
        group: &str,
        version: &str,
        plural: &str,
    ) -> Result<(EcoString, bool), ReadErrorKind> {
        let groups = self.groups(group).await?;
        let versions: &[Version] = groups.get(group).map_or(&[], Vec::as_slice);
        for version in versions.iter().filter(|found| found.name == version) {
            let served = self.resources(group, version).await?;
            if let Some(found) = served.iter().find(|resource| resource.plural == plural) {
                return Ok((found.kind.clone(), found.namespaced));
            }
        }
        Err(ReadErrorKind::NotServed {
            resource: format!("{group}/{version} {plural}").trim_start_matches('/').to_owned(),
            remedy:
                "install its CustomResourceDefinition, or name another group, version or plural"
                    .to_owned(),
        })
    }

    async fn groups(&self, group: &str) -> Result<Arc<Groups>, ReadErrorKind> {
        let served = self.served();
        let (cell, path) = match group {
            "" => (&served.core, "/api"),
            _ => (&served.named, "/apis"),
        };
        cell.get_or_try_init(|| groups(self, path)).await.map(Arc::clone)
    }

    async fn resources(
        &self,
        group: &str,
        version: &Version,
    ) -> Result<Arc<[Served]>, ReadErrorKind> {
        if let Some(resources) = &version.resources {
            return Ok(Arc::clone(resources));
        }
        let path = match group {
            "" => format!("/api/{}", version.name),
            group => format!("/apis/{group}/{}", version.name),
        };
        let served = self.served();
        let mut plain = served.plain.lock().await;
        if let Some(resources) = plain.get(&path) {
            return Ok(Arc::clone(resources));
        }
        let list: ResourceList = fetch(self, &path).await?;
        let resources: Arc<[Served]> = list.resources.into_iter().map(Served::from).collect();
        plain.insert(path, Arc::clone(&resources));
        Ok(resources)
    }

    /// Reads a document that every authenticated user may read.
    pub(crate) async fn get(
        &self,
        path: &str,
        accept: &'static str,
    ) -> Result<Answer, ReadErrorKind> {
        let call = Call::get(path, path).accepting(accept);
        let answer = self.send(&call).await?;
        if !answer.status.is_success() {
            return Err(self.status(&call, &answer));
        }
        answer.require_whole(&call)?;
        Ok(answer)
    }
}

async fn groups(api: &Api, path: &str) -> Result<Arc<Groups>, ReadErrorKind> {
    let document: Document = fetch(api, path).await?;
    let groups = match document {
        Document::Aggregated { items } => {
            items.into_iter().map(AggregatedGroup::into_entry).collect()
        }
        Document::Groups { groups } => groups.into_iter().map(PlainGroup::into_entry).collect(),
        Document::Core { versions } => {
            let versions = versions.into_iter().map(Version::unlisted).collect();
            BTreeMap::from([(EcoString::new(), versions)])
        }
    };
    Ok(Arc::new(groups))
}

async fn fetch<T: DeserializeOwned>(api: &Api, path: &str) -> Result<T, ReadErrorKind> {
    let answer = api.get(path, ACCEPT).await?;
    serde_json::from_slice(&answer.body)
        .map_err(|error| api.not_json(&Call::get(path, path), &answer, &error))
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
#[serde(rename_all = "camelCase")]
struct AggregatedResource {
    resource: EcoString,
    #[serde(default)]
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: EcoString,
}

#[derive(Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: EcoString,
}

impl From<AggregatedResource> for Served {
    fn from(found: AggregatedResource) -> Self {
        let kind = found.response_kind.map(|response| response.kind);
        let namespaced = found.scope != "Cluster";
        Self { plural: found.resource, kind: kind.unwrap_or_default(), namespaced }
    }
}

impl AggregatedGroup {
    fn into_entry(self) -> (EcoString, Vec<Version>) {
        let versions = self.versions.into_iter().map(|version| Version {
            name: version.version,
            resources: Some(version.resources.into_iter().map(Served::from).collect()),
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
    #[serde(default)]
    kind: EcoString,
    #[serde(default)]
    namespaced: bool,
}

impl From<PlainResource> for Served {
    fn from(found: PlainResource) -> Self {
        Self { plural: found.name, kind: found.kind, namespaced: found.namespaced }
    }
}

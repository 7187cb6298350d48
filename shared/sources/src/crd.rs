//! The source `crd`: the entries of `DNSEndpoint` objects, or of another kind of the same form.
//!
//! An entry says everything about a record itself. No annotation of the object counts, not even the
//! one that names another controller.

use std::sync::Arc;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_clusters::{
    ClusterView, ListScope, Metadata, ObjectFilter, Pairs, Projection, ReadError, ResourceType,
    StatusUpdate, Verdict, nullable,
};
use extdns_model::{
    ClusterId, Endpoint, Properties, RecordSet, RecordType, Resource, ResourceKind, Targets, Ttl,
};
use serde::Deserialize;

use crate::annotations::{ALPHA_PREFIX, GA_PREFIX};
use crate::error::SourceError;
use crate::merge;
use crate::source::{Context, DropReason, Dropped, Sink, Source, resource};
use crate::trace::HiddenBy;

/// What is read of a DNSEndpoint.
#[derive(Debug, Deserialize)]
struct DnsEndpoint {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "nullable")]
    endpoints: Vec<Option<Entry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "nullable")]
    observed_generation: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    #[serde(deserialize_with = "nullable")]
    dns_name: EcoString,
    #[serde(deserialize_with = "nullable")]
    record_type: EcoString,
    #[serde(rename = "recordTTL", deserialize_with = "nullable")]
    record_ttl: i64,
    #[serde(deserialize_with = "nullable")]
    targets: Vec<EcoString>,
    #[serde(deserialize_with = "nullable")]
    set_identifier: EcoString,
    labels: Pairs,
    #[serde(deserialize_with = "nullable")]
    provider_specific: Vec<Property>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Property {
    #[serde(deserialize_with = "nullable")]
    name: EcoString,
    #[serde(deserialize_with = "nullable")]
    value: EcoString,
}

impl Projection for DnsEndpoint {
    const RESOURCE: ResourceType = ResourceType {
        group: "externaldns.k8s.io",
        version: "v1alpha1",
        plural: "dnsendpoints",
        kind: "DNSEndpoint",
        namespaced: true,
    };

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}

/// The kind of object that holds the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrdKind {
    group: EcoString,
    version: EcoString,
    kind: EcoString,
}

impl CrdKind {
    /// The kind that `--crd-source-apiversion` and `--crd-source-kind` name; nothing if they do not.
    pub(crate) fn parse(api_version: &str, kind: &str) -> Option<Self> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let complete = !version.is_empty() && !version.contains('/') && !kind.is_empty();
        complete.then(|| Self { group: group.into(), version: version.into(), kind: kind.into() })
    }

    /// Where the cluster serves it. What everybody has needs no discovery.
    pub(crate) async fn find(&self, view: &ClusterView) -> Result<ResourceType, ReadError> {
        let usual = DnsEndpoint::RESOURCE;
        if (&*self.group, &*self.version, &*self.kind) == (usual.group, usual.version, usual.kind) {
            return Ok(usual);
        }
        view.find_kind(&self.group, &self.version, &self.kind).await
    }
}

/// What a dot at the end of a target means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FinalDot {
    /// The same as none.
    Stripped,
    /// What the target says.
    Kept,
    /// The target is not complete without it.
    Required,
    /// The target is something else than was meant.
    Forbidden,
}

impl FinalDot {
    fn of(rtype: RecordType) -> Self {
        match rtype {
            RecordType::Cname | RecordType::Dname => Self::Stripped,
            RecordType::Txt | RecordType::Mx | RecordType::Srv => Self::Kept,
            RecordType::Naptr => Self::Required,
            _ => Self::Forbidden,
        }
    }

    fn apply(self, target: EcoString) -> Result<EcoString, DropReason> {
        match (self, target.strip_suffix('.')) {
            (Self::Stripped, Some(stripped)) => Ok(stripped.into()),
            (Self::Required, None) => {
                Err(DropReason::FinalDot { correct: eco_format!("{target}."), target })
            }
            (Self::Forbidden, Some(stripped)) => {
                Err(DropReason::FinalDot { correct: stripped.into(), target })
            }
            _ => Ok(target),
        }
    }
}

impl Entry {
    /// The record type. An entry without targets gets those of `--default-targets` and their type,
    /// and need not name one.
    fn rtype(&self) -> Result<RecordType, DropReason> {
        if self.record_type.is_empty() && self.targets.is_empty() {
            return Ok(RecordType::A);
        }
        Ok(self.record_type.parse::<RecordType>()?)
    }

    fn put(self, sink: &mut Sink, by: &Arc<Resource>) {
        let text = self.dns_name.clone();
        sink.note(&text, by, None);
        let (rtype, targets) = match self.content() {
            Ok(content) => content,
            Err(reason) => return drop(sink, by, text, reason),
        };
        let Some(name) = sink.name(&text, by) else { return };
        let set = RecordSet::new(name, rtype, Ttl::from_seconds(self.record_ttl), targets)
            .with_set_identifier(self.set_identifier)
            .with_properties(properties(self.provider_specific));
        let mut endpoint = Endpoint::from_set(set).wanted_by(Arc::clone(by));
        if !self.labels.is_empty() {
            endpoint.edit_labels(|labels| {
                self.labels.iter().for_each(|(key, value)| labels.set(key, value));
            });
        }
        sink.endpoints.push(endpoint);
    }

    fn content(&self) -> Result<(RecordType, Targets), DropReason> {
        if self.dns_name.is_empty() || self.dns_name == "." {
            return Err(DropReason::NoName);
        }
        let rtype = self.rtype()?;
        let dot = FinalDot::of(rtype);
        let targets = self.targets.iter().map(|target| dot.apply(target.clone()));
        Ok((rtype, targets.collect::<Result<Vec<_>, _>>()?.into_iter().collect()))
    }
}

fn drop(sink: &mut Sink, by: &Arc<Resource>, name: EcoString, reason: DropReason) {
    let dropped = Dropped { resources: vec![Arc::clone(by)], name, rtype: None, reason };
    // The report tells it, once, and louder.
    tracing::debug!("skipping an entry: {dropped}");
    sink.dropped.push(dropped);
}

/// The properties with the current spelling of Cloudflare's names, which are annotation keys.
fn properties(listed: Vec<Property>) -> Properties {
    let named = listed.into_iter().filter(|property| !property.name.is_empty());
    named.map(|Property { name, value }| (current_spelling(name), value)).collect()
}

fn current_spelling(name: EcoString) -> EcoString {
    match name.strip_prefix(ALPHA_PREFIX) {
        Some(key) if key.starts_with("cloudflare-") => eco_format!("{GA_PREFIX}{key}"),
        _ => name,
    }
}

pub(crate) struct CrdSource {
    context: Arc<Context>,
    /// The filters of the run without the controller annotation.
    filter: ObjectFilter,
}

impl CrdSource {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        let filter = ObjectFilter { controller_keys: Vec::new(), ..context.filter.clone() };
        Self { context: Arc::clone(context), filter }
    }
}

fn visit(
    sink: &mut Sink,
    kind: ResourceType,
    cluster: ClusterId,
    object: DnsEndpoint,
    verdict: Verdict,
) {
    if !sink.admits(HiddenBy::verdict(verdict), || {
        resource(cluster, ResourceKind::Crd, &object.metadata)
    }) {
        return;
    }
    let by = resource(cluster, ResourceKind::Crd, &object.metadata);
    if object.status.observed_generation != object.metadata.generation {
        sink.seen.push(StatusUpdate::seen(kind, &object.metadata));
    }
    for entry in object.spec.endpoints {
        match entry {
            Some(entry) => entry.put(sink, &by),
            None => tracing::debug!(resource = %by, "skipping an entry that is null"),
        }
    }
}

#[async_trait]
impl Source for CrdSource {
    fn name(&self) -> &'static str {
        "crd"
    }

    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let kind = self.context.options.crd.find(view).await?;
        let scope = ListScope { namespace: self.context.namespace(), filter: &self.filter };
        let mut found = view
            .fold_as(
                kind,
                scope,
                || sink.sibling(),
                |sink: &mut Sink, object, verdict| {
                    visit(sink, kind, view.id(), object, verdict);
                },
            )
            .await?;
        merge::by_resource(&mut found.endpoints);
        found.endpoints = merge::merge_endpoints(found.endpoints);
        sink.absorb(found);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use extdns_model::RecordType;

    use super::{CrdKind, FinalDot, current_spelling};

    #[test]
    fn final_dots() {
        use RecordType::{A, Aaaa, Cname, Dname, Mx, Naptr, Ns, Ptr, Srv, Txt};
        let table: &[(RecordType, &str, Result<&str, &str>)] = &[
            (A, "1.2.3.4", Ok("1.2.3.4")),
            (A, "1.2.3.4.", Err("1.2.3.4")),
            (Aaaa, "::1.", Err("::1")),
            (Ns, "ns.a.org.", Err("ns.a.org")),
            (Ptr, "a.org.", Err("a.org")),
            (RecordType::Other(257), "0 issue \"ca.org\".", Err("0 issue \"ca.org\"")),
            (Cname, "a.org.", Ok("a.org")),
            (Cname, "a.org..", Ok("a.org.")),
            (Dname, "a.org.", Ok("a.org")),
            (Txt, "v=spf1 -all.", Ok("v=spf1 -all.")),
            (Mx, "10 a.org.", Ok("10 a.org.")),
            (Srv, "0 0 80 a.org.", Ok("0 0 80 a.org.")),
            (Srv, "0 0 80 a.org", Ok("0 0 80 a.org")),
            (Naptr, "1 1 \"S\" \"\" \"\" a.org.", Ok("1 1 \"S\" \"\" \"\" a.org.")),
            (Naptr, "1 1 \"S\" \"\" \"\" a.org", Err("1 1 \"S\" \"\" \"\" a.org.")),
        ];
        for (rtype, target, expected) in table {
            let result = FinalDot::of(*rtype).apply((*target).into());
            match (result, expected) {
                (Ok(kept), Ok(expected)) => assert_eq!(kept, *expected, "{rtype} {target}"),
                (Err(reason), Err(correct)) => {
                    let hint = format!("; write {correct:?}");
                    assert!(reason.to_string().ends_with(&hint), "{rtype} {target}: {reason}");
                }
                (result, _) => panic!("{rtype} {target}: {result:?}"),
            }
        }
    }

    #[test]
    fn names_of_properties() {
        let table = [
            ("aws/weight", "aws/weight"),
            ("alias", "alias"),
            (
                "external-dns.alpha.kubernetes.io/cloudflare-proxied",
                "external-dns.kubernetes.io/cloudflare-proxied",
            ),
            (
                "external-dns.kubernetes.io/cloudflare-tags",
                "external-dns.kubernetes.io/cloudflare-tags",
            ),
            ("external-dns.alpha.kubernetes.io/ttl", "external-dns.alpha.kubernetes.io/ttl"),
        ];
        for (name, expected) in table {
            assert_eq!(current_spelling(name.into()), expected);
        }
    }

    #[test]
    fn kinds() {
        let kind = |group: &str, version: &str, kind: &str| {
            Some(CrdKind { group: group.into(), version: version.into(), kind: kind.into() })
        };
        let table = [
            (
                ("externaldns.k8s.io/v1alpha1", "DNSEndpoint"),
                kind("externaldns.k8s.io", "v1alpha1", "DNSEndpoint"),
            ),
            (("v1", "Thing"), kind("", "v1", "Thing")),
            (("a.org/", "Thing"), None),
            (("a.org/v1/x", "Thing"), None),
            (("", "Thing"), None),
            (("a.org/v1", ""), None),
        ];
        for ((api_version, name), expected) in table {
            assert_eq!(CrdKind::parse(api_version, name), expected, "{api_version} {name}");
        }
    }
}

//! Listing zones, and the user's filters on them.

use std::collections::{HashMap, HashSet};

use aws_sdk_route53::operation::list_hosted_zones::ListHostedZonesOutput;
use aws_sdk_route53::types::{HostedZone, Tag, TagResourceType};
use extdns_model::{Name, Opaque, Visibility, Zone};
use futures::future::try_join_all;

use super::names::{bare_id, decoded};
use super::{Login, Route53};
use crate::engine::{broke_off_again, is_forgotten};
use crate::{ErrorKind, ProviderError, Transport};

/// Most zones of one call for tags.
const TAGGED: usize = 10;

/// What we keep of a zone beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ZoneData {
    /// Which login serves it, by its index.
    pub(super) login: usize,
    /// How many record sets it held when it was listed.
    pub(super) records: i64,
}

/// The zones of all profiles. One that several profiles see belongs to the first.
pub(super) async fn list(api: &Route53, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
    tracing::debug!("Retrieving AWS zones.");
    let lists = try_join_all(api.logins.iter().map(|login| listed(api, via, login))).await?;
    warn_of_unknown_ids(api, &lists);
    let some_are_listed = lists.iter().any(|zones| !zones.is_empty());
    let kept = api.logins.iter().zip(lists).map(|(login, zones)| kept(api, via, login, zones));
    let zones = merged(api, try_join_all(kept).await?);
    if zones.is_empty() && some_are_listed {
        tracing::warn!(
            "no hosted zone passes all filters; check --zone-id-filter, --aws-zone-type, \
             --aws-zone-tags and --domain-filter"
        );
    }
    Ok(zones)
}

/// Warns of ids that match no zone: they may be mistyped.
fn warn_of_unknown_ids(api: &Route53, lists: &[Vec<HostedZone>]) {
    let listed = lists.iter().flatten().map(|zone| zone.id.as_str());
    for id in api.filter.unknown(listed) {
        let profiles: Vec<&str> = api.logins.iter().map(|login| &*login.profile).collect();
        tracing::warn!(
            "--zone-id-filter={id} matches no hosted zone of profile {}; give an id such as \
             Z0123456789ABC, of a zone that this identity can list",
            profiles.join(", ")
        );
    }
}

/// The zones of all profiles, in their order.
fn merged(api: &Route53, lists: Vec<Vec<HostedZone>>) -> Vec<Zone> {
    let mut zones = Vec::new();
    let mut seen: HashMap<String, &str> = HashMap::new();
    for (index, (login, kept)) in api.logins.iter().zip(lists).enumerate() {
        for zone in kept {
            let id = bare_id(&zone.id).to_owned();
            if let Some(first) = seen.get(&id) {
                tracing::warn!(
                    "zone {id} is seen by the profiles {first} and {}; the first is used",
                    login.profile
                );
                continue;
            }
            tracing::debug!("Considering zone: {} (domain: {})", zone.id, zone.name);
            zones.push(Zone {
                id: id.as_str().into(),
                name: Name::as_listed(&decoded(&zone.name)),
                visibility: visibility(&zone),
                read_only: None,
                data: Opaque::new(ZoneData {
                    login: index,
                    records: zone.resource_record_set_count.unwrap_or(0),
                }),
            });
            seen.insert(id, &login.profile);
        }
    }
    zones
}

/// All zones of a profile.
async fn listed(
    api: &Route53,
    via: &Transport,
    login: &Login,
) -> Result<Vec<HostedZone>, ProviderError> {
    let listed = match whole_list(api, via, login).await {
        Err(error) if error.kind == ErrorKind::Unauthorised => {
            // Who may not list may still be allowed to look at the zones that are named.
            named(api, via, login).await.map_err(|_| error)
        }
        listed => listed,
    };
    listed.map_err(|error| error.within(failed("failed to list hosted zones", login)))
}

/// Those of them that pass the filters.
async fn kept(
    api: &Route53,
    via: &Transport,
    login: &Login,
    mut zones: Vec<HostedZone>,
) -> Result<Vec<HostedZone>, ProviderError> {
    zones.retain(|zone| passes(api, zone));
    let tags = api.args.tags();
    if !tags.is_empty() {
        let matching = tagged(api, via, login, &zones, &tags)
            .await
            .map_err(|error| error.within(failed("failed to list tags for zones", login)))?;
        zones.retain(|zone| matching.contains(bare_id(&zone.id)));
    }
    Ok(zones)
}

fn failed(what: &str, login: &Login) -> String {
    format!("{what} (profile {})", login.profile)
}

/// All pages. The marker of the next page is a zone. If that zone is deleted in between, the list is
/// begun again, once.
async fn whole_list(
    api: &Route53,
    via: &Transport,
    login: &Login,
) -> Result<Vec<HostedZone>, ProviderError> {
    let first = page(api, via, login, None).await?;
    match pages(api, via, login, first).await {
        Err(error) if is_forgotten(&error) => {
            let first = page(api, via, login, None).await?;
            pages(api, via, login, first).await.map_err(broke_off_again)
        }
        done => done,
    }
}

async fn page(
    api: &Route53,
    via: &Transport,
    login: &Login,
    marker: Option<&str>,
) -> Result<ListHostedZonesOutput, ProviderError> {
    let (client, marker) = (login.client.clone(), marker.map(str::to_owned));
    let request = move || client.list_hosted_zones().set_marker(marker.clone()).send();
    api.call(via, login, "ListHostedZones", "", request).await
}

/// The zones of a page and of those behind it.
async fn pages(
    api: &Route53,
    via: &Transport,
    login: &Login,
    mut answer: ListHostedZonesOutput,
) -> Result<Vec<HostedZone>, ProviderError> {
    let mut zones = Vec::new();
    let mut seen = HashSet::new();
    loop {
        if answer.hosted_zones.iter().any(|zone| zone.id.is_empty() || zone.name.is_empty()) {
            return Err(incomplete("the list of zones is not whole: one has no id or no name"));
        }
        let empty = answer.hosted_zones.is_empty();
        zones.extend(answer.hosted_zones);
        if !answer.is_truncated {
            return Ok(zones);
        }
        let Some(marker) = answer.next_marker.filter(|_| !empty) else {
            let text = "the list of zones breaks off: a page is empty or does not name the next";
            return Err(incomplete(text));
        };
        if !seen.insert(marker.clone()) {
            let text = "the list of zones does not end: a page leads back to one before it";
            return Err(incomplete(text));
        }
        answer = page(api, via, login, Some(&marker)).await?;
    }
}

fn incomplete(text: impl Into<String>) -> ProviderError {
    ProviderError::new(ErrorKind::Transient, text)
}

/// The zones of `--zone-id-filter`, one call each.
async fn named(
    api: &Route53,
    via: &Transport,
    login: &Login,
) -> Result<Vec<HostedZone>, ProviderError> {
    let ids: Vec<&str> = api.filter.ids().iter().map(|id| bare_id(id)).collect();
    if ids.is_empty() || ids.iter().any(|id| id.is_empty()) {
        return Err(ProviderError::new(ErrorKind::Unauthorised, "no zones are named"));
    }
    let mut zones = Vec::new();
    for id in ids {
        let of_zone = format!(" of zone {id}");
        let (client, own) = (login.client.clone(), id.to_owned());
        let request = move || client.get_hosted_zone().id(&own).send();
        let answer = api.call(via, login, "GetHostedZone", &of_zone, request).await?;
        let zone = answer.hosted_zone.filter(|zone| bare_id(&zone.id) == id);
        zones.push(zone.ok_or_else(|| incomplete(format!("the answer is not about zone {id}")))?);
    }
    Ok(zones)
}

fn visibility(zone: &HostedZone) -> Visibility {
    match zone.config() {
        Some(config) if config.private_zone => Visibility::Private,
        _ => Visibility::Public,
    }
}

/// Whether a zone passes all filters but that of tags.
fn passes(api: &Route53, zone: &HostedZone) -> bool {
    api.filter.passes(&zone.id, &Name::as_listed(&decoded(&zone.name)), visibility(zone))
}

/// The ids of the zones that have all tags.
async fn tagged(
    api: &Route53,
    via: &Transport,
    login: &Login,
    zones: &[HostedZone],
    wanted: &[(&str, &str)],
) -> Result<HashSet<String>, ProviderError> {
    let mut matching = HashSet::new();
    for chunk in zones.chunks(TAGGED) {
        let ids: Vec<String> = chunk.iter().map(|zone| bare_id(&zone.id).to_owned()).collect();
        for (id, tags) in tags_of(api, via, login, ids).await? {
            if has_all(&tags, wanted) {
                matching.insert(id);
            }
        }
    }
    Ok(matching)
}

async fn tags_of(
    api: &Route53,
    via: &Transport,
    login: &Login,
    ids: Vec<String>,
) -> Result<Vec<(String, Vec<Tag>)>, ProviderError> {
    let (client, asked) = (login.client.clone(), ids.clone());
    let request = move || {
        let request = client.list_tags_for_resources();
        let request = request.resource_type(TagResourceType::Hostedzone);
        request.set_resource_ids(Some(asked.clone())).send()
    };
    match api.call(via, login, "ListTagsForResources", "", request).await {
        Ok(answer) => {
            let sets = answer.resource_tag_sets.into_iter();
            let sets =
                sets.filter_map(|set| Some((set.resource_id?, set.tags.unwrap_or_default())));
            let mut tags: HashMap<String, Vec<Tag>> = sets.collect();
            // Each zone that was asked for is in a whole answer, be it without tags.
            let of_zone = |id: String| match tags.remove(&id) {
                Some(tags) => Ok((id, tags)),
                None => {
                    Err(incomplete(format!("the list of tags is not whole: zone {id} is missing")))
                }
            };
            ids.into_iter().map(of_zone).collect()
        }
        // Older policies grant the call for one zone only.
        Err(error) if error.kind == ErrorKind::Unauthorised => {
            let each = ids.into_iter().map(|id| one_by_one(api, via, login, id));
            try_join_all(each).await.map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

async fn one_by_one(
    api: &Route53,
    via: &Transport,
    login: &Login,
    id: String,
) -> Result<(String, Vec<Tag>), ProviderError> {
    let (client, own) = (login.client.clone(), id.clone());
    let request = move || {
        let request = client.list_tags_for_resource();
        request.resource_type(TagResourceType::Hostedzone).resource_id(&own).send()
    };
    let answer = api.call(via, login, "ListTagsForResource", "", request).await?;
    let tags = answer.resource_tag_set.and_then(|set| set.tags).unwrap_or_default();
    Ok((id, tags))
}

fn has_all(tags: &[Tag], wanted: &[(&str, &str)]) -> bool {
    wanted.iter().all(|(key, value)| {
        tags.iter()
            .any(|tag| tag.key() == Some(*key) && (value.is_empty() || tag.value() == Some(*value)))
    })
}

//! What goes with records and is none itself: custom hostnames, which lead customers' names to a record,
//! and the regions of hostnames.

use std::collections::{BTreeMap, BTreeSet};

use extdns_model::{Action, ChangeGroup, Record, RecordSet, RecordType, Zone};
use serde::Deserialize;
use serde_json::json;

use super::Cloudflare;
use super::properties::{self, REGION, has_custom_hostnames, is_proxiable, joined};
use crate::rest::Request;
use crate::{ErrorKind, ProviderError, Transport};

pub(super) const CUSTOM: &str = "change custom hostname";
pub(super) const REGIONAL: &str = "change regional hostname";

/// What a zone has beside its records.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    /// By hostname.
    custom: BTreeMap<String, Custom>,
    /// The region of each hostname.
    regions: BTreeMap<String, String>,
    /// The names that have records, with their types.
    records: BTreeSet<(String, RecordType)>,
}

#[derive(Debug, Clone, Deserialize)]
struct Custom {
    id: String,
    hostname: String,
    #[serde(default)]
    custom_origin_server: String,
}

#[derive(Deserialize)]
struct Regional {
    hostname: String,
    region_key: String,
}

/// A call for a group, by its position.
type Job = (usize, &'static str, Result<Request, ProviderError>);

/// Why a record set cannot stand beside others of its name: a name has one region.
pub(super) fn conflict(set: &RecordSet, beside: &[&RecordSet]) -> Option<String> {
    let key = region_of(set).filter(|key| !key.is_empty())?;
    let others = beside.iter().filter(|other| is_proxiable(other.rtype));
    let other =
        others.filter_map(|other| region_of(other)).find(|it| !it.is_empty() && *it != key)?;
    let name = &set.name;
    Some(format!(
        "conflicting region keys for regional hostname {name}: {key} and {other}; give all records of \
         the name the same cloudflare-region-key"
    ))
}

fn region_of(set: &RecordSet) -> Option<&str> {
    set.properties().get(REGION)
}

/// The custom hostnames that lead to a record set.
fn custom_of(set: &RecordSet) -> impl Iterator<Item = (String, String)> {
    let list = set.properties().get(properties::CUSTOM).filter(|_| has_custom_hostnames(set.rtype));
    let hosts = list.unwrap_or_default().split(',').filter(|host| !host.is_empty());
    hosts.map(|host| (host.to_owned(), set.name.key().into_owned()))
}

/// What a change takes away and what it brings.
fn sides(action: &Action) -> (Option<&RecordSet>, Option<&RecordSet>) {
    match action {
        Action::Create(new) => (None, Some(&new.set)),
        Action::Update { old, new } => (Some(&old.set), Some(&new.set)),
        Action::Delete(old) => (Some(&old.set), None),
    }
}

impl Cloudflare {
    /// Reads what the zone has beside these records, and notes it with them.
    pub(super) async fn read_beside(
        &self,
        via: &Transport,
        zone: &Zone,
        records: &mut [Record],
    ) -> Result<Beside, ProviderError> {
        let mut beside = Beside::default();
        if self.args.cloudflare_custom_hostnames {
            let first =
                self.rest.get(&["zones", &zone.id, "custom_hostnames"]).query("per_page", 50);
            let listed: Vec<Custom> =
                self.list(via, "list custom hostnames", first).await.map_err(|error| {
                    error.within("enable Cloudflare for SaaS or drop --cloudflare-custom-hostnames")
                })?;
            beside.custom = listed.into_iter().map(|own| (own.hostname.clone(), own)).collect();
        }
        if self.args.has_regions() {
            let first = self.rest.get(&["zones", &zone.id, "addressing", "regional_hostnames"]);
            let listed: Vec<Regional> =
                self.list(via, "list regional hostnames", first).await.map_err(|error| {
                    error.within("enable Regional Services or drop --cloudflare-regional-services")
                })?;
            let pairs = listed.into_iter().map(|own| (own.hostname, own.region_key));
            beside.regions = pairs.collect();
        }
        for record in records {
            self.note(record, &mut beside);
        }
        Ok(beside)
    }

    fn note(&self, record: &mut Record, beside: &mut Beside) {
        let (name, rtype) = (record.set.name.key().into_owned(), record.set.rtype);
        if has_custom_hostnames(rtype) {
            let own = beside.custom.values().filter(|own| own.custom_origin_server == name);
            if let Some(list) = joined(own.map(|own| own.hostname.as_str())) {
                record.set.edit_properties(|all| all.set(properties::CUSTOM, list));
            }
        }
        if self.args.has_regions() && is_proxiable(rtype) {
            let key = beside.regions.get(&name).map_or("", String::as_str);
            record.set.edit_properties(|all| all.set(REGION, key));
            beside.records.insert((name, rtype));
        }
    }

    /// Makes what goes with the records of these groups, and unmakes what went with those that are gone.
    pub(super) async fn write_beside(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Vec<Option<ProviderError>> {
        let known = self.known().get(&zone.id).cloned().unwrap_or_default();
        let mut jobs = Vec::new();
        if self.args.cloudflare_custom_hostnames {
            jobs.extend(self.custom_hostnames(zone, groups, &known));
        }
        if self.args.has_regions() {
            jobs.extend(self.regions(zone, groups, &known));
        }
        let mut failures = vec![None; groups.len()];
        for (at, operation, request) in jobs {
            let made = match request {
                Ok(request) => self.send(via, operation, &request).await.map(drop),
                Err(error) => Err(error),
            };
            match made {
                Err(error) if error.kind != ErrorKind::RecordGone => {
                    failures[at].get_or_insert(error.within("the records are there, but"));
                }
                _ => {}
            }
        }
        failures
    }

    /// Only the difference counts: a hostname that stays is not touched, whatever its record's targets do.
    fn custom_hostnames(&self, zone: &Zone, groups: &[&ChangeGroup], known: &Beside) -> Vec<Job> {
        let (mut gone, mut come) = (BTreeMap::new(), BTreeMap::new());
        for (at, group) in groups.iter().enumerate() {
            for change in &group.changes {
                let (old, new) = sides(&change.action);
                gone.extend(old.into_iter().flat_map(custom_of).map(|own| (own, at)));
                come.extend(new.into_iter().flat_map(custom_of).map(|own| (own, at)));
            }
        }
        gone.retain(|own, _| !come.contains_key(own));
        let path = ["zones", &zone.id, "custom_hostnames"];
        let mut jobs = Vec::new();
        for ((host, origin), at) in &gone {
            match known.custom.get(host).filter(|own| own.custom_origin_server == *origin) {
                Some(own) => {
                    let request = self.rest.delete(&[&path[..], &[own.id.as_str()]].concat());
                    jobs.push((*at, CUSTOM, Ok(request)));
                }
                None => tracing::warn!(host, "the custom hostname is gone already"),
            }
        }
        for ((host, origin), at) in &come {
            let is_gone =
                |own: &Custom| gone.contains_key(&(host.clone(), own.custom_origin_server.clone()));
            match known.custom.get(host).filter(|own| !is_gone(own)) {
                Some(own) if own.custom_origin_server == *origin => {}
                Some(own) => jobs.push((*at, CUSTOM, Err(taken(own)))),
                None => {
                    let body = self.custom_hostname(host, origin);
                    jobs.push((*at, CUSTOM, self.rest.post(&path).json(&body)));
                }
            }
        }
        jobs
    }

    fn custom_hostname(&self, host: &str, origin: &str) -> serde_json::Value {
        let version = &self.args.cloudflare_custom_hostnames_min_tls_version;
        let mut ssl = json!({ "type": "dv", "method": "http", "bundle_method": "ubiquitous",
            "settings": { "min_tls_version": version } });
        let authority = &self.args.cloudflare_custom_hostnames_certificate_authority;
        if authority != "none" {
            ssl["certificate_authority"] = authority.as_str().into();
        }
        json!({ "hostname": host, "custom_origin_server": origin, "ssl": ssl })
    }

    fn regions(&self, zone: &Zone, groups: &[&ChangeGroup], known: &Beside) -> Vec<Job> {
        let mut left = known.records.clone();
        let mut wanted: BTreeMap<String, (usize, &str)> = BTreeMap::new();
        let changes = || {
            let all = groups.iter().enumerate();
            all.flat_map(|(at, group)| group.changes.iter().map(move |change| (at, change)))
                .map(|(at, change)| (at, sides(&change.action)))
        };
        for (_, (old, new)) in changes() {
            if let (Some(old), None) = (old, new) {
                left.remove(&(old.name.key().into_owned(), old.rtype));
            }
        }
        for (at, (old, new)) in changes() {
            let Some(set) = new.or(old).filter(|set| is_proxiable(set.rtype)) else { continue };
            let name = set.name.key().into_owned();
            let stays = new.is_none() && left.iter().any(|(other, _)| *other == name);
            let key = new.and_then(region_of).unwrap_or_default();
            // A key that is not empty wins; two of them do not come here, see `conflict`.
            if !stays && wanted.get(&name).is_none_or(|(_, before)| before.is_empty()) {
                wanted.insert(name, (at, key));
            }
        }
        let path = ["zones", &zone.id, "addressing", "regional_hostnames"];
        let jobs = wanted.iter().filter_map(|(name, (at, key))| {
            let own = [&path[..], &[name.as_str()]].concat();
            let request = match known.regions.get(name) {
                Some(is) if is == key => return None,
                None if key.is_empty() => return None,
                Some(_) if key.is_empty() => Ok(self.rest.delete(&own)),
                Some(_) => self.rest.patch(&own).json(&json!({ "region_key": key })),
                None => self.rest.post(&path).json(&json!({ "hostname": name, "region_key": key })),
            };
            Some((*at, REGIONAL, request))
        });
        jobs.collect()
    }
}

fn taken(own: &Custom) -> ProviderError {
    let Custom { hostname, custom_origin_server: origin, .. } = own;
    let message = format!(
        "the custom hostname {hostname} leads to {origin}; take it away there, or name another"
    );
    ProviderError::new(ErrorKind::Conflict(Vec::new()), message)
}

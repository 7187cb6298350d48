//! Things that stand beside records in a service of their own, such as the regions of host names: how they are listed,
//! noted with the records that they belong to, and changed.

use std::collections::BTreeMap;

use extdns_model::{ChangeGroup, Record, RecordSet, RecordType};
use serde_json::{Map, Value};

use super::{Listing, Request, Rest};
use crate::engine::beside::{Pair, Step, Wants};
use crate::{ErrorKind, ProviderError, Transport};

/// One kind of things beside records, each with a key of its own and a value. Either its key is the name of a record, and
/// a property of that record its value; or its value is the name of a record, and the words of the property are the keys.
pub struct Beside {
    /// The operation that lists them.
    pub list: &'static str,
    /// The operation that changes one.
    pub change: &'static str,
    /// Where they are below their zone.
    pub path: &'static [&'static str],
    /// Where a page has them.
    pub listing: Listing,
    /// The members with the id in paths, the key and the value. Where there is no id the key stands in paths.
    pub members: [&'static str; 3],
    /// Whether the key is the name of a record, and a change of the value a `PATCH`.
    pub by_name: bool,
    /// The property of records.
    pub property: &'static str,
    /// The types of records that have it.
    pub types: &'static [RecordType],
    /// What the user can do where they cannot be listed: a lower-case fragment.
    pub remedy: &'static str,
    /// What their values are called, where the key is the name of a record.
    pub called: &'static str,
    /// Where records are below their zone, whose parameter `name` selects those of one name.
    pub records: &'static str,
}

/// What the service has of one kind: the id and the value of each key.
type Known = BTreeMap<String, (String, String)>;

impl Beside {
    /// The keys and values that a record set wants.
    #[must_use]
    pub fn wanted(&self, set: &RecordSet) -> Vec<Pair> {
        let property = set.properties().get(self.property);
        let Some(property) = property.filter(|_| self.types.contains(&set.rtype)) else {
            return Vec::new();
        };
        let name = || set.name.key().into_owned();
        if self.by_name {
            return vec![(name(), property.to_owned())];
        }
        property.split(',').map(|word| (word.to_owned(), name())).collect()
    }

    async fn known(
        &self,
        rest: &Rest,
        via: &Transport,
        zone: &[&str],
    ) -> Result<Known, ProviderError> {
        let first = rest.get(&[zone, self.path].concat()).query("per_page", 50);
        let listed: Vec<Value> = rest
            .list(via, self.list, first, &self.listing)
            .await
            .map_err(|error| error.within(self.remedy))?;
        let known = listed.iter().filter_map(|it| {
            let [id, key, value] = self.members.map(|member| it[member].as_str());
            let key = key?.to_owned();
            Some((
                key.clone(),
                (id.map_or(key, ToOwned::to_owned), value.unwrap_or_default().to_owned()),
            ))
        });
        Ok(known.collect())
    }

    /// Notes them in the property of the records of a zone, whose path is given.
    ///
    /// # Errors
    /// When the list could not be read.
    pub async fn note(
        &self,
        rest: &Rest,
        via: &Transport,
        zone: &[&str],
        records: &mut [Record],
    ) -> Result<(), ProviderError> {
        let mut properties: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, (_, value)) in self.known(rest, via, zone).await? {
            let (name, word) = if self.by_name { (key, value) } else { (value, key) };
            properties.entry(name).or_default().push(word);
        }
        let sets = records.iter_mut().map(|record| &mut record.set);
        for set in sets.filter(|set| self.types.contains(&set.rtype)) {
            let words = properties.get(&*set.name.key()).map(|words| words.join(","));
            // A name without a value is compared with one that shall have none.
            if let Some(words) = words.or_else(|| self.by_name.then(String::new)) {
                set.edit_properties(|all| all.set(self.property, words));
            }
        }
        Ok(())
    }

    /// Why a record set cannot stand beside others of its name, where the name has one value.
    #[must_use]
    pub fn conflict(&self, set: &RecordSet, beside: &[&RecordSet]) -> Option<String> {
        let value = |set| self.wanted(set).pop().map(|own| own.1).filter(|it| !it.is_empty());
        let own = value(set)?;
        let other = beside.iter().copied().filter_map(value).find(|it| *it != own)?;
        let (called, name) = (self.called, &set.name);
        Some(format!(
            "conflicting {called} {name}: {own} and {other}; give all records of the name the same"
        ))
    }

    /// Does what the changes of these groups want, which are made, and notes the failure of each group. `more` are the
    /// members of a new one beside its key and value.
    pub async fn write(
        &self,
        (rest, via, zone): (&Rest, &Transport, &[&str]),
        groups: &[&ChangeGroup],
        more: &Map<String, Value>,
        failures: &mut [Option<ProviderError>],
    ) {
        let wants = Wants::of(groups, |set| self.wanted(set));
        let concerned = wants.groups();
        if concerned.is_empty() {
            return;
        }
        let mut note = |at: usize, error: ProviderError| {
            failures[at].get_or_insert(error.within("the records are there, but"));
        };
        let known = match self.known(rest, via, zone).await {
            Ok(known) => known,
            Err(error) => return concerned.into_iter().for_each(|at| note(at, error.clone())),
        };
        let values = known.iter().map(|(key, (_, value))| (key.clone(), value.clone())).collect();
        for (at, key, step) in wants.against(&values) {
            let id = known.get(key).map_or(key, |(id, _)| id);
            let requests = self.requests(rest, zone, (key, id), step, more);
            if let Err(error) = self.send((rest, via, zone), requests, key, step).await {
                note(at, error);
            }
        }
    }

    fn requests(
        &self,
        rest: &Rest,
        zone: &[&str],
        (key, id): (&str, &str),
        step: Step<'_>,
        more: &Map<String, Value>,
    ) -> Result<Vec<Request>, ProviderError> {
        let all = [zone, self.path].concat();
        let own = [&all[..], &[id]].concat();
        let [_, of_key, of_value] = self.members;
        let make = |value: &str| {
            let mut body = more.clone();
            body.extend([(of_key.to_owned(), key.into()), (of_value.to_owned(), value.into())]);
            rest.post(&all).json(&body)
        };
        Ok(match step {
            Step::Orphaned | Step::Remove => vec![rest.delete(&own)],
            Step::Make(value) => vec![make(value)?],
            Step::Change(value) | Step::Taken(value, _) if self.by_name => {
                vec![rest.patch(&own).json(&BTreeMap::from([(of_value, value)]))?]
            }
            Step::Change(value) => vec![rest.delete(&own), make(value)?],
            Step::Taken(_, other) => return Err(taken(key, other)),
        })
    }

    /// What is gone already is no failure, and a value stays as long as its name has records.
    async fn send(
        &self,
        (rest, via, zone): (&Rest, &Transport, &[&str]),
        requests: Result<Vec<Request>, ProviderError>,
        key: &str,
        step: Step<'_>,
    ) -> Result<(), ProviderError> {
        if self.by_name && step == Step::Orphaned {
            let first = rest.get(&[zone, &[self.records]].concat()).query("name", key);
            let left: Vec<Value> = rest.list(via, self.list, first, &self.listing).await?;
            let mut types = left.iter().map(|it| it["type"].as_str());
            if types.any(|it| self.types.iter().any(|own| own.known_text() == it)) {
                return Ok(());
            }
        }
        for request in requests? {
            match rest.send(via, self.change, &request).await {
                Err(error) if error.kind != ErrorKind::RecordGone => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn taken(key: &str, other: &str) -> ProviderError {
    let message = format!("{key} leads to {other}; take it away there, or name another");
    ProviderError::new(ErrorKind::Conflict(Vec::new()), message)
}

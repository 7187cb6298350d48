//! APIs of single values whose calls all go to one path: each is an action with parameters. Some services have two of
//! that kind, for public and for private zones, which differ in data alone.

use extdns_model::{Action, ChangeGroup, RecordSet, RecordType, Stored, Zone};
use serde_json::{Map, Value, json};

use super::{Account, Id, Layout, Listing, Request, Rest, Service, ZoneLayout, origin};
use crate::engine::wire::Form;
use crate::{Batching, Capabilities, ErrorKind, Page, ProviderError, Step, Transport};

/// An API of actions, as data.
#[derive(Debug)]
pub struct Actions {
    /// The service.
    pub service: Service,
    /// The name of the API in signatures; empty where they have none.
    pub name: &'static str,
    /// The version of the API, which every call names.
    pub version: &'static str,
    /// Whether its zones are private ones, of a VPC.
    pub is_private: bool,
    /// How it writes records.
    pub form: Form,
    /// The types that it stores.
    pub types: &'static [RecordType],
    /// Where the action and its parameters stand.
    pub parameters: Parameters,
    /// The parameter of the ids of records that are deleted together; empty where a call deletes one.
    pub ids: &'static str,
    /// The action that lists zones, its pages, and the members of a zone.
    pub zones: (&'static str, Listing, ZoneLayout),
    /// The action that lists the records of a zone, its pages, and the members of a record.
    pub records: (&'static str, Listing, Layout),
    /// The actions that make, change and remove a record.
    pub writes: [&'static str; 3],
    /// The parameters of a record that is made or changed.
    pub written: Layout,
    /// More of them, the same for all records.
    pub more: &'static [(&'static str, &'static str)],
    /// The parameter that names the zone.
    pub zone: &'static str,
    /// Whether changes and deletes name it too; else the id of the record is enough.
    pub always_zone: bool,
    /// Whether ids of records are numbers in JSON.
    pub number_ids: bool,
}

/// Where an action and its parameters stand.
#[derive(Debug, Clone, Copy)]
pub enum Parameters {
    /// The action is this parameter of the query, where the others are.
    Query(&'static str),
    /// The action and the version are these headers; the parameters are members of a JSON body.
    Body(&'static str, &'static str),
}

/// The parameters of an action.
pub type Given = Map<String, Value>;

impl Actions {
    /// What a provider of this API can do: one change per call, but for deletes that go together.
    #[must_use]
    pub fn capabilities(&'static self, provider: &'static str) -> Capabilities {
        Capabilities {
            batches: if self.ids.is_empty() { Batching::None } else { Batching::InPart },
            record_types: self.types,
            page_size: Some(self.records.1.size.1),
            parallel_zones: 4,
            parallel_writes: 4,
            mutating_operations: &self.writes,
            ..self.form.capabilities(provider)
        }
    }

    /// The call of an action.
    ///
    /// # Errors
    /// When the parameters cannot be sent.
    pub fn request(
        &self,
        rest: &Rest,
        action: &str,
        given: &Given,
    ) -> Result<Request, ProviderError> {
        let request = rest.post(&[]);
        match self.parameters {
            Parameters::Query(name) => Ok(request.query(name, action).queries(texts(given))),
            Parameters::Body(name, version) => {
                request.header(name, action)?.header(version, self.version)?.json(given)
            }
        }
    }

    /// Calls an action for what it does.
    ///
    /// # Errors
    /// As [`Rest::send`].
    pub async fn call(
        &self,
        rest: &Rest,
        via: &Transport,
        action: &'static str,
        given: &Given,
    ) -> Result<(), ProviderError> {
        rest.send(via, action, &self.request(rest, action, given)?).await.map(drop)
    }

    /// The zones that are managed.
    ///
    /// # Errors
    /// As [`Rest::list`].
    pub async fn list_zones(
        &self,
        account: &Account,
        via: &Transport,
        given: &Given,
    ) -> Result<Vec<Zone>, ProviderError> {
        let (action, listing, layout) = &self.zones;
        let first = self.request(&account.rest, action, given)?;
        account.list_zones(via, first, listing, layout).await
    }

    /// The records of a zone, of the items that the provider wants.
    ///
    /// # Errors
    /// As [`Rest::list`].
    pub async fn list_records(
        &self,
        account: &Account,
        via: &Transport,
        zone: &Zone,
        wants: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Page, ProviderError> {
        let (action, listing, layout) = &self.records;
        let first = self.request(&account.rest, action, &self.in_zone(zone))?;
        account.list_some(via, zone, first, listing, layout, wants).await
    }

    /// Makes the changes of groups, deletes first and together, so that a name can change its type: a CNAME excludes every
    /// other record. One that is gone is done.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub async fn send(
        &self,
        rest: &Rest,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let (mut gone, mut others) = (Vec::new(), Vec::new());
        for change in groups.iter().flat_map(|group| &group.changes) {
            match &change.action {
                Action::Delete(old) => gone.push(origin::<Id>(old)?.as_str()),
                _ => others.push(change),
            }
        }
        match self.delete(rest, via, zone, &gone).await {
            // One that is gone lets the others stay.
            Err(error) if error.kind == ErrorKind::RecordGone => {
                for id in gone {
                    self.delete(rest, via, zone, &[id]).await?;
                }
            }
            other => other?,
        }
        for change in others {
            self.step(rest, via, zone, change).await?;
        }
        Ok(())
    }

    /// Deletes records together. A single one that is gone is done.
    async fn delete(
        &self,
        rest: &Rest,
        via: &Transport,
        zone: &Zone,
        ids: &[&str],
    ) -> Result<(), ProviderError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut given = self.in_zone(zone);
        given.insert(self.ids.to_owned(), json!(ids));
        match self.call(rest, via, self.writes[2], &given).await {
            Err(error) if error.kind == ErrorKind::RecordGone && ids.len() == 1 => Ok(()),
            answer => answer,
        }
    }

    /// Makes a step with one call.
    ///
    /// # Errors
    /// As [`Rest::send`], and when the record has no id.
    pub async fn step(
        &self,
        rest: &Rest,
        via: &Transport,
        zone: &Zone,
        step: &Step,
    ) -> Result<(), ProviderError> {
        let [create, change, delete] = self.writes;
        let (action, given) = match &step.action {
            Action::Create(new) => (create, [self.in_zone(zone), self.written(zone, &new.set)]),
            Action::Update { old, new } => {
                (change, [self.of_record(zone, old)?, self.written(zone, &new.set)])
            }
            Action::Delete(old) => (delete, [self.of_record(zone, old)?, Given::new()]),
        };
        let given = given.into_iter().flatten().collect();
        self.call(rest, via, action, &given).await
    }

    /// The parameters of what is written of a record.
    #[must_use]
    pub fn written(&self, zone: &Zone, set: &RecordSet) -> Given {
        let body = self.written.body(&self.form, zone, set);
        let more = self.more.iter().map(|(name, value)| (*name, Value::from(*value)));
        body.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The parameter that names a zone.
    #[must_use]
    pub fn in_zone(&self, zone: &Zone) -> Given {
        Given::from_iter([(self.zone.to_owned(), json!(&*zone.id))])
    }

    /// The parameters that name a record.
    fn of_record(&self, zone: &Zone, old: &Stored) -> Result<Given, ProviderError> {
        let id = origin::<Id>(old)?.as_str();
        let number = id.parse::<u64>().ok().filter(|_| self.number_ids);
        let mut given = if self.always_zone { self.in_zone(zone) } else { Given::new() };
        given.insert("RecordId".to_owned(), number.map_or_else(|| id.into(), Value::from));
        Ok(given)
    }
}

fn texts(given: &Given) -> impl Iterator<Item = (&str, String)> {
    given.iter().map(|(name, value)| match value {
        Value::String(text) => (name.as_str(), text.clone()),
        other => (name.as_str(), other.to_string()),
    })
}

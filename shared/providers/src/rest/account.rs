//! An account at a service: what every provider over REST has, and the calls that most of them make alike.

use extdns_model::{Action, Record, RecordSet, Zone};
use reqwest::Method;
use serde_json::Value;

use super::{Answer, Layout, Listing, Request, Rest, ZoneLayout};
use crate::engine::wire::Form;
use crate::engine::{Zoned, batched, stepped};
use crate::zones::without_followers;
use crate::{
    BatchWriter, Capabilities, ErrorKind, Page, ProviderError, RecordWriter, Step, Transport,
    ZoneFilter,
};

/// An account at a service: its client, what the API can do, and which zones are managed.
#[derive(Debug)]
pub struct Account {
    /// The client.
    pub rest: Rest,
    /// What the API can do, with the form of its records.
    pub capabilities: Capabilities,
    /// Which zones are managed.
    pub zones: ZoneFilter,
}

impl Account {
    /// The provider that this makes of the account, for an API that takes one record or record set in a call.
    pub fn stepped<A: RecordWriter + 'static>(self, provider: impl FnOnce(Self) -> A) -> Zoned {
        let via = self.rest.transport(&self.capabilities);
        stepped(provider(self), via)
    }

    /// The same for an API that takes several changes in a call.
    pub fn batched<A: BatchWriter + 'static>(self, provider: impl FnOnce(Self) -> A) -> Zoned {
        let via = self.rest.transport(&self.capabilities);
        batched(provider(self), via)
    }

    /// How records are written.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.capabilities.form
    }

    /// The zones of a list that are managed. One whose primary is elsewhere is left out, unless it lies below another one.
    ///
    /// # Errors
    /// As [`Rest::list`].
    pub async fn list_zones(
        &self,
        via: &Transport,
        first: Request,
        listing: &Listing,
        layout: &ZoneLayout,
    ) -> Result<Vec<Zone>, ProviderError> {
        let zones = self.all_zones(via, first, listing, layout).await?;
        Ok(without_followers(self.zones.select_by(zones, ZoneLayout::other_id)))
    }

    /// All zones of a list, where several lists are selected from together.
    ///
    /// # Errors
    /// As [`Rest::list`].
    pub async fn all_zones(
        &self,
        via: &Transport,
        first: Request,
        listing: &Listing,
        layout: &ZoneLayout,
    ) -> Result<Vec<Zone>, ProviderError> {
        let zones = self.items(via, "list zones", first, listing, |it| layout.zone(it)).await?;
        Ok(zones.into_iter().flatten().collect())
    }

    /// The records of a list, all whose type is managed, as the only page of a zone.
    ///
    /// # Errors
    /// As [`Rest::list`].
    pub async fn list_records(
        &self,
        via: &Transport,
        zone: &Zone,
        first: Request,
        listing: &Listing,
        layout: &Layout,
    ) -> Result<Page, ProviderError> {
        self.list_some(via, zone, first, listing, layout, |_| true).await
    }

    /// The same, of the items that the provider wants.
    ///
    /// # Errors
    /// As [`Rest::list`].
    pub async fn list_some(
        &self,
        via: &Transport,
        zone: &Zone,
        first: Request,
        listing: &Listing,
        layout: &Layout,
        wants: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Page, ProviderError> {
        let record = |item: &Value| match wants(item) {
            true => layout.record(&self.capabilities, zone, item),
            false => Ok(None),
        };
        let records = self.items(via, "list records", first, listing, record).await?;
        Ok(Page { records: records.into_iter().flatten().collect(), next: None })
    }

    /// Makes a step with one call, as [`Rest::step`]. What is sent is laid out so.
    ///
    /// # Errors
    /// As [`Rest::step`].
    pub async fn step(
        &self,
        via: &Transport,
        zone: &Zone,
        step: &Step,
        at: (Method, &[&str]),
        layout: &Layout,
    ) -> Result<Answer, ProviderError> {
        let body = |set: &RecordSet| match step.action {
            Action::Create(_) => layout.body(self.form(), zone, set),
            _ => layout.changed(self.form(), zone, set),
        };
        self.rest.step(via, step, at, body).await
    }

    /// The records of items that came one by one, all whose type is managed.
    ///
    /// # Errors
    /// When an item lacks something.
    pub fn records<'i>(
        &self,
        zone: &Zone,
        items: impl IntoIterator<Item = &'i Value>,
        layout: &Layout,
    ) -> Result<Vec<Record>, ProviderError> {
        let record = |item| layout.record(&self.capabilities, zone, item);
        let records = items.into_iter().filter_map(|item| record(item).transpose());
        records.collect::<Result<_, _>>().map_err(|problem| self.unlike(&problem))
    }

    /// What `read` makes of the items of a list.
    async fn items<T: Send>(
        &self,
        via: &Transport,
        operation: &'static str,
        first: Request,
        listing: &Listing,
        read: impl Fn(&Value) -> Result<T, String> + Send + Sync,
    ) -> Result<Vec<T>, ProviderError> {
        let from = first.to_string();
        let listing = &self.sized(listing);
        let items: Vec<Value> = self.rest.list(via, operation, first, listing).await?;
        let read = items.iter().map(read).collect::<Result<_, _>>();
        read.map_err(|problem| self.unlike(&format!("{from}: {problem}")))
    }

    fn unlike(&self, problem: &str) -> ProviderError {
        let name = self.rest.name();
        let message = format!("{name}: the answer is not what the API promises: {problem}");
        ProviderError::new(ErrorKind::Transient, message)
    }

    /// A listing that says no size of its pages has that of the capabilities.
    fn sized(&self, listing: &Listing) -> Listing {
        match (listing.size, self.capabilities.page_size) {
            ((name, 0), Some(size)) => Listing { size: (name, size), ..*listing },
            _ => *listing,
        }
    }
}

//! Ownership in the items of a DynamoDB table, as ExternalDNS keeps it: its table, its statements, its rights.
//!
//! Example, with the owner id `me`: the A record of `www.example.org` is ours because of this item.
//!
//! ```text
//! k: "www.example.org#A#"                      name, type and set identifier
//! o: "me"                                      the owner id
//! l: { resource: "service/default/web" }       the other labels
//! ```
//!
//! Items are read by one scan for each owner id that counts as ours, so those of others are not seen: that a name
//! is another owner's shows when its item is to be made. New and changed items are written before the provider is
//! called, items of deleted records and of records that are not there are removed after it.
//!
//! Where ExternalDNS ends the whole run over one item that cannot be written, only the record of that item
//! stays as it is here.

mod item;
mod migration;
mod statement;
mod table;
mod write;

use async_trait::async_trait;
use extdns_auth::AwsOptions;
use extdns_model::{Endpoint, Failure, GroupId, Inventory, Labels, Owners, Permit};
use extdns_plan::{Plan, Refusal};
use tokio::sync::OnceCell;

use self::migration::Migration;
use self::table::Table;
use self::write::Writes;
use crate::txt::TxtRegistry;
use crate::{
    Annotated, Entry, EntryAction, EntryChange, Examined, Groups, Loaded, Outside, Refused,
    Registry, Settled, Store, StoreError,
};

/// How AWS is called for the sake of a registry.
#[derive(Debug, Clone, Default)]
pub struct AwsCalls {
    /// As whom, and in which region.
    pub options: AwsOptions,
    /// How often a call is made at most, the first included; 0 for the usual number.
    pub attempts: u32,
}

/// Which table is used, and how.
pub(crate) struct Place {
    pub(crate) table: String,
    /// `--dynamodb-region`; empty for the region of the environment.
    pub(crate) region: String,
    pub(crate) aws: AwsCalls,
}

/// The registry in a table. What it shares with other stores is [`Outside`]; TXT records of the registry `txt` are
/// taken over.
pub(crate) struct DynamoDb {
    outside: Outside,
    migration: Migration,
}

impl DynamoDb {
    /// AWS is not called before it is needed.
    pub(crate) fn new(owners: Owners, txt: TxtRegistry, place: Place) -> Self {
        let store = Rows { owners: owners.clone(), place, table: OnceCell::new() };
        Self { outside: Outside::new(owners, Box::new(store)), migration: Migration::new(txt) }
    }
}

impl Registry for DynamoDb {
    fn owners(&self) -> &Owners {
        self.outside.owners()
    }

    fn labels(&self, endpoint: &Endpoint) -> Labels {
        self.outside.labels(endpoint)
    }

    fn store(&self) -> Option<&dyn Store> {
        self.outside.store()
    }

    fn annotate(&self, inventory: Inventory, loaded: Loaded) -> Annotated {
        let (inventory, inherited) = self.migration.take(inventory, &loaded);
        let mut annotated = self.outside.annotate(inventory, loaded);
        inherited.give(&mut annotated.inventory);
        annotated
    }

    fn decorate(
        &self,
        plan: &mut Plan<'_>,
        annotated: &Annotated,
        refusal: &Refusal<'_>,
    ) -> Groups {
        self.outside.decorate(plan, annotated, refusal)
    }
}

/// The store of a run.
struct Rows {
    owners: Owners,
    place: Place,
    /// The table, once it was reached and its keys were found right.
    table: OnceCell<Table>,
}

impl Rows {
    async fn table(&self) -> Result<&Table, String> {
        self.table.get_or_try_init(|| Table::open(&self.place)).await
    }

    async fn read(&self) -> Result<Loaded, String> {
        let table = self.table().await?;
        let mut items = Vec::new();
        for owner in self.owners.ids() {
            items.extend(table.scan(owner).await?);
        }
        Ok(item::loaded(items))
    }

    fn unreadable(&self, reason: String) -> StoreError {
        StoreError { store: format!("DynamoDB table {:?}", self.place.table), reason }
    }
}

#[async_trait]
impl Store for Rows {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.read().await.map_err(|reason| self.unreadable(reason))
    }

    fn claims(&self, action: &EntryAction) -> bool {
        !matches!(action, EntryAction::Remove(_))
    }

    async fn claim(&self, _: &Permit, changes: &[&EntryChange]) -> Vec<(GroupId, Refused)> {
        match self.table().await {
            Ok(table) => Writes::new(table).claim(changes).await,
            Err(reason) => {
                let failure = write::unreachable(&self.unreadable(reason));
                changes.iter().map(|own| (own.group, Refused::Failed(failure.clone()))).collect()
            }
        }
    }

    async fn settle(
        &self,
        _: &Permit,
        changes: &[(&EntryChange, Settled)],
    ) -> Vec<(GroupId, Failure)> {
        match self.table().await {
            Ok(table) => Writes::new(table).settle(changes).await,
            Err(reason) => {
                let failure = write::unreachable(&self.unreadable(reason));
                changes.iter().map(|(own, _)| (own.group, failure.clone())).collect()
            }
        }
    }

    fn sweeps(&self) -> bool {
        true
    }

    async fn sweep(&self, _: &Permit, orphans: &[Entry]) {
        match self.table().await {
            Ok(table) => Writes::new(table).sweep(orphans).await,
            Err(reason) => tracing::warn!("{}", self.unreadable(reason)),
        }
    }

    async fn examine(&self, _: bool) -> Vec<Examined> {
        let what = format!("DynamoDB table {:?}", self.place.table);
        let fault = self.read().await.err().map(|problem| {
            crate::Fault::new(problem, "no record counts as ours, so every run fails")
        });
        vec![Examined { what, fault }]
    }
}

/// Whether a text can be the name or the ARN of a table, which stands in quotes in statements.
pub(crate) fn is_table(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-:/".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

//! What the run sees of a provider.

use async_trait::async_trait;
use extdns_model::{
    Attribution, ChangeGroup, Endpoint, Inventory, Kept, Name, Outcome, Permit, RecordSet,
    RecordType, Surroundings, ZoneIndex,
};

use crate::{CallCount, Capabilities, Deadline, ProviderError};

/// A provider as a plan needs it: what is in its zones, and what it can store.
#[async_trait]
pub trait Reader: Send + Sync {
    /// What the provider can do.
    fn capabilities(&self) -> &Capabilities;

    /// The accounts, projects or subscriptions whose zones these are, as the vendor names them, where that is known without a
    /// call.
    fn accounts(&self) -> Option<String> {
        None
    }

    /// The server that is asked: its host, with the port where that is not the usual one.
    fn server(&self) -> Option<String> {
        None
    }

    /// All zones, and of every zone its record sets or why it could not be read.
    ///
    /// # Errors
    /// When the list of zones is not complete: then no name can be routed.
    async fn read(&self) -> Result<Inventory, ProviderError>;

    /// Whether everything in the zones is, byte for byte, as the last [`read`](Self::read) found it. All of it is asked for
    /// again, and nothing is looked into. `false` where that cannot be told, and after a [writer](Provider::writer) was made.
    async fn is_as_read(&self, _until: Deadline) -> bool {
        false
    }

    /// What this provider makes of the desired endpoints: provider-native aliases, clamped TTLs,
    /// pins. Whatever it drops or changes is noted. The index has the zones of the run's inventory;
    /// it is empty where they could not be listed.
    ///
    /// # Errors
    /// When the provider had to be asked and did not answer.
    async fn adjust(
        &self,
        desired: Vec<Endpoint>,
        zones: &ZoneIndex,
    ) -> Result<Adjusted, ProviderError>;

    /// Why a record set could not be stored where it would stand, as far as that is known without
    /// asking: a lower-case fragment with the remedy.
    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        crate::storable::refusal(self.capabilities(), set, around)
    }

    /// The calls to the provider's API so far, those of its writers included, by operation. Empty
    /// where there is no API.
    fn calls(&self) -> Vec<CallCount> {
        Vec::new()
    }

    /// How many groups of changes the writers have written so far. `None` where that is known at their end only.
    fn written(&self) -> Option<u64> {
        None
    }
}

/// Writing: made with a [`Permit`], over what the reader found.
#[async_trait]
pub trait Writer: Send + Sync {
    /// Applies whole groups, and says what became of each: one outcome per group, in the order of
    /// the groups.
    async fn apply(&self, groups: &[ChangeGroup], until: Deadline) -> Vec<Outcome>;
}

/// A provider: reads for everybody, writes for callers that hold a [`Permit`].
pub trait Provider: Reader {
    /// The writing half. The groups that it is given carry keys of this index.
    ///
    /// # Errors
    /// When the provider is configured for reading only.
    fn writer(&self, permit: &Permit, zones: &ZoneIndex) -> Result<Box<dyn Writer>, ProviderError>;
}

/// The desired endpoints as the provider can store them.
#[derive(Debug, Default)]
pub struct Adjusted {
    /// The endpoints, in the order in which they came.
    pub endpoints: Vec<Endpoint>,
    /// What was dropped or changed, for the report.
    pub notes: Vec<Adaptation>,
}

impl Adjusted {
    /// The endpoints as `change` leaves them. What it says is why one is not stored as it was given.
    #[must_use]
    pub fn changed<I: IntoIterator<Item = String>>(
        mut self,
        mut change: impl FnMut(&mut Endpoint) -> I,
    ) -> Self {
        for endpoint in &mut self.endpoints {
            for reason in change(endpoint) {
                self.notes.push(Adaptation::of(endpoint, AdaptationKind::Changed, reason));
            }
        }
        self
    }

    /// The names about which the provider's answer was not complete, for the plan: nothing of them
    /// is deleted.
    #[must_use]
    pub fn kept(&self) -> Vec<Kept> {
        let missing = self.notes.iter().filter(|note| note.kind == AdaptationKind::Missing);
        missing.map(|note| Kept { name: note.name.clone(), reason: note.reason.clone() }).collect()
    }
}

/// Something that a provider cannot store as it is desired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adaptation {
    /// The name of the desired endpoint.
    pub name: Name,
    /// The type of the desired endpoint.
    pub rtype: RecordType,
    /// The set identifier of the desired endpoint, empty for a simple record set.
    pub set_identifier: String,
    /// Who wants it.
    pub attribution: Attribution,
    /// What became of it.
    pub kind: AdaptationKind,
    /// Why, and what the user can do: a lower-case fragment.
    pub reason: String,
}

/// What became of a desired endpoint that the provider cannot store as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdaptationKind {
    /// It is stored in another form.
    Changed,
    /// It is not stored.
    Dropped,
    /// The provider was asked, and its answer does not have it. That does not allow a delete: the
    /// records of the name stay.
    Missing,
}

impl Adaptation {
    /// A note about this endpoint.
    #[must_use]
    pub fn of(endpoint: &Endpoint, kind: AdaptationKind, reason: impl Into<String>) -> Self {
        Self {
            name: endpoint.set.name.clone(),
            rtype: endpoint.set.rtype,
            set_identifier: endpoint.set.set_identifier().to_owned(),
            attribution: endpoint.attribution.clone(),
            kind,
            reason: reason.into(),
        }
    }
}

//! What a provider with a zone-shaped API writes; the engine turns it into a
//! [`Provider`](crate::Provider).

use std::iter::Sum;
use std::ops::Add;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::{
    Change, ChangeGroup, DomainFilter, Name, Record, RecordSet, Stored, Surroundings, Zone,
    ZoneIndex,
};

use crate::{Adjusted, BatchLimits, Capabilities, ProviderError, Transport};

/// Reading a zone-shaped API.
#[async_trait]
pub trait ZoneReader: Send + Sync {
    /// What the API can do.
    fn capabilities(&self) -> &Capabilities;

    /// See [`Reader::accounts`](crate::Reader::accounts).
    fn accounts(&self) -> Option<String> {
        None
    }

    /// Every zone of the account that the user's zone filters let through.
    ///
    /// # Errors
    /// When the list is not complete: a short list would move names to parent zones.
    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError>;

    /// One page of a zone's records: the values of a set in one record with
    /// [`Stores::Sets`](crate::Stores::Sets), else one record per value with its own origin, which the
    /// engine folds into sets.
    ///
    /// # Errors
    /// When the page could not be read, or is not complete.
    async fn page(
        &self,
        via: &Transport,
        zone: &Zone,
        from: PageFrom,
    ) -> Result<Page, ProviderError>;

    /// The records of these names as [`page`](Self::page) gives them, all that the zone has of them,
    /// if the API gives them with one call; `None` where it does not, or not for so many names. Asked
    /// for before a delete and after a refusal; without it the engine reads whole pages.
    ///
    /// # Errors
    /// When they could not be read, or are not complete.
    async fn named(
        &self,
        _via: &Transport,
        _zone: &Zone,
        _names: &[&Name],
    ) -> Result<Option<Vec<Record>>, ProviderError> {
        Ok(None)
    }

    /// Names at which the list of a large zone can be begun beside its beginning, in the order of
    /// the API, so that several readers share it. They need not exist. None, unless a provider says
    /// otherwise; asked for only with [`Capabilities::starts_at_name`].
    fn starts(&self, _zone: &Zone) -> Vec<Name> {
        Vec::new()
    }

    /// The account of a zone, where a provider works for several: an account of which three zones in a row
    /// fail is not called any more in this run. One account, unless a provider says otherwise.
    fn account(&self, _zone: &Zone) -> &str {
        ""
    }

    /// The names that the provider is willing to manage, beside the user's own filter. All, unless
    /// a provider says otherwise.
    fn domain_filter(&self, _zones: &ZoneIndex) -> DomainFilter {
        DomainFilter::default()
    }

    /// What only this provider makes of the desired endpoints (native aliases, its own properties),
    /// before the engine compares them with the [`Capabilities`]. The index says which zones there
    /// are. Unless a provider says otherwise, values get the normal form that the API writes
    /// ([`Form::wanted`](crate::engine::wire::Form::wanted)).
    fn adjust(&self, desired: Adjusted, _zones: &ZoneIndex) -> Adjusted {
        self.capabilities().form.wanted(desired)
    }

    /// What only this provider refuses to store: a lower-case fragment with the remedy. Nothing,
    /// unless a provider says otherwise; what follows from the [`Capabilities`] is checked as well.
    fn refusal(&self, _set: &RecordSet, _around: Surroundings<'_>) -> Option<String> {
        None
    }
}

/// Writing an API that takes several changes in a call: it is handed whole groups, packed by cost.
#[async_trait]
pub trait BatchWriter: ZoneReader {
    /// What a change counts against [`Capabilities::batch_limits`]. One change, unless a provider limits more.
    fn cost(&self, _change: &Change) -> Cost {
        Cost { changes: 1, ..Cost::default() }
    }

    /// What a record of [`ChangeGroup::requires`] counts against them. Nothing, unless a provider
    /// sends it.
    fn cost_of_requirement(&self, _own: &Stored) -> Cost {
        Cost::default()
    }

    /// Most of what a batch takes in this zone, where that depends on the zone (on its plan, say). No
    /// batch gets larger than [`Capabilities::batch_limits`].
    fn limits(&self, _zone: &Zone) -> BatchLimits {
        self.capabilities().batch_limits
    }

    /// Sends the groups in one call. With [`Stores::Values`](crate::Stores::Values) each change carries
    /// exactly one value, and the origin is that of the one record. Unless batches are
    /// [applied whole](crate::Batching::Whole), a change that was refused keeps no other from being made,
    /// or only those behind it: the engine reads again what was made. A delete of what is gone is done.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) and
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with the names of the offenders, if the
    /// API tells them; [`ErrorKind::Lost`](crate::ErrorKind::Lost) when it did not answer.
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError>;

    /// What goes with the records of these groups and is no record itself (host names of customers at a
    /// service in front of them, say): called with whole groups whose changes are all made. Of each its failure,
    /// if there was one. Nothing, unless a provider says otherwise.
    async fn accompany(
        &self,
        _via: &Transport,
        _zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Vec<Option<ProviderError>> {
        vec![None; groups.len()]
    }

    /// What remains to be done once per written zone (refresh, deploy), also after a failure in
    /// part.
    ///
    /// # Errors
    /// When it was not done.
    async fn finish(&self, _via: &Transport, _zone: &Zone) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// Writing an API that takes one record or one record set in a call: the engine turns a group into
/// steps, in the order in which a run may die between any two of them.
#[async_trait]
pub trait RecordWriter: ZoneReader {
    /// Makes one step with one call. With [`Stores::Sets`](crate::Stores::Sets) it carries a
    /// whole set, else exactly one value, and the origin is that of the one record.
    ///
    /// A create of what is there (equal) and a delete of what is gone may be answered with
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) and
    /// [`ErrorKind::RecordGone`](crate::ErrorKind::RecordGone): the engine reads the name again and
    /// counts it as done if it is.
    ///
    /// # Errors
    /// When the step was not done, or it is not known whether it was.
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError>;

    /// What remains to be done once per written zone (refresh, deploy), also after a failure in
    /// part.
    ///
    /// # Errors
    /// When it was not done.
    async fn finish(&self, _via: &Transport, _zone: &Zone) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// A change that is one call: of a whole record set, or of a set of one value where the API knows
/// single records only.
pub type Step = Change;

/// Where a page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageFrom {
    /// At the beginning of the zone.
    Start,
    /// At this name: its records come first, if there are any. Asked for only with
    /// [`Capabilities::starts_at_name`].
    Name(Name),
    /// Behind the page that gave this cursor.
    After(Cursor),
}

/// The API's own way to say where the next page starts: as many words as it takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub Vec<EcoString>);

impl Cursor {
    /// A cursor of one word.
    #[must_use]
    pub fn of(word: impl Into<EcoString>) -> Self {
        Self(vec![word.into()])
    }

    /// The first word.
    #[must_use]
    pub fn word(&self) -> &str {
        self.0.first().map_or("", EcoString::as_str)
    }
}

/// One page of a zone.
#[derive(Debug, Default)]
pub struct Page {
    /// The records, in the order of the API.
    pub records: Vec<Record>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Cursor>,
}

/// What changes count against the limits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Record sets or operations.
    pub changes: usize,
    /// Values.
    pub values: usize,
    /// Bytes of the values.
    pub bytes: usize,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            changes: self.changes + other.changes,
            values: self.values + other.values,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Add::add)
    }
}

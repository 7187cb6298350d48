//! What a provider can do, as data.

use std::num::NonZeroU32;
use std::time::Duration;

use extdns_model::{RecordType, Routing, Ttl};

use crate::engine::wire::Form;
use crate::{Cost, Limit};

/// What one provider can do, and how. The engine decides by it; the documentation shows it.
///
/// Made by changing [`Capabilities::new`], so that a new field needs no edit of every provider:
///
/// ```
/// use extdns_model::RecordType;
/// use extdns_providers::Capabilities;
///
/// let capabilities = Capabilities {
///     record_types: &[RecordType::A, RecordType::Txt],
///     apex_symbol: "@",
///     mutating_operations: &["create record", "delete record"],
///     ..Capabilities::new("example")
/// };
/// assert!(capabilities.manages(RecordType::A));
/// ```
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// The provider's name, as in `--provider`.
    pub provider: &'static str,
    /// The types that can be written; endpoints of other types are dropped and reported.
    pub record_types: &'static [RecordType],
    /// What the API stores, and so what a page has and what a write carries.
    pub stores: Stores,
    /// Whether several changes can be sent in one call, and how they are applied.
    pub batches: Batching,
    /// What prevents a write to a record that has changed since it was read.
    pub conditions: Conditions,
    /// The limits of one batch in any zone; [`BatchWriter::limits`](crate::BatchWriter::limits)
    /// may say less for a zone.
    pub batch_limits: BatchLimits,
    /// The pause between two batches of a zone.
    pub batch_pause: Duration,
    /// Records per page, where it can be chosen or is known.
    pub page_size: Option<u32>,
    /// Whether a page can start at a name, so that one name can be read again cheaply.
    pub starts_at_name: bool,
    /// Most zones that are read or written at the same time.
    pub parallel_zones: usize,
    /// Most groups of one zone that are written at the same time where every step is a call.
    pub parallel_writes: usize,
    /// The budget of the account; `None` where the provider states none.
    pub rate_limit: Option<RateLimit>,
    /// Most attempts of a call that failed for a reason that may pass, the first included.
    pub attempts: u32,
    /// Longest time of one request, its answer read whole; `None` only where the user says so.
    pub request_time: Option<Duration>,
    /// The least TTL that is stored; less is raised and reported.
    pub min_ttl: Ttl,
    /// The largest TTL that is stored; more is cut and reported.
    pub max_ttl: Ttl,
    /// The TTL of records whose endpoint has none; unset where the API has a default of its own
    /// that a read does not show.
    pub default_ttl: Ttl,
    /// How the API writes records.
    pub form: Form,
    /// What the API calls the apex where names are relative to the zone (`@`, or nothing).
    pub apex_symbol: &'static str,
    /// How the API carries the text of TXT records.
    pub txt_quoting: TxtQuoting,
    /// Whether names are stored as A-labels: U-labels are converted on write and shown after a read.
    pub ascii_names: bool,
    /// Whether the API stores only what DNS can serve, so that a plan holds back what the rules of DNS
    /// forbid. Not where names and values are kept as they are given.
    pub follows_dns: bool,
    /// Whether several sets of one name and type can be told apart by a set identifier.
    pub set_identifiers: bool,
    /// The provider-specific property with the weight of a record, where sets of one name can share
    /// it by weight.
    pub weight_property: Option<&'static str>,
    /// Whether there are provider-native aliases.
    pub alias: bool,
    /// Most values of a record set.
    pub max_values: usize,
    /// Most bytes of the text of one TXT value, quotes and escapes not counted.
    pub max_text: usize,
    /// What labels may hold beside letters and digits, where the API is narrower than DNS. A `*` is
    /// taken as the whole first label at any rate.
    pub label_characters: Option<&'static str>,
    /// The types that private zones take, of those that can be written.
    pub private_types: &'static [RecordType],
    /// How a name finds its zones.
    pub routing: Routing,
    /// The operations that change something, by the names under which the provider calls them
    /// (an HTTP method does not show it). Everything else may be repeated at will.
    pub mutating_operations: &'static [&'static str],
}

/// Longest time of one request where a provider says nothing else.
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// Most bytes of text that the data of a record can carry (RFC 1035, 3.2.1 and 3.3.14): 65,535 with
/// the lengths of its strings.
const LONGEST_TEXT: usize = 65_279;

impl Capabilities {
    /// The least: a per-value API without batches, of the ten known types, without any limit.
    #[must_use]
    pub const fn new(provider: &'static str) -> Self {
        Self {
            provider,
            record_types: &RecordType::KNOWN,
            stores: Stores::Values(Updates::InPlace),
            batches: Batching::None,
            conditions: Conditions::Reread,
            batch_limits: BatchLimits::NONE,
            batch_pause: Duration::ZERO,
            page_size: None,
            starts_at_name: false,
            parallel_zones: 1,
            parallel_writes: 1,
            rate_limit: None,
            attempts: 5,
            request_time: Some(REQUEST_TIME),
            min_ttl: Ttl::UNSET,
            max_ttl: Ttl::MAX,
            default_ttl: Ttl::UNSET,
            form: Form::AS_GIVEN,
            apex_symbol: "",
            txt_quoting: TxtQuoting::AsIs,
            ascii_names: true,
            follows_dns: true,
            set_identifiers: false,
            weight_property: None,
            alias: false,
            max_values: usize::MAX,
            max_text: LONGEST_TEXT,
            label_characters: None,
            private_types: &RecordType::KNOWN,
            routing: Routing::Longest,
            mutating_operations: &[],
        }
    }

    /// Whether a batch is applied whole or not at all.
    #[must_use]
    pub fn is_atomic(&self) -> bool {
        self.batches == Batching::Whole
    }

    /// Whether records of this type can be written.
    #[must_use]
    pub fn manages(&self, rtype: RecordType) -> bool {
        self.record_types.contains(&rtype)
    }
}

/// What an API stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stores {
    /// Record sets: a page has one record for each set, a write carries a set whole.
    Sets(Updates),
    /// Single values, each with an id of its own, which stands in its origin: a page has one record
    /// for each value, a write carries one value. The engine folds the values of a set when it reads,
    /// and unfolds them when it writes.
    Values(Updates),
}

/// How a stored record set or value is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updates {
    /// One write replaces it.
    InPlace,
    /// Of a single value: one write changes what else there is about it, such as its TTL. Another value is made, and
    /// the old one deleted.
    SameValue,
    /// It is deleted and created.
    DeleteAndCreate,
}

/// Whether several changes can be sent in one call, and how they are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batching {
    /// There are no such calls.
    None,
    /// Some changes may be made and others refused. What goes comes first: a CNAME excludes every other record.
    InPart,
    /// All are made, or none.
    Whole,
}

/// The limits of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Changes.
    pub changes: usize,
    /// Values.
    pub values: usize,
    /// Bytes of the values.
    pub bytes: usize,
}

impl BatchLimits {
    /// No limit.
    pub const NONE: Self = Self { changes: usize::MAX, values: usize::MAX, bytes: usize::MAX };

    /// At most this many changes.
    #[must_use]
    pub const fn changes(changes: usize) -> Self {
        Self { changes, ..Self::NONE }
    }

    /// The smaller limit of both, for each kind.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            changes: self.changes.min(other.changes),
            values: self.values.min(other.values),
            bytes: self.bytes.min(other.bytes),
        }
    }

    /// The first limit that a batch of this cost exceeds.
    #[must_use]
    pub fn exceeded_by(&self, cost: Cost) -> Option<Limit> {
        if cost.changes > self.changes {
            Some(Limit::Changes(self.changes))
        } else if cost.values > self.values {
            Some(Limit::Values(self.values))
        } else if cost.bytes > self.bytes {
            Some(Limit::Bytes(self.bytes))
        } else {
            None
        }
    }
}

/// What prevents a write to a record that was changed since it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditions {
    /// The API: a write names what it replaces or relies on, and is refused where that is not
    /// there. So [`ChangeGroup::requires`](extdns_model::ChangeGroup::requires) is sent as well. It
    /// counts for batches that are applied whole or not at all only.
    Api,
    /// The records, which are read again right before the first write that deletes a record or gives
    /// it another owner: those of its names where one call gives them, else page after page of the zone,
    /// but no more of them than there are such writes. What is on later pages is not compared: the
    /// provider's page says so.
    Reread,
}

/// How many calls an account may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls per second on average.
    pub per_second: NonZeroU32,
    /// Calls at once after a pause.
    pub burst: NonZeroU32,
}

impl RateLimit {
    /// This many calls per second on average, and as many at once after a pause; at least one.
    #[must_use]
    pub const fn new(per_second: u32, burst: u32) -> Self {
        let per_second = NonZeroU32::MIN.saturating_add(per_second.saturating_sub(1));
        Self { per_second, burst: NonZeroU32::MIN.saturating_add(burst.saturating_sub(1)) }
    }
}

/// How an API carries the text of TXT records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TxtQuoting {
    /// As it is given: what is written is read back unchanged.
    #[default]
    AsIs,
    /// In presentation format: strings of at most 255 bytes, each in quotes.
    Quoted,
    /// Bare text without quotes, of any length.
    Bare,
}

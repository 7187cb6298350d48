//! A record set as the test and the API see it.

use super::name::{Name, Problem};

/// A record set. Made with [`RecordSet::new`] and the methods that follow it; read back, [`name`](Self::name) and the
/// alias target are as the service shows them: lower-case, escaped, with a dot at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSet {
    /// The name.
    pub name: String,
    /// `A`, `TXT`, ..
    pub record_type: String,
    /// What distinguishes record sets of one name and type, if they are routed.
    pub set_identifier: Option<String>,
    /// How an answer is chosen among the record sets of one name and type.
    pub routing: Option<Box<Routing>>,
    /// Seconds; an alias has none.
    pub ttl: Option<u32>,
    /// The values as they were written; an alias has none.
    pub values: Vec<String>,
    /// The target of an alias.
    pub alias: Option<Box<Alias>>,
    /// The health check.
    pub health_check_id: Option<String>,
}

/// What an alias points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The zone of the target, bare.
    pub zone_id: String,
    /// The name of the target.
    pub name: String,
    /// Whether the health of the target counts.
    pub evaluate_target_health: bool,
}

/// A routing policy; a record set without one is simple.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routing {
    /// By weight, 0 to 255.
    Weighted(u8),
    /// By latency from a region.
    Latency(String),
    /// `PRIMARY` or `SECONDARY`.
    Failover(String),
    /// Up to eight healthy record sets at random.
    MultiValue,
    /// By the place of who asks.
    GeoLocation {
        /// Such as `EU`.
        continent: Option<String>,
        /// Such as `DE`, or `*` for all that matches nothing else.
        country: Option<String>,
        /// Such as `CA` of `US`.
        subdivision: Option<String>,
    },
    /// By distance.
    GeoProximity {
        /// An AWS region.
        region: Option<String>,
        /// A local zone group.
        local_zone_group: Option<String>,
        /// Latitude and longitude.
        coordinates: Option<(String, String)>,
        /// -99 to 99.
        bias: Option<i32>,
    },
    /// By the address of who asks.
    Cidr {
        /// The collection.
        collection: String,
        /// The location in it.
        location: String,
    },
}

impl Routing {
    /// The word for it in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Weighted(_) => "weighted",
            Self::Latency(_) => "latency",
            Self::Failover(_) => "failover",
            Self::MultiValue => "multivalue answer",
            Self::GeoLocation { .. } => "geolocation",
            Self::GeoProximity { .. } => "geoproximity",
            Self::Cidr { .. } => "CIDR",
        }
    }

    /// What only one record set of a name and type may hold: its words before and after "and", as the service says them.
    pub(super) fn exclusive(&self) -> Option<(String, &'static str)> {
        match self {
            Self::Latency(region) => Some((format!("Region Name={region}"), "region")),
            Self::Failover(role) => Some((format!("Failover={role}"), "failover")),
            Self::GeoLocation { continent, country, subdivision } => {
                let [continent, country, subdivision] =
                    [continent, country, subdivision].map(|code| code.as_deref().unwrap_or("null"));
                let location = format!(
                    "GeoLocation ContinentCode={continent}, CountryCode={country}, SubdivisionCode={subdivision}"
                );
                Some((location, "geolocation"))
            }
            _ => None,
        }
    }
}

impl RecordSet {
    /// A record set with a TTL of 300 and no values yet. Panics for a name that DNS cannot carry.
    pub fn new(name: &str, record_type: &str) -> Self {
        Self {
            name: shown(name),
            record_type: record_type.to_owned(),
            set_identifier: None,
            routing: None,
            ttl: Some(300),
            values: Vec::new(),
            alias: None,
            health_check_id: None,
        }
    }

    /// An address record.
    pub fn a(name: &str, address: &str) -> Self {
        Self::new(name, "A").value(address)
    }

    /// A TXT record of one string; the quotes are added.
    pub fn txt(name: &str, text: &str) -> Self {
        Self::new(name, "TXT").value(&format!("\"{text}\""))
    }

    /// An alias to `target` in the zone with this bare id, which does not look at the target's health.
    pub fn alias(name: &str, record_type: &str, zone_id: &str, target: &str) -> Self {
        let alias = Alias {
            zone_id: zone_id.to_owned(),
            name: shown(target),
            evaluate_target_health: false,
        };
        Self { ttl: None, alias: Some(Box::new(alias)), ..Self::new(name, record_type) }
    }

    /// Sets the TTL.
    #[must_use]
    pub fn ttl(mut self, seconds: u32) -> Self {
        self.ttl = Some(seconds);
        self
    }

    /// Adds a value.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        self.values.push(value.to_owned());
        self
    }

    /// Makes it one of several of its name and type.
    #[must_use]
    pub fn routed(mut self, set_identifier: &str, routing: Routing) -> Self {
        self.set_identifier = Some(set_identifier.to_owned());
        self.routing = Some(Box::new(routing));
        self
    }

    /// [`RecordSet::routed`] by weight.
    #[must_use]
    pub fn weighted(self, set_identifier: &str, weight: u8) -> Self {
        self.routed(set_identifier, Routing::Weighted(weight))
    }

    /// Sets the health check.
    #[must_use]
    pub fn health_check(mut self, id: &str) -> Self {
        self.health_check_id = Some(id.to_owned());
        self
    }

    /// Lets an alias look at the health of its target.
    #[must_use]
    pub fn evaluate_target_health(mut self) -> Self {
        let alias = self.alias.as_mut().expect("only an alias has a target");
        alias.evaluate_target_health = true;
        self
    }

    /// Where it stands in its zone.
    pub(super) fn key(&self) -> Result<Key, Problem> {
        let name = Name::parse(&self.name)?;
        Ok(Key::new(&name, &self.record_type, self.set_identifier.as_deref().unwrap_or_default()))
    }

    /// Whether a DELETE of `self` names exactly what `stored` holds; the order of values is no part of it.
    pub(super) fn deletes(&self, stored: &Self) -> bool {
        let sorted = |set: &Self| {
            let mut values = set.values.clone();
            values.sort_unstable();
            values
        };
        self.ttl == stored.ttl
            && self.routing == stored.routing
            && self.alias == stored.alias
            && self.health_check_id == stored.health_check_id
            && sorted(self) == sorted(stored)
    }

    /// `[name='www.example.org.', type='A', set-identifier='blue']`
    pub(super) fn described(&self) -> String {
        let identifier = self.set_identifier.as_ref();
        let identifier =
            identifier.map(|id| format!(", set-identifier='{id}'")).unwrap_or_default();
        format!("[name='{}', type='{}'{identifier}]", self.name, self.record_type)
    }
}

/// The place of a record set in a zone: its name by labels from the right, its type, its set identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(Vec<u8>);

impl Key {
    pub(super) fn new(name: &Name, record_type: &str, set_identifier: &str) -> Self {
        let mut key = name.sort_key();
        for part in [record_type, set_identifier] {
            key.push(0);
            key.extend_from_slice(part.as_bytes());
        }
        Self(key)
    }

    /// The first place that a name, or a name and type, can take.
    pub(super) fn start(name: &Name, record_type: Option<&str>) -> Self {
        let mut key = name.sort_key();
        key.push(0);
        key.extend_from_slice(record_type.unwrap_or_default().as_bytes());
        if record_type.is_some() {
            key.push(0);
        }
        Self(key)
    }

    pub(super) fn starts_with(&self, start: &Self) -> bool {
        self.0.starts_with(&start.0)
    }
}

pub(super) fn shown(name: &str) -> String {
    Name::parse(name).unwrap_or_else(|problem| panic!("{problem}")).to_string()
}

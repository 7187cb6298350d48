//! Handles by which a test sets up and looks at accounts and zones.

use super::Shared;
use super::auth::user_arn;
use super::limits::Bucket;
use super::name::Name;
use super::record::RecordSet;
use super::sts::Role;
use super::zone::HostedZone;

/// An account with zones, access keys, roles and limits of its own.
#[derive(Clone)]
pub struct Account {
    shared: Shared,
    id: String,
}

impl Account {
    pub(super) fn new(shared: Shared, id: &str) -> Self {
        Self { shared, id: id.to_owned() }
    }

    /// Its twelve digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Adds a public zone. Several may have one name.
    pub fn zone(&self, name: &str) -> Zone {
        self.add_zone(name, false)
    }

    /// Adds a private zone.
    pub fn private_zone(&self, name: &str) -> Zone {
        self.add_zone(name, true)
    }

    fn add_zone(&self, name: &str, private: bool) -> Zone {
        let id = self.shared.lock().add_zone(&self.id, name, private);
        Zone { shared: self.shared.clone(), id }
    }

    /// Gives the account an access key. Any secret goes with it.
    pub fn access_key(&self, key: &str) {
        self.shared.lock().gate.keys.insert(key.to_owned(), self.id.clone());
    }

    /// The ARN of the user behind an access key.
    pub fn user(&self, key: &str) -> String {
        user_arn(&self.id, key)
    }

    /// Adds a role that everybody may assume who says the external id, if there is one, and returns its ARN.
    pub fn role(&self, name: &str, external_id: Option<&str>) -> String {
        let arn = format!("arn:aws:iam::{}:role/{name}", self.id);
        let external_id = external_id.map(str::to_owned);
        self.shared.lock().roles.push(Role { arn: arn.clone(), external_id });
        arn
    }

    /// Serves `rate` requests a second and `burst` at once; more are `Throttling`. Starts with a full burst.
    pub fn throttle(&self, rate: f64, burst: u32) {
        let mut state = self.shared.lock();
        let bucket = Bucket::new(rate, burst, state.time.now());
        state.quotas.entry(self.id.clone()).or_default().requests = Some(bucket);
    }

    /// Takes `rate` changes of record sets a second and `burst` at once, on top of [`Account::throttle`]. A batch of more
    /// changes than `burst` never goes through.
    pub fn throttle_changes(&self, rate: f64, burst: u32) {
        let mut state = self.shared.lock();
        let bucket = Bucket::new(rate, burst, state.time.now());
        state.quotas.entry(self.id.clone()).or_default().changes = Some(bucket);
    }
}

/// A hosted zone.
#[derive(Clone)]
pub struct Zone {
    shared: Shared,
    id: String,
}

impl Zone {
    /// Its bare id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its id as lists show it: `/hostedzone/..`.
    pub fn path(&self) -> String {
        format!("/hostedzone/{}", self.id)
    }

    /// Adds or replaces a tag.
    pub fn tag(&self, key: &str, value: &str) -> &Self {
        self.with(|zone| zone.tags.insert(key.to_owned(), value.to_owned()));
        self
    }

    /// Puts record sets in as they are: only their names are checked. Replaces what is there in their place; the quota
    /// of the zone grows with them. Hundreds of thousands take a second or two.
    pub fn seed(&self, sets: impl IntoIterator<Item = RecordSet>) -> &Self {
        // Not under the lock: the iterator is the test's.
        let sets: Vec<RecordSet> = sets.into_iter().collect();
        self.with(|zone| zone.seed(sets));
        self
    }

    /// Seeds `count` simple A records `h0000000.ZONE`, `h0000001.ZONE`, ..
    pub fn fill(&self, count: usize) -> &Self {
        let apex = self.name();
        self.seed((0..count).map(|number| {
            let [_, a, b, c] = u32::try_from(number).unwrap_or_default().to_be_bytes();
            RecordSet::a(&format!("h{number:07}.{apex}"), &format!("10.{a}.{b}.{c}"))
        }))
    }

    /// Removes all record sets of a name, unchecked, as another writer would.
    pub fn remove(&self, name: &str) -> &Self {
        let shown = parsed(name).to_string();
        self.with(|zone| zone.sets.retain(|_, set| set.name != shown));
        self
    }

    /// Lets the zone hold so many record sets; the quota is 10,000 otherwise.
    pub fn quota(&self, count: usize) -> &Self {
        self.with(|zone| zone.quota = count);
        self
    }

    /// Its name, with the dot at the end.
    pub fn name(&self) -> String {
        self.with(|zone| zone.apex.to_string())
    }

    /// All record sets, in the order of the service.
    pub fn records(&self) -> Vec<RecordSet> {
        self.with(|zone| zone.sets.values().cloned().collect())
    }

    /// All record sets but the NS and SOA of the zone itself.
    pub fn own_records(&self) -> Vec<RecordSet> {
        let apex = self.name();
        let mut sets = self.records();
        sets.retain(|set| set.name != apex || !["NS", "SOA"].contains(&set.record_type.as_str()));
        sets
    }

    /// The record sets of a name and type; more than one if they are routed.
    pub fn find(&self, name: &str, record_type: &str) -> Vec<RecordSet> {
        self.with(|zone| zone.family(&parsed(name), Some(record_type)).cloned().collect())
    }

    /// How many record sets there are, NS and SOA with them.
    pub fn len(&self) -> usize {
        self.with(|zone| zone.sets.len())
    }

    /// Whether there are none at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn with<T>(&self, look: impl FnOnce(&mut HostedZone) -> T) -> T {
        let mut state = self.shared.lock();
        look(state.zones.get_mut(&self.id).expect("zones are never taken away"))
    }
}

fn parsed(name: &str) -> Name {
    Name::parse(name).unwrap_or_else(|problem| panic!("{problem}"))
}

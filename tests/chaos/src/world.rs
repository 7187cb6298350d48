//! What a cluster wants, and what else lies in the zones.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::dice::Dice;

/// The owner id of every run.
pub const OWNER: &str = "chaos";
/// The owner id of foreign records.
pub const STRANGER: &str = "somebody-else";
/// The zones: one lies in the other.
pub const ZONES: [&str; 2] = ["example.org", "sub.example.org"];

/// How many names there are to be wanted.
const NAMES: usize = 24;

/// A record set; the values are sorted, and texts have no quotes around them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// The name, without a dot at the end.
    pub name: String,
    /// Such as `A`.
    pub rtype: String,
    /// Seconds.
    pub ttl: u32,
    /// The values.
    pub values: Vec<String>,
}

impl Record {
    /// A record set with a TTL of 300.
    pub fn new(name: &str, rtype: &str, values: &[&str]) -> Self {
        let mut values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        values.sort();
        Self { name: name.to_owned(), rtype: rtype.to_owned(), ttl: 300, values }
    }

    /// Whether it is a text that makes a record ours.
    pub fn is_our_ownership_record(&self) -> bool {
        let owner = format!("external-dns/owner={OWNER}");
        // What no label can hold (the namespace of an odd manifest) is left out behind the owner.
        let is_ours = |value: &String| {
            let mut parts = value.trim_matches('"').split(',');
            parts.next() == Some("heritage=external-dns") && parts.next() == Some(&*owner)
        };
        self.rtype == "TXT" && self.values.iter().all(is_ours)
    }

    /// The name of its ownership record; of a name beyond ASCII it is made before the name is encoded.
    pub fn ownership_name(&self) -> String {
        let (name, _) = idna::domain_to_unicode(&self.name);
        let ownership_record = format!("{}-{name}", self.rtype.to_lowercase());
        idna::domain_to_ascii(&ownership_record).unwrap_or(ownership_record)
    }
}

/// The beginning of an ownership record of this owner.
fn ownership_value(owner: &str) -> String {
    format!("heritage=external-dns,external-dns/owner={owner},")
}

/// The zone that holds a name.
pub fn zone_of(name: &str) -> &'static str {
    if name == ZONES[1] || name.ends_with(&format!(".{}", ZONES[1])) { ZONES[1] } else { ZONES[0] }
}

fn host(number: usize) -> String {
    // Every fourth lies in the inner zone.
    format!("h{number:02}.{}", ZONES[usize::from(number % 4 == 3)])
}

/// What a cluster wants: an address or two for each of these names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired(BTreeMap<usize, Vec<String>>);

impl Desired {
    /// About two thirds of all names, the first three always: each source has an object.
    pub fn roll(dice: &mut Dice) -> Self {
        let mut hosts = BTreeMap::new();
        for number in 0..NAMES {
            if number < 3 || !dice.once_in(3) {
                hosts.insert(number, addresses(dice));
            }
        }
        Self(hosts)
    }

    /// The same with some names less, some more, some at another address.
    pub fn changed(&self, dice: &mut Dice) -> Self {
        let mut hosts = self.0.clone();
        for number in 0..NAMES {
            match dice.between(1, 6) {
                1 if number >= 3 => {
                    hosts.remove(&number);
                }
                2 => {
                    hosts.insert(number, addresses(dice));
                }
                _ => {}
            }
        }
        Self(hosts)
    }

    /// Every name with its addresses.
    pub fn hosts(&self) -> impl Iterator<Item = (String, &[String])> {
        self.0.iter().map(|(&number, addresses)| (host(number), addresses.as_slice()))
    }

    /// The names that are wanted here and there.
    pub fn names_in_common(&self, other: &Self) -> BTreeSet<String> {
        self.0.keys().filter(|number| other.0.contains_key(number)).map(|&n| host(n)).collect()
    }

    /// The objects that say so: Services, Ingresses and DNSEndpoints in turn.
    pub fn objects(&self) -> Vec<Value> {
        self.0.iter().map(|(&number, addresses)| object(number, addresses)).collect()
    }

    /// The same as one JSON document.
    pub fn list(&self) -> String {
        json!({ "apiVersion": "v1", "kind": "List", "items": self.objects() }).to_string()
    }
}

fn addresses(dice: &mut Dice) -> Vec<String> {
    let count = dice.between(1, 2);
    let mut addresses: Vec<String> =
        (0..count).map(|_| format!("192.0.2.{}", dice.between(1, 250))).collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

fn object(number: usize, addresses: &[String]) -> Value {
    let (host, name) = (host(number), format!("o{number:02}"));
    let ingress: Vec<Value> = addresses.iter().map(|address| json!({ "ip": address })).collect();
    let status = json!({ "loadBalancer": { "ingress": ingress } });
    match number % 3 {
        0 => json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {
                "namespace": "shop", "name": name,
                "annotations": { "external-dns.kubernetes.io/hostname": host },
            },
            "spec": { "type": "LoadBalancer" }, "status": status,
        }),
        1 => json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "namespace": "shop", "name": name },
            "spec": { "rules": [{ "host": host }] }, "status": status,
        }),
        _ => json!({
            "apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
            "metadata": { "namespace": "shop", "name": name, "generation": 1 },
            "spec": { "endpoints": [{ "dnsName": host, "recordType": "A", "targets": addresses }] },
        }),
    }
}

/// What others have in the zones: by hand, of another owner, of both, at names that are wanted, too.
pub fn strangers(dice: &mut Dice) -> Vec<Record> {
    let theirs =
        |resource: &str| format!("{}external-dns/resource={resource}", ownership_value(STRANGER));
    let ours = format!("{}external-dns/resource=service/shop/gone", ownership_value(OWNER));
    let mut records = vec![
        Record::new("hand.example.org", "A", &["198.51.100.1"]),
        Record::new("hand.sub.example.org", "AAAA", &["2001:db8::1"]),
        Record::new("example.org", "MX", &["10 mail.example.org."]),
        Record::new("example.org", "TXT", &["v=spf1 -all"]),
        Record::new("other.example.org", "A", &["198.51.100.2"]),
        Record::new("a-other.example.org", "TXT", &[&theirs("service/theirs/other")]),
        // Nobody's: two owners say that it is theirs.
        Record::new("both.example.org", "A", &["198.51.100.3"]),
        Record::new("a-both.example.org", "TXT", &[&theirs("service/theirs/both"), &ours]),
        // A text of a user beside an ownership record of ours.
        Record::new("text.example.org", "A", &["198.51.100.4"]),
        Record::new("a-text.example.org", "TXT", &[&ours, "v=spf1 include:example.net -all"]),
    ];
    for number in 3..NAMES {
        let name = host(number);
        match dice.between(1, 12) {
            1 => records.push(Record::new(&name, "A", &["198.51.100.9"])),
            2 => {
                records.push(Record::new(&name, "A", &["198.51.100.10"]));
                let ownership_record = theirs("ingress/theirs/x");
                records.push(Record::new(&format!("a-{name}"), "TXT", &[&ownership_record]));
            }
            _ => {}
        }
    }
    records
}

/// The names that cannot be made because a foreign record has them.
pub fn contested(strangers: &[Record]) -> BTreeSet<&str> {
    strangers.iter().map(|record| record.name.as_str()).collect()
}

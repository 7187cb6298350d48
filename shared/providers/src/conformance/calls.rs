//! How many calls providers make.

/// The writing calls for 1,000 new records and their ownership records in one zone, by the name of the provider. The kit
/// counts them for every provider that it reaches over HTTP.
pub const CALLS: &[(&str, u64)] = &[
    ("akamai", 2),
    ("alibabacloud", 2000),
    ("azure", 2000),
    ("bluecat", 2000),
    ("civo", 2000),
    ("cloudflare", 10),
    ("designate", 2000),
    ("digitalocean", 2000),
    ("dnsimple", 2000),
    ("dyn", 2001),
    ("exoscale", 2000),
    ("gandi", 2000),
    ("godaddy", 20),
    ("google", 2),
    ("ibmcloud", 2000),
    ("infoblox", 2000),
    ("linode", 2000),
    ("ns1", 2000),
    ("oci", 7),
    ("ovh", 2001),
    ("plural", 2000),
    ("rcodezero", 2),
    ("safedns", 2000),
    ("scaleway", 2),
    ("tencentcloud", 2000),
    ("transip", 2000),
    ("ultradns", 2000),
    ("vinyldns", 2000),
    ("vultr", 2000),
];

/// The row of a provider.
#[must_use]
pub fn calls_of(provider: &str) -> Option<u64> {
    CALLS.iter().find(|(own, _)| *own == provider).map(|(_, calls)| *calls)
}

//! The hash of what a run wants.

use std::fmt;
use std::str::FromStr;

use extdns_model::{Endpoint, Unready};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The version of the hashed format: it changes with what is hashed, and how.
const VERSION: &str = "extdns desired 1";

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash([u8; 32]);

/// A text that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash has 64 hexadecimal digits")]
pub struct InvalidHash;

/// Everything of which the outcome of a run depends, but the zones.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What the clusters of the target want, in any order.
    pub desired: &'a [Endpoint],
    /// The names of objects without an address, in any order.
    pub unready: &'a [Unready],
    /// The settings that hold, each with its value, in their order: that of repeated flags has a meaning.
    pub settings: &'a [(&'a str, &'a str)],
    /// The version of the program.
    pub version: &'a str,
}

/// The hash of what a run wants. The order of objects, targets and properties does not matter; everything
/// else that a plan depends on does.
#[must_use]
pub fn fingerprint(inputs: &Inputs<'_>) -> Hash {
    let mut whole = Hasher::default();
    whole.text(VERSION);
    whole.text(inputs.version);
    whole.number(inputs.settings.len());
    for (name, value) in inputs.settings {
        whole.text(name);
        whole.text(value);
    }
    whole.set(inputs.desired.iter().map(of_endpoint).collect());
    whole.set(inputs.unready.iter().map(of_unready).collect());
    whole.end()
}

fn of_endpoint(endpoint: &Endpoint) -> Hash {
    let set = &endpoint.set;
    let mut one = Hasher::default();
    one.text(set.name.as_str());
    one.text(&set.rtype.to_string());
    one.text(set.set_identifier());
    one.number(set.ttl.seconds().map_or(0, |seconds| seconds as usize + 1));
    one.sorted(set.targets.iter().map(|target| target.as_str().to_owned()));
    one.sorted(set.properties().iter().map(|it| pair(&it.name, &it.value)));
    one.sorted(endpoint.labels().iter().map(|(key, value)| pair(key, value)));
    one.sorted(endpoint.attribution.resources().iter().map(|it| {
        let cluster = it.cluster.0.to_string();
        pair(&cluster, &it.to_string())
    }));
    one.end()
}

fn of_unready(unready: &Unready) -> Hash {
    let mut one = Hasher::default();
    one.text(unready.name.as_str());
    one.number(unready.resource.cluster.0.into());
    one.text(&unready.resource.to_string());
    one.end()
}

/// Two texts as one: no other two make the same.
fn pair(first: &str, second: &str) -> String {
    format!("{}:{first}{second}", first.len())
}

/// Each part with its length, so that no two lists of parts give the same bytes.
#[derive(Default)]
struct Hasher(Sha256);

impl Hasher {
    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text);
    }

    fn sorted(&mut self, texts: impl Iterator<Item = String>) {
        let mut texts: Vec<String> = texts.collect();
        texts.sort_unstable();
        self.number(texts.len());
        texts.iter().for_each(|text| self.text(text));
    }

    fn set(&mut self, mut hashes: Vec<Hash>) {
        hashes.sort_unstable();
        self.number(hashes.len());
        hashes.iter().for_each(|hash| self.0.update(hash.0));
    }

    fn end(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

impl Hash {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// In hexadecimal.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(InvalidHash),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes: Vec<u8> = pairs
            .iter()
            .map(|[high, low]| Ok(digit(*high)? << 4 | digit(*low)?))
            .collect::<Result<_, InvalidHash>>()?;
        let bytes = bytes.try_into().map_err(|_| InvalidHash)?;
        if rest.is_empty() { Ok(Self(bytes)) } else { Err(InvalidHash) }
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

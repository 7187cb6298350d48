//! The source `fake`: one made-up endpoint of every record type, without a cluster, to try a
//! provider. The same in every run.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use async_trait::async_trait;
use extdns_clusters::ClusterView;
use extdns_model::{
    Endpoint, KindName, Name, RecordType, Resource, ResourceKind, Targets, Ttl, reverse_name,
};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::common::Common;
use crate::context::Context;
use crate::error::{OptionsError, SourceError};
use crate::needs::Row;
use crate::sink::Sink;
use crate::source::{Definition, NoFlags, Source};

const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("fake"));
const DOMAIN: &str = "example.com";
const SEED: u64 = 9673;
const SET_IDENTIFIER: &str = "fake";
const OWNERSHIP: &str = "\"heritage=external-dns,external-dns/owner=fake\"";

pub(crate) struct Fake;

#[async_trait]
impl Source for Fake {
    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(SEED));
        for rtype in RecordType::KNOWN {
            let (name, target) = dice.record(rtype, DOMAIN);
            let resource = Resource {
                cluster: view.id(),
                kind: KIND,
                namespace: Some("default".into()),
                name: name.as_str().into(),
            };
            let targets = Targets::from_iter([target]);
            let mut endpoint =
                Endpoint::new(name, rtype, Ttl::UNSET, targets).wanted_by(Arc::new(resource));
            endpoint.set.set_set_identifier(SET_IDENTIFIER);
            sink.endpoints.push(endpoint);
        }
        Ok(())
    }
}

impl Definition for Fake {
    const NAME: &'static str = "fake";
    const KINDS: &'static [&'static str] = &["fake"];
    type Flags = NoFlags;
    type Options = ();

    fn options(_flags: &NoFlags, _common: &Common) -> Result<(), OptionsError> {
        Ok(())
    }

    fn needs((): &()) -> Vec<Row> {
        Vec::new()
    }

    fn new((): (), _context: Arc<Context>) -> Self {
        Self
    }
}

/// A generator whose sequence does not depend on the machine or the release of its crate.
struct Dice(ChaCha8Rng);

impl Dice {
    /// Name and target of a record under a domain.
    fn record(&mut self, rtype: RecordType, domain: &str) -> (Name, String) {
        let host = |dice: &mut Self| format!("{}.{domain}", dice.letters(4));
        let (name, target) = match rtype {
            RecordType::A => (host(self), self.v4().to_string()),
            RecordType::Aaaa => (host(self), self.v6().to_string()),
            RecordType::Txt => (host(self), OWNERSHIP.to_owned()),
            RecordType::Srv => {
                (format!("_sip._udp.{domain}"), format!("10 20 5060 {}.", host(self)))
            }
            RecordType::Ns => (domain.to_owned(), format!("{}.{domain}", self.letters(3))),
            RecordType::Ptr => (reverse_name(self.v4().into()).to_string(), host(self)),
            RecordType::Mx => (domain.to_owned(), format!("10 {}", host(self))),
            RecordType::Naptr => (
                format!("_sip._udp.{domain}"),
                format!("100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@{domain}!\" ."),
            ),
            RecordType::Cname | RecordType::Dname | RecordType::Other(_) => {
                (host(self), host(self))
            }
        };
        (Name::as_listed(&name), target)
    }

    fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(self.0.random_range(b'a'..=b'z'))).collect()
    }

    /// An address for documentation (RFC 5737).
    fn v4(&mut self) -> Ipv4Addr {
        Ipv4Addr::new(192, 0, 2, self.0.random_range(1..=253))
    }

    /// An address for documentation (RFC 3849).
    fn v6(&mut self) -> Ipv6Addr {
        let mut group = || self.0.random_range(1..=0xffff);
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, group(), group())
    }
}

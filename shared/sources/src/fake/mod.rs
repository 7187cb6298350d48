//! The source `fake`: one made-up endpoint of every record type, without a cluster, to try a
//! provider. The same in every run.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_model::{
    Endpoint, KindName, Name, RecordType, Resource, ResourceKind, Targets, Ttl, reverse_name,
};
use extdns_template::{Data, Object};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::common::Common;
use crate::context::Run;
use crate::error::{OptionsError, SourceError};
use crate::merge::merge_endpoints;
use crate::objects::Pod;
use crate::sink::Sink;
use crate::source::{Definition, NoFlags, Source};
use crate::templates::{TemplateFault, Templated};

const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("fake"));
const DOMAIN: &str = "example.com";
const SEED: u64 = 9673;
const SET_IDENTIFIER: &str = "fake";
const OWNERSHIP: &str = "\"heritage=external-dns,external-dns/owner=fake\"";

#[derive(Clone, Debug)]
pub(crate) struct Fake {
    domains: Vec<EcoString>,
}

/// A template of names that cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("rendering fqdn template: {0}")]
pub(crate) struct FakeTemplateError(pub(crate) TemplateFault);

/// The object that the template of names is rendered for.
fn placeholder() -> Arc<Object> {
    let text = |text: &str| Data::Text(text.into());
    let metadata = [("name".into(), text("fake")), ("namespace".into(), text("default"))];
    let metadata = Data::Map(Arc::new(metadata.into_iter().collect()));
    let root = Data::Map(Arc::new([("metadata".into(), metadata)].into_iter().collect()));
    Arc::new(Object { root, kind: "Pod".into(), api_version: "v1".into(), schema: Pod::SCHEMA })
}

#[async_trait]
impl Source for Fake {
    async fn gather(&self, run: Run<'_>, sink: &mut Sink) -> Result<(), SourceError> {
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(SEED));
        let wanted = self.domains.iter().flat_map(|d| RecordType::KNOWN.map(|rtype| (d, rtype)));
        for (domain, rtype) in wanted {
            let (name, targets) = dice.record(rtype, domain, self.domains.len());
            let resource = Resource {
                cluster: run.view.id(),
                kind: KIND,
                namespace: Some("default".into()),
                name: name.as_str().into(),
            };
            let mut endpoint =
                Endpoint::new(name, rtype, Ttl::UNSET, targets).wanted_by(Arc::new(resource));
            endpoint.set.set_set_identifier(SET_IDENTIFIER);
            sink.endpoints.push(endpoint);
        }
        if self.domains.len() > 1 {
            sink.endpoints = merge_endpoints(std::mem::take(&mut sink.endpoints));
        }
        Ok(())
    }
}

impl Definition for Fake {
    const NAME: &'static str = "fake";
    const KINDS: &'static [&'static str] = &["fake"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, common: &Common) -> Result<Self, OptionsError> {
        let default = || Self { domains: vec![DOMAIN.into()] };
        if !common.sources.contains(&Self::NAME) {
            return Ok(default());
        }
        let names = common.templates.names(&placeholder(), Self::NAME);
        let names = names.map_err(|fault| OptionsError::source(FakeTemplateError(fault)))?.good;
        Ok(if names.is_empty() { default() } else { Self { domains: names } })
    }
}

/// A generator whose sequence does not depend on the machine or the release of its crate.
struct Dice(ChaCha8Rng);

impl Dice {
    /// Name and targets of a record under a domain, one of so many.
    fn record(&mut self, rtype: RecordType, domain: &str, count: usize) -> (Name, Targets) {
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
        let mut targets = Targets::from_iter([target]);
        for _ in 1..count {
            match rtype {
                RecordType::A => targets.push(self.v4().to_string()),
                RecordType::Aaaa => targets.push(self.v6().to_string()),
                _ => {}
            }
        }
        targets.normalise();
        (Name::as_listed(&name), targets)
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

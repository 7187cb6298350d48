//! The providers, one line each.

use std::fmt;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use extdns_model::DomainFilter;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::inmemory;
use crate::webhook::Webhook;
use crate::zonefile::Zonefile;
use crate::{Args, Environment, Provider, ProviderError};

/// All providers, by name. A new one is a folder and an entry here.
pub const PROVIDERS: &[ProviderEntry] = &[
    #[cfg(feature = "aws")]
    ProviderEntry {
        name: "aws",
        about: "Amazon Route 53",
        properties: Some(&["aws/"]),
        build: |args, context| {
            async {
                let provider = crate::aws::provider(&args.aws, &args.zone_id_filter, context);
                Ok(Box::new(provider.await?) as Box<dyn Provider>)
            }
            .boxed()
        },
    },
    ProviderEntry {
        name: "digitalocean",
        about: "DigitalOcean DNS",
        properties: Some(&["digitalocean/"]),
        build: |args, context| built(crate::digitalocean::provider(&args.digitalocean, context)),
    },
    ProviderEntry {
        name: "gandi",
        about: "Gandi LiveDNS",
        properties: Some(&["gandi/"]),
        build: |_, context| built(crate::gandi::provider(context)),
    },
    ProviderEntry {
        name: "inmemory",
        about: "Keeps records in memory and forgets them with the end of the run",
        properties: Some(&["inmemory/"]),
        build: |args, _| built(Ok(inmemory::provider(&args.inmemory))),
    },
    ProviderEntry {
        name: "pdns",
        about: "The PowerDNS Authoritative Server",
        properties: Some(&["pdns/"]),
        build: |args, context| built(crate::pdns::provider(&args.pdns, context)),
    },
    ProviderEntry {
        name: "webhook",
        about: "Any provider behind the webhook protocol of ExternalDNS",
        properties: Some(&["webhook/"]),
        build: |args, _| built(Webhook::new(&args.webhook)),
    },
    ProviderEntry {
        name: "zonefile",
        about: "RFC 1035 master files in a folder",
        properties: Some(&["zonefile/"]),
        build: |args, context| built(Zonefile::new(&args.zonefile, &context.domain_filter)),
    },
];

/// A provider that `--provider` can name.
#[derive(Clone, Copy)]
pub struct ProviderEntry {
    /// The name, as in `--provider`.
    pub name: &'static str,
    /// One line for the help.
    pub about: &'static str,
    /// The beginnings of the provider-specific properties that it keeps; `None` for all. Names without a `/` (`alias`)
    /// belong to no provider and always stay.
    pub properties: Option<&'static [&'static str]>,
    build: for<'a> fn(&'a Args, &'a Context) -> Building<'a>,
}

/// What the settings of other areas tell a provider.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The names that the user wants managed; zones outside are not read.
    pub domain_filter: DomainFilter,
    /// The environment of the process, where providers find credentials.
    pub environment: Environment,
    /// What the process's environment says to the SDK of AWS.
    #[cfg(feature = "aws")]
    pub aws: extdns_auth::AwsVariables,
}

type Building<'a> = BoxFuture<'a, Result<Box<dyn Provider>, ProviderError>>;

impl ProviderEntry {
    /// The provider of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        PROVIDERS.iter().find(|it| it.name == name)
    }

    /// Makes the provider. It may read files or ask for credentials, but touches no record.
    ///
    /// # Errors
    /// When its flags do not say what it needs.
    pub async fn build(
        &self,
        args: &Args,
        context: &Context,
    ) -> Result<Box<dyn Provider>, ProviderError> {
        (self.build)(args, context).await
    }

    /// Reads `--provider`.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        let values = PROVIDERS.iter().map(|it| PossibleValue::new(it.name).help(it.about));
        PossibleValuesParser::new(values)
            .try_map(|name| Self::find(&name).copied().ok_or("not a provider"))
    }
}

impl fmt::Debug for ProviderEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for ProviderEntry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ProviderEntry {}

/// A provider whose making has nothing to wait for.
fn built<'a, P: Provider + 'static>(provider: Result<P, ProviderError>) -> Building<'a> {
    std::future::ready(provider.map(|provider| Box::new(provider) as Box<dyn Provider>)).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_once_each() {
        let names: Vec<_> = PROVIDERS.iter().map(|entry| entry.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
}

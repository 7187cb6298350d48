//! The providers, one line each.

use std::fmt;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::azure;
use crate::inmemory;
use crate::shared::HEADING;
use crate::webhook::Webhook;
use crate::zonefile::Zonefile;
use crate::{Args, Context, Provider, ProviderError, Uses};

/// All providers, by name. A new one is a folder and an entry here.
pub const PROVIDERS: &[ProviderEntry] = &[
    ProviderEntry {
        name: "akamai",
        about: "Akamai Edge DNS",
        properties: Some(&["akamai/"]),
        uses: &[Uses::ZoneIds, Uses::Batches, Uses::Tls],
        build: |args, context| built(crate::akamai::provider(&args.akamai, context)),
    },
    ProviderEntry {
        name: "alibabacloud",
        about: "Alibaba Cloud DNS and PrivateZone",
        properties: Some(&["alibabacloud/"]),
        uses: REST,
        build: |args, context| built(crate::alibabacloud::provider(&args.alibabacloud, context)),
    },
    #[cfg(feature = "aws")]
    ProviderEntry {
        name: "aws",
        about: "Amazon Route 53",
        properties: Some(&["aws/"]),
        uses: &[Uses::ZoneIds],
        build: |args, context| {
            async {
                let provider = crate::aws::provider(&args.aws, context);
                Ok(Box::new(provider.await?) as Box<dyn Provider>)
            }
            .boxed()
        },
    },
    #[cfg(feature = "aws")]
    ProviderEntry {
        name: "aws-sd",
        about: "AWS Cloud Map",
        properties: Some(&["aws-sd/"]),
        uses: &[Uses::ZoneIds],
        build: |args, context| {
            async {
                let provider = crate::aws::sd::provider(&args.aws_sd, &args.aws, context);
                Ok(Box::new(provider.await?) as Box<dyn Provider>)
            }
            .boxed()
        },
    },
    ProviderEntry {
        name: "azure",
        about: "Azure DNS",
        properties: Some(AZURE),
        uses: NAMED,
        build: |args, context| {
            built(azure::provider("azure", &azure::PUBLIC, &args.azure, context))
        },
    },
    ProviderEntry {
        name: "azure-dns",
        about: "Another name of azure",
        properties: Some(AZURE),
        uses: NAMED,
        build: |args, context| {
            built(azure::provider("azure-dns", &azure::PUBLIC, &args.azure, context))
        },
    },
    ProviderEntry {
        name: "azure-private-dns",
        about: "Azure Private DNS",
        properties: Some(AZURE),
        uses: NAMED,
        build: |args, context| {
            built(azure::provider("azure-private-dns", &azure::PRIVATE, &args.azure, context))
        },
    },
    ProviderEntry {
        name: "bluecat",
        about: "BlueCat Address Manager, over a BlueCat Gateway",
        properties: Some(&["bluecat/"]),
        uses: REST,
        build: |args, context| built(crate::bluecat::provider(&args.bluecat, context)),
    },
    ProviderEntry {
        name: "civo",
        about: "Civo DNS",
        properties: Some(&["civo/"]),
        uses: REST,
        build: |_, context| built(crate::civo::provider(context)),
    },
    ProviderEntry {
        name: "cloudflare",
        about: "Cloudflare DNS",
        properties: None,
        uses: &[Uses::ZoneIds, Uses::Batches, Uses::Tls],
        build: |args, context| built(crate::cloudflare::provider(&args.cloudflare, context)),
    },
    ProviderEntry {
        name: "coredns",
        about: "CoreDNS, over etcd",
        properties: Some(&["coredns/"]),
        uses: &[Uses::Tls],
        build: |args, context| built(crate::coredns::provider(&args.coredns, context)),
    },
    ProviderEntry {
        name: "designate",
        about: "OpenStack Designate",
        properties: Some(&["designate/"]),
        uses: REST,
        build: |_, context| built(crate::designate::provider(context)),
    },
    ProviderEntry {
        name: "digitalocean",
        about: "DigitalOcean DNS",
        properties: Some(&["digitalocean/"]),
        uses: REST,
        build: |args, context| built(crate::digitalocean::provider(&args.digitalocean, context)),
    },
    ProviderEntry {
        name: "dnsimple",
        about: "DNSimple",
        properties: Some(&["dnsimple/"]),
        uses: REST,
        build: |_, context| built(crate::dnsimple::provider(context)),
    },
    ProviderEntry {
        name: "dyn",
        about: "Dyn Managed DNS, which Oracle closed in 2023, at a server that still speaks its API",
        properties: Some(&["dyn/"]),
        uses: REST,
        build: |args, context| built(crate::r#dyn::provider(&args.r#dyn, context)),
    },
    ProviderEntry {
        name: "exoscale",
        about: "Exoscale DNS",
        properties: Some(&["exoscale/"]),
        uses: REST,
        build: |args, context| built(crate::exoscale::provider(&args.exoscale, context)),
    },
    ProviderEntry {
        name: "gandi",
        about: "Gandi LiveDNS",
        properties: Some(&["gandi/"]),
        uses: REST,
        build: |_, context| built(crate::gandi::provider(context)),
    },
    ProviderEntry {
        name: "godaddy",
        about: "GoDaddy",
        properties: Some(&["godaddy/"]),
        uses: &[Uses::ZoneIds, Uses::Batches, Uses::Tls],
        build: |args, context| built(crate::godaddy::provider(&args.godaddy, context)),
    },
    ProviderEntry {
        name: "google",
        about: "Google Cloud DNS",
        properties: Some(&["google/"]),
        uses: REST,
        build: |args, context| {
            async {
                let provider = crate::google::provider(&args.google, context);
                Ok(Box::new(provider.await?) as Box<dyn Provider>)
            }
            .boxed()
        },
    },
    ProviderEntry {
        name: "hosts",
        about: "One block of a hosts file, as the protokube of kOps writes it",
        properties: Some(&["hosts/"]),
        uses: &[],
        build: |args, _| built(crate::hosts::provider(&args.hosts)),
    },
    ProviderEntry {
        name: "ibmcloud",
        about: "IBM Cloud Internet Services and DNS Services",
        properties: Some(&["ibmcloud/"]),
        uses: REST,
        build: |args, context| built(crate::ibmcloud::provider(&args.ibmcloud, context)),
    },
    ProviderEntry {
        name: "infoblox",
        about: "Infoblox NIOS",
        properties: Some(&["infoblox/"]),
        uses: REST,
        build: |args, context| built(crate::infoblox::provider(&args.infoblox, context)),
    },
    ProviderEntry {
        name: "inmemory",
        about: "Keeps records in memory and forgets them with the end of the run",
        properties: Some(&["inmemory/"]),
        uses: &[],
        build: |args, _| built(Ok(inmemory::provider(&args.inmemory))),
    },
    ProviderEntry {
        name: "linode",
        about: "Linode DNS",
        properties: Some(&["linode/"]),
        uses: REST,
        build: |_, context| built(crate::linode::provider(context)),
    },
    ProviderEntry {
        name: "ns1",
        about: "NS1",
        properties: Some(&["ns1/"]),
        uses: REST,
        build: |args, context| built(crate::ns1::provider(&args.ns1, context)),
    },
    ProviderEntry {
        name: "oci",
        about: "Oracle Cloud Infrastructure DNS",
        properties: Some(&["oci/"]),
        uses: &[Uses::ZoneIds, Uses::Batches, Uses::Tls],
        build: |args, context| {
            async {
                let provider = crate::oci::provider(&args.oci, context);
                Ok(Box::new(provider.await?) as Box<dyn Provider>)
            }
            .boxed()
        },
    },
    ProviderEntry {
        name: "ovh",
        about: "OVHcloud",
        properties: Some(&["ovh/"]),
        uses: REST,
        build: |args, context| built(crate::ovh::provider(&args.ovh, context)),
    },
    ProviderEntry {
        name: "pdns",
        about: "The PowerDNS Authoritative Server",
        properties: Some(&["pdns/"]),
        uses: &[Uses::ZoneIds, Uses::Batches, Uses::Tls],
        build: |args, context| built(crate::pdns::provider(&args.pdns, context)),
    },
    ProviderEntry {
        name: "pihole",
        about: "Pi-hole",
        properties: Some(&["pihole/"]),
        uses: &[Uses::Tls],
        build: |args, context| {
            std::future::ready(crate::pihole::provider(&args.pihole, context)).boxed()
        },
    },
    ProviderEntry {
        name: "plural",
        about: "Plural",
        properties: Some(&["plural/"]),
        uses: &[Uses::Tls],
        build: |args, context| built(crate::plural::provider(&args.plural, context)),
    },
    ProviderEntry {
        name: "rcodezero",
        about: "RcodeZero Anycast DNS",
        properties: Some(&["rcodezero/"]),
        uses: &[Uses::ZoneIds, Uses::Batches, Uses::Tls],
        build: |args, context| built(crate::rcodezero::provider(&args.rcodezero, context)),
    },
    ProviderEntry {
        name: "rdns",
        about: "RancherDNS, over etcd",
        properties: Some(&["rdns/"]),
        uses: REST,
        build: |_, context| built(crate::rdns::provider(context)),
    },
    ProviderEntry {
        name: "rfc2136",
        about: "Name servers with dynamic updates (RFC 2136), such as BIND and Knot DNS",
        properties: Some(&["rfc2136/"]),
        uses: REST,
        build: |args, context| built(crate::rfc2136::provider(&args.rfc2136, context)),
    },
    ProviderEntry {
        name: "safedns",
        about: "SafeDNS of ANS, formerly UKFast",
        properties: Some(&["safedns/"]),
        uses: REST,
        build: |_, context| built(crate::safedns::provider(context)),
    },
    ProviderEntry {
        name: "scaleway",
        about: "Scaleway Domains and DNS",
        properties: Some(&["scw/"]),
        uses: &[Uses::ZoneIds, Uses::Batches, Uses::Tls],
        build: |_, context| built(crate::scaleway::provider(context)),
    },
    ProviderEntry {
        name: "skydns",
        about: "Another name of coredns",
        properties: Some(&["coredns/"]),
        uses: &[Uses::Tls],
        build: |args, context| built(crate::coredns::provider(&args.coredns, context)),
    },
    ProviderEntry {
        name: "tencentcloud",
        about: "Tencent Cloud, DNSPod and Private DNS",
        properties: Some(&["tencentcloud/"]),
        uses: REST,
        build: |args, context| {
            std::future::ready(crate::tencentcloud::provider(&args.tencentcloud, context)).boxed()
        },
    },
    ProviderEntry {
        name: "transip",
        about: "TransIP",
        properties: Some(&["transip/"]),
        uses: REST,
        build: |args, context| built(crate::transip::provider(&args.transip, context)),
    },
    ProviderEntry {
        name: "ultradns",
        about: "UltraDNS",
        properties: Some(&["ultradns/"]),
        uses: REST,
        build: |_, context| built(crate::ultradns::provider(context)),
    },
    ProviderEntry {
        name: "vinyldns",
        about: "VinylDNS",
        properties: Some(&["vinyldns/"]),
        uses: REST,
        build: |_, context| built(crate::vinyldns::provider(context)),
    },
    ProviderEntry {
        name: "vultr",
        about: "Vultr DNS",
        properties: Some(&["vultr/"]),
        uses: REST,
        build: |_, context| built(crate::vultr::provider(context)),
    },
    ProviderEntry {
        name: "webhook",
        about: "Any provider behind the webhook protocol of ExternalDNS",
        properties: Some(&["webhook/"]),
        uses: &[Uses::Tls],
        build: |args, context| built(Webhook::new(&args.webhook, context)),
    },
    ProviderEntry {
        name: "zonefile",
        about: "RFC 1035 master files in a folder",
        properties: Some(&["zonefile/"]),
        uses: &[Uses::ZoneIds],
        build: |args, context| built(Zonefile::new(&args.zonefile, context)),
    },
];

/// The shared flags of a JSON API of zones that has no batches.
const REST: &[Uses] = &[Uses::ZoneIds, Uses::Tls];
/// Those of one whose zones can be named by their domains too.
const NAMED: &[Uses] = &[Uses::ZoneIds, Uses::ZoneNames, Uses::Tls];
/// Providers of which the flags, the folder and most of the page are those of another one, beside those that begin with its
/// name.
const TWINS: &[(&str, &str)] = &[("skydns", "coredns")];
/// Flags of another provider that one of its family does not use.
const UNUSED: &[(&str, &[&str])] = &[(
    "aws-sd",
    &[
        "aws-batch-change-interval",
        "aws-batch-change-size",
        "aws-batch-change-size-bytes",
        "aws-batch-change-size-values",
        "aws-evaluate-target-health",
        "aws-prefer-cname",
        "aws-profile",
        "aws-requests-per-second",
        "aws-zone-match-parent",
        "aws-zone-tags",
        "aws-zones-cache-duration",
    ],
)];
/// The properties of Azure's providers, whatever they are called.
const AZURE: &[&str] = &["azure/"];

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
    /// The shared flags that have an effect with it.
    pub uses: &'static [Uses],
    build: for<'a> fn(&'a Args, &'a Context) -> Building<'a>,
}

type Building<'a> = BoxFuture<'a, Result<Box<dyn Provider>, ProviderError>>;

impl ProviderEntry {
    /// The provider of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        PROVIDERS.iter().find(|it| it.name == name)
    }

    /// Whether a flag has an effect with this provider: not if it is of another provider, or a shared
    /// one that this provider does not use.
    #[must_use]
    pub fn heeds(&self, flag: &clap::Arg) -> bool {
        let name = flag.get_long().unwrap_or_default();
        let is_unused = |(own, flags): &(&str, &[&str])| *own == self.name && flags.contains(&name);
        if UNUSED.iter().any(is_unused) {
            return false;
        }
        match flag.get_help_heading() {
            Some(HEADING) => self.uses.iter().any(|uses| uses.flags().contains(&name)),
            Some(heading) => heading.strip_prefix("Provider ").is_none_or(|own| self.is_of(own)),
            None => true,
        }
    }

    /// Whether it is this provider or one of its family: `azure-private-dns` takes the flags of `azure`.
    fn is_of(&self, family: &str) -> bool {
        let rest = self.name.strip_prefix(family);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            || TWINS.contains(&(self.name, family))
    }

    /// The provider whose folder it is in, and what distinguishes it there.
    #[cfg(test)]
    pub(crate) fn folder(&self) -> (&'static str, &'static str) {
        let twin = TWINS.iter().find(|(name, _)| *name == self.name);
        twin.map_or_else(
            || self.name.split_once('-').unwrap_or((self.name, "")),
            |(name, folder)| (folder, name),
        )
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

/// A provider that can be made without waiting.
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

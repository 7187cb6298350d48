//! The flags that say where records go.

use std::time::Duration;

use extdns_model::parse_go_duration;

use crate::ProviderEntry;
use crate::akamai::AkamaiArgs;
use crate::alibabacloud::AlibabacloudArgs;
#[cfg(feature = "aws")]
use crate::aws::AwsArgs;
#[cfg(feature = "aws")]
use crate::aws::sd::AwsSdArgs;
use crate::azure::AzureArgs;
use crate::bluecat::BluecatArgs;
use crate::cloudflare::CloudflareArgs;
use crate::coredns::CorednsArgs;
use crate::digitalocean::DigitaloceanArgs;
use crate::r#dyn::DynArgs;
use crate::exoscale::ExoscaleArgs;
use crate::godaddy::GodaddyArgs;
use crate::google::GoogleArgs;
use crate::hosts::HostsArgs;
use crate::ibmcloud::IbmcloudArgs;
use crate::infoblox::InfobloxArgs;
use crate::inmemory::InmemoryArgs;
use crate::ns1::Ns1Args;
use crate::oci::OciArgs;
use crate::ovh::OvhArgs;
use crate::pdns::PdnsArgs;
use crate::pihole::PiholeArgs;
use crate::plural::PluralArgs;
use crate::rcodezero::RcodezeroArgs;
use crate::rfc2136::Rfc2136Args;
use crate::shared::Shared;
use crate::tencentcloud::TencentcloudArgs;
use crate::transip::TransipArgs;
use crate::webhook::{WebhookArgs, WebhookServerArgs};
use crate::zonefile::ZonefileArgs;

/// Flags of the providers: those that they share, and each provider's own.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider")]
#[group(skip)]
pub struct Args {
    /// The DNS provider to which records go
    #[arg(long, value_name = "NAME", value_parser = ProviderEntry::parser())]
    pub provider: ProviderEntry,

    /// How long a running loop may take the records for unchanged; a single run always reads them
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub provider_cache_time: Duration,

    /// What providers share.
    #[command(flatten)]
    pub shared: Shared,

    /// Flags of `akamai`.
    #[command(flatten)]
    pub akamai: AkamaiArgs,

    /// Flags of `alibabacloud`.
    #[command(flatten)]
    pub alibabacloud: AlibabacloudArgs,

    /// Flags of `aws`.
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub aws: AwsArgs,

    /// Flags of `aws-sd`.
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub aws_sd: AwsSdArgs,

    /// Flags of `azure`, `azure-dns` and `azure-private-dns`.
    #[command(flatten)]
    pub azure: AzureArgs,

    /// Flags of `bluecat`.
    #[command(flatten)]
    pub bluecat: BluecatArgs,

    /// Flags of `cloudflare`.
    #[command(flatten)]
    pub cloudflare: CloudflareArgs,

    /// Flags of `coredns` and `skydns`.
    #[command(flatten)]
    pub coredns: CorednsArgs,

    /// Flags of `digitalocean`.
    #[command(flatten)]
    pub digitalocean: DigitaloceanArgs,

    /// Flags of `dyn`.
    #[command(flatten)]
    pub r#dyn: DynArgs,

    /// Flags of `exoscale`.
    #[command(flatten)]
    pub exoscale: ExoscaleArgs,

    /// Flags of `godaddy`.
    #[command(flatten)]
    pub godaddy: GodaddyArgs,

    /// Flags of `google`.
    #[command(flatten)]
    pub google: GoogleArgs,

    /// Flags of `hosts`.
    #[command(flatten)]
    pub hosts: HostsArgs,

    /// Flags of `ibmcloud`.
    #[command(flatten)]
    pub ibmcloud: IbmcloudArgs,

    /// Flags of `infoblox`.
    #[command(flatten)]
    pub infoblox: InfobloxArgs,

    /// Flags of `inmemory`.
    #[command(flatten)]
    pub inmemory: InmemoryArgs,

    /// Flags of `ns1`.
    #[command(flatten)]
    pub ns1: Ns1Args,

    /// Flags of `oci`.
    #[command(flatten)]
    pub oci: OciArgs,

    /// Flags of `ovh`.
    #[command(flatten)]
    pub ovh: OvhArgs,

    /// Flags of `pdns`.
    #[command(flatten)]
    pub pdns: PdnsArgs,

    /// Flags of `pihole`.
    #[command(flatten)]
    pub pihole: PiholeArgs,

    /// Flags of `plural`.
    #[command(flatten)]
    pub plural: PluralArgs,

    /// Flags of `rcodezero`.
    #[command(flatten)]
    pub rcodezero: RcodezeroArgs,

    /// Flags of `rfc2136`.
    #[command(flatten)]
    pub rfc2136: Rfc2136Args,

    /// Flags of `tencentcloud`.
    #[command(flatten)]
    pub tencentcloud: TencentcloudArgs,

    /// Flags of `transip`.
    #[command(flatten)]
    pub transip: TransipArgs,

    /// Flags of `webhook`.
    #[command(flatten)]
    pub webhook: WebhookArgs,

    /// Flags of serving a provider to others.
    #[command(flatten)]
    pub webhook_server: WebhookServerArgs,

    /// Flags of `zonefile`.
    #[command(flatten)]
    pub zonefile: ZonefileArgs,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{Accounts, Context, Environment, ErrorKind};

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn parse(words: &[&str]) -> Result<Args, clap::Error> {
        Cli::try_parse_from(["test"].iter().chain(words)).map(|cli| cli.args)
    }

    #[test]
    fn defaults() {
        let args = parse(&["--provider=inmemory"]).expect("valid");
        assert_eq!(args.provider.name, "inmemory");
        assert_eq!(args.provider_cache_time, Duration::ZERO);
        assert_eq!(args.inmemory.inmemory_zone, [""]);
    }

    #[test]
    fn a_provider_is_required_and_must_exist() {
        let missing = parse(&[]).expect_err("required").to_string();
        assert!(missing.contains("--provider"), "{missing}");
        let unknown = parse(&["--provider=nowhere"]).expect_err("unknown").to_string();
        for entry in crate::PROVIDERS {
            assert!(unknown.contains(entry.name), "{} in {unknown}", entry.name);
        }
    }

    /// How many accounts the providers of these flags and variables are.
    async fn accounts(providers: [(&str, [(&str, &str); 1]); 2]) -> String {
        let accounts = Accounts::default();
        for (flags, variables) in providers {
            let args = parse(&flags.split(' ').collect::<Vec<_>>()).expect("valid");
            let environment = Environment::from(variables);
            let context = Context { environment, accounts: accounts.clone(), ..Context::default() };
            args.provider.build(&args, &context).await.expect("built");
        }
        format!("{accounts:?}")
    }

    #[tokio::test]
    async fn providers_with_the_credentials_of_one_account_share_it() {
        let token = |token| ("--provider=digitalocean", [("DO_TOKEN", token)]);
        let key = |key| ("--provider=gandi", [("GANDI_KEY", key)]);
        let none = [("NONE", "")];
        let server = |flags| (flags, none);
        let table = [
            ([token("t0ken"), token("t0ken")], "Accounts(1)"),
            ([token("t0ken"), token("t1ken")], "Accounts(2)"),
            ([key("k3y"), key("k3y")], "Accounts(1)"),
            ([key("k3y"), token("k3y")], "Accounts(2)"),
            ([server("--provider=webhook"), server("--provider=webhook")], "Accounts(1)"),
            (
                [
                    server("--provider=webhook"),
                    server("--provider=webhook --webhook-provider-url=http://b.test"),
                ],
                "Accounts(2)",
            ),
            (
                [
                    server("--provider=pdns --pdns-api-key=k --pdns-server=http://a.test"),
                    server("--provider=pdns --pdns-api-key=k --pdns-server=http://b.test"),
                ],
                "Accounts(2)",
            ),
        ];
        for (providers, expected) in table {
            assert_eq!(accounts(providers).await, expected, "{providers:?}");
        }
    }

    #[tokio::test]
    async fn the_named_provider_is_built_from_its_own_flags() {
        let args = parse(&["--provider=inmemory", "--inmemory-zone=example.org"]).expect("valid");
        let provider = args.provider.build(&args, &Context::default()).await.expect("built");
        assert_eq!(provider.capabilities().provider, "inmemory");
        let zones = provider.read().await.expect("readable").index;
        assert_eq!(
            zones.iter().map(|(_, zone)| zone.to_string()).collect::<Vec<_>>(),
            ["example.org"]
        );

        let args = parse(&["--provider=zonefile"]).expect("valid");
        let Err(error) = args.provider.build(&args, &Context::default()).await else {
            panic!("a folder is needed");
        };
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains("--zonefile-dir"), "{error}");
    }
}

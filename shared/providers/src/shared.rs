//! The flags that providers share.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use extdns_auth::HttpOptions;
use extdns_model::{DomainFilter, parse_go_duration};

use crate::{Batches, Context, ProviderError, ZoneFilter};

/// The heading of the shared flags in the help.
pub(crate) const HEADING: &str = "Shared by providers";

/// Flags that several providers take: each says so in [`PROVIDERS`](crate::PROVIDERS).
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = HEADING)]
#[group(skip)]
pub struct Shared {
    /// Only zones whose id ends with this; can be given several times
    #[arg(long, value_name = "ID", default_value = "")]
    pub zone_id_filter: Vec<String>,

    /// Also zones in this domain, with any id; can be given several times
    #[arg(long, value_name = "DOMAIN", default_value = "")]
    pub zone_name_filter: Vec<String>,

    /// Most changes of one batch; without it as many as the page of the provider says, and never more than it takes
    #[arg(long, value_name = "N")]
    pub batch_change_size: Option<NonZeroUsize>,

    /// Pause between two batches of a zone
    #[arg(long, value_name = "DURATION", value_parser = parse_go_duration)]
    pub batch_change_interval: Option<Duration>,

    /// A PEM file with certificates of authorities to trust beside the system's
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub tls_ca: String,

    /// A PEM file with the client's certificate
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub tls_client_cert: String,

    /// A PEM file with the key of the client's certificate
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub tls_client_cert_key: String,
}

/// Shared flags that a provider takes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uses {
    /// `--zone-id-filter`.
    ZoneIds,
    /// `--zone-name-filter`.
    ZoneNames,
    /// `--batch-change-size`, `--batch-change-interval`.
    Batches,
    /// `--tls-ca`, `--tls-client-cert`, `--tls-client-cert-key`.
    Tls,
}

impl Uses {
    /// The flags, without dashes.
    pub(crate) const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::ZoneIds => &["zone-id-filter"],
            Self::ZoneNames => &["zone-name-filter"],
            Self::Batches => &["batch-change-size", "batch-change-interval"],
            Self::Tls => &["tls-ca", "tls-client-cert", "tls-client-cert-key"],
        }
    }
}

impl Shared {
    /// What these flags say of a context, for names in this filter.
    ///
    /// # Errors
    /// When there is a certificate without a key, or a key without a certificate.
    pub fn context(&self, domains: DomainFilter) -> Result<Context, ProviderError> {
        let zones = ZoneFilter::new(domains, &self.zone_id_filter).or_named(&self.zone_name_filter);
        let batches =
            Batches { changes: self.batch_change_size, pause: self.batch_change_interval };
        Ok(Context { zones, batches, http: self.http()?, ..Context::default() })
    }

    fn http(&self) -> Result<HttpOptions, ProviderError> {
        let file = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        let identity = match (file(&self.tls_client_cert), file(&self.tls_client_cert_key)) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                return Err(ProviderError::config(
                    "--tls-client-cert and --tls-client-cert-key belong together; give both or none",
                ));
            }
        };
        Ok(HttpOptions { ca: file(&self.tls_ca), identity, ..HttpOptions::default() })
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        shared: Shared,
    }

    fn context(words: &[&str]) -> Result<Context, ProviderError> {
        let cli = Cli::try_parse_from(["test"].iter().chain(words)).expect("valid");
        cli.shared.context(DomainFilter::default())
    }

    #[test]
    fn each_shared_flag_belongs_to_what_a_provider_can_use() {
        let uses = [Uses::ZoneIds, Uses::ZoneNames, Uses::Batches, Uses::Tls];
        let mut known: Vec<&str> = uses.iter().flat_map(|uses| uses.flags()).copied().collect();
        known.sort_unstable();
        let command = Cli::command();
        let mut flags: Vec<&str> =
            command.get_arguments().filter_map(clap::Arg::get_long).collect();
        flags.sort_unstable();
        assert_eq!(flags, known);
    }

    #[test]
    fn a_client_has_a_certificate_and_a_key_or_neither() {
        for flag in ["--tls-client-cert=c.pem", "--tls-client-cert-key=k.pem"] {
            let error = context(&[flag]).expect_err("half");
            assert!(error.message.contains("belong together"), "{error}");
        }
        let both = context(&["--tls-client-cert=c.pem", "--tls-client-cert-key=k.pem"]);
        let (certificate, key) = both.expect("both").http.identity.expect("an identity");
        assert_eq!((certificate, key), (PathBuf::from("c.pem"), PathBuf::from("k.pem")));
        let none = context(&[]).expect("nothing");
        assert!(none.http.identity.is_none() && none.http.ca.is_none());
        assert_eq!(none.batches, Batches::default());
    }
}

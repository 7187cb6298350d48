//! Flags.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgAction;
use extdns_model::parse_go_duration;

use super::servers::Signing;
use super::tsig::Key;
use crate::ProviderError;

/// Flags of the `rfc2136` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider rfc2136")]
pub struct Rfc2136Args {
    /// A name server that takes updates; can be given several times
    #[arg(long, value_name = "HOST", default_value = "", hide_default_value = true)]
    pub rfc2136_host: Vec<String>,

    /// The port of all servers; 0 for 53, or 853 with TLS
    #[arg(long, value_name = "PORT", default_value = "0")]
    pub rfc2136_port: u16,

    /// A zone to manage; can be given several times; without it everything belongs to the root zone
    #[arg(long, value_name = "ZONE")]
    pub rfc2136_zone: Vec<String>,

    /// Send messages without a signature
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub rfc2136_insecure: bool,

    /// The name of the TSIG key
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub rfc2136_tsig_keyname: String,

    /// The secret of the TSIG key, in base64
    #[arg(long, value_name = "SECRET", default_value = "", hide_default_value = true)]
    pub rfc2136_tsig_secret: String,

    /// The algorithm of the TSIG key: hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512
    #[arg(long, value_name = "ALGORITHM", default_value = "", hide_default_value = true)]
    pub rfc2136_tsig_secret_alg: String,

    /// List the records of the zones by transfers (AXFR); without it records are only added
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub rfc2136_axfr: bool,

    /// The former name of --rfc2136-axfr
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub rfc2136_tsig_axfr: bool,

    /// The least TTL, and that of records without one
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_go_duration)]
    pub rfc2136_min_ttl: Duration,

    /// Most record sets of one message, ownership records included
    #[arg(long, value_name = "N", default_value = "50")]
    pub rfc2136_batch_change_size: usize,

    /// Sign messages with Kerberos (GSS-TSIG), in builds with the feature gss-tsig; others refuse it
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub rfc2136_gss_tsig: bool,

    /// The Kerberos user of GSS-TSIG
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub rfc2136_kerberos_username: String,

    /// The password of that user
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    pub rfc2136_kerberos_password: String,

    /// The realm of that user
    #[arg(long, value_name = "REALM", default_value = "", hide_default_value = true)]
    pub rfc2136_kerberos_realm: String,

    /// Reach the servers over TLS
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub rfc2136_use_tls: bool,

    /// Accept any certificate of the servers
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub rfc2136_skip_tls_verify: bool,

    /// Which server gets the next message: the first until it fails, each in turn, or in a random order
    #[arg(long, value_name = "STRATEGY", default_value = "disabled")]
    pub rfc2136_load_balancing_strategy: Strategy,
}

/// Which of several servers gets the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Strategy {
    /// The first one, until it fails.
    Disabled,
    /// Each in turn, from a random one on.
    RoundRobin,
    /// Each in turn, in a random order.
    Random,
}

impl Rfc2136Args {
    /// Whether records are listed.
    pub(super) fn lists(&self) -> bool {
        if self.rfc2136_tsig_axfr {
            tracing::warn!("--rfc2136-tsig-axfr is deprecated, use --rfc2136-axfr instead");
        }
        self.rfc2136_axfr || self.rfc2136_tsig_axfr
    }

    /// What signs messages.
    ///
    /// # Errors
    /// When the flags exclude each other, or do not say a key.
    pub(super) fn signing(&self) -> Result<Signing, ProviderError> {
        if self.rfc2136_gss_tsig {
            return self.kerberos();
        }
        if self.rfc2136_insecure {
            return Ok(Signing::Nobody);
        }
        let [name, algorithm, secret] =
            [&self.rfc2136_tsig_keyname, &self.rfc2136_tsig_secret_alg, &self.rfc2136_tsig_secret];
        let key = Key::new(name, algorithm, secret).map_err(ProviderError::config)?;
        Ok(Signing::Shared(Arc::new(key)))
    }

    fn kerberos(&self) -> Result<Signing, ProviderError> {
        let account = [
            &self.rfc2136_kerberos_username,
            &self.rfc2136_kerberos_password,
            &self.rfc2136_kerberos_realm,
        ];
        if self.rfc2136_insecure {
            return Err(ProviderError::config(
                "--rfc2136-insecure and --rfc2136-gss-tsig exclude each other; leave one of them out",
            ));
        }
        if account.iter().any(|text| text.is_empty()) {
            return Err(ProviderError::config(
                "--rfc2136-gss-tsig needs --rfc2136-kerberos-username, --rfc2136-kerberos-password and \
                 --rfc2136-kerberos-realm",
            ));
        }
        let is_address = |host: &&String| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        if let Some(host) = self.rfc2136_host.iter().find(is_address) {
            let message = format!(
                "--rfc2136-host={host}: with --rfc2136-gss-tsig it must be a name, for which the KDC has a service DNS/NAME"
            );
            return Err(ProviderError::config(message));
        }
        with_account(account)
    }
}

/// Contexts of a user of Kerberos.
#[cfg(feature = "gss-tsig")]
fn with_account([name, password, realm]: [&String; 3]) -> Result<Signing, ProviderError> {
    Ok(Signing::Kerberos(super::gss::Kerberos::new(name, password, realm)))
}

#[cfg(not(feature = "gss-tsig"))]
fn with_account(_: [&String; 3]) -> Result<Signing, ProviderError> {
    Err(ProviderError::config(
        "this build has no GSS-TSIG, which binds a C library; build external-dns with the feature gss-tsig (see the page of \
         rfc2136), or sign with a TSIG key (--rfc2136-tsig-keyname, --rfc2136-tsig-secret, --rfc2136-tsig-secret-alg)",
    ))
}

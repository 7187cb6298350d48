//! Flags.

use std::time::Duration;

use clap::ArgAction;
use extdns_model::parse_go_duration;

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

    /// Sign messages with Kerberos (GSS-TSIG); not in this version, which refuses it
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

    /// The key that signs messages; `None` without signatures.
    ///
    /// # Errors
    /// When the flags exclude each other, or do not say a key.
    pub(super) fn key(&self) -> Result<Option<Key>, ProviderError> {
        if self.rfc2136_gss_tsig {
            return Err(self.no_kerberos());
        }
        if self.rfc2136_insecure {
            return Ok(None);
        }
        let [name, algorithm, secret] =
            [&self.rfc2136_tsig_keyname, &self.rfc2136_tsig_secret_alg, &self.rfc2136_tsig_secret];
        Key::new(name, algorithm, secret).map(Some).map_err(ProviderError::config)
    }

    fn no_kerberos(&self) -> ProviderError {
        let account = [
            &self.rfc2136_kerberos_username,
            &self.rfc2136_kerberos_password,
            &self.rfc2136_kerberos_realm,
        ];
        ProviderError::config(if self.rfc2136_insecure {
            "--rfc2136-insecure and --rfc2136-gss-tsig exclude each other; leave one of them out"
        } else if account.iter().any(|text| text.is_empty()) {
            "--rfc2136-gss-tsig needs --rfc2136-kerberos-username, --rfc2136-kerberos-password and \
             --rfc2136-kerberos-realm"
        } else {
            "no build of this version has GSS-TSIG; sign with a TSIG key (--rfc2136-tsig-keyname, \
             --rfc2136-tsig-secret, --rfc2136-tsig-secret-alg), or stay with upstream's image for these zones"
        })
    }
}

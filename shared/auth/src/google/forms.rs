//! The forms of a file with credentials. <https://google.aip.dev/auth/4110>

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::GoogleError;
use crate::secrets;

/// What makes a file of a type that is not read here, and what takes its place.
const KNOWN: &str = "service_account, authorized_user, external_account, \
                     external_account_authorized_user and impersonated_service_account";
/// The only universe whose servers are known here; the others are clouds of partners.
const UNIVERSE: &str = "googleapis.com";
/// The members whose values are secret.
const SECRET: [&str; 3] = ["private_key", "refresh_token", "client_secret"];

/// Credentials as a file has them.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Form {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
    ExternalAccount(Box<ExternalAccount>),
    ExternalAccountAuthorizedUser(AuthorizedUser),
    ImpersonatedServiceAccount(Impersonated),
}

/// The key of a service account.
#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    pub(super) client_email: String,
    pub(super) private_key: String,
    pub(super) private_key_id: Option<String>,
    #[serde(default = "token_uri")]
    pub(super) token_uri: String,
}

/// A user's login.
#[derive(Deserialize)]
pub(super) struct AuthorizedUser {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) refresh_token: String,
    #[serde(default = "token_uri", alias = "token_url")]
    pub(super) token_uri: String,
}

/// Workload or workforce identity federation: a token of another service is exchanged.
#[derive(Deserialize)]
pub(super) struct ExternalAccount {
    pub(super) audience: String,
    pub(super) subject_token_type: String,
    pub(super) token_url: String,
    pub(super) credential_source: Source,
    pub(super) service_account_impersonation_url: Option<String>,
    #[serde(default)]
    pub(super) service_account_impersonation: Impersonation,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) workforce_pool_user_project: Option<String>,
}

/// How long the tokens of an impersonated service account hold.
#[derive(Deserialize, Default)]
pub(super) struct Impersonation {
    pub(super) token_lifetime_seconds: Option<u32>,
}

/// Where the token of the other service comes from.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Source {
    Aws(#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "as below"))] AwsSource),
    File {
        file: PathBuf,
        #[serde(default)]
        format: Format,
    },
    Url {
        url: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        format: Format,
    },
    Program {
        executable: Program,
    },
    /// A certificate with which the exchange authenticates in TLS.
    Certificate {
        #[expect(dead_code, reason = "that it is there is all that counts")]
        certificate: IgnoredAny,
    },
    Other(IgnoredAny),
}

/// An identity of AWS.
#[derive(Deserialize)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "it takes the SDK of AWS"))]
pub(super) struct AwsSource {
    pub(super) environment_id: String,
    #[serde(default = "verification_url")]
    pub(super) regional_cred_verification_url: String,
}

/// A program that prints the token.
#[derive(Deserialize)]
pub(super) struct Program {
    pub(super) command: String,
    pub(super) timeout_millis: Option<u64>,
    pub(super) output_file: Option<PathBuf>,
}

/// How a token stands in a file or an answer.
#[derive(Deserialize, Default)]
pub(super) struct Format {
    /// `text` or `json`.
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) subject_token_field_name: String,
}

/// A service account that other credentials may be.
#[derive(Deserialize)]
pub(super) struct Impersonated {
    pub(super) service_account_impersonation_url: String,
    pub(super) source_credentials: Box<Form>,
    #[serde(default)]
    pub(super) delegates: Vec<String>,
}

/// What a file says beside the credentials.
#[derive(Deserialize, Default)]
pub(super) struct Extras {
    pub(super) project_id: Option<String>,
    pub(super) quota_project_id: Option<String>,
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

fn verification_url() -> String {
    "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15".to_owned()
}

impl Form {
    /// The credentials in a file.
    pub(super) fn read(path: &Path) -> Result<(Self, Extras), GoogleError> {
        let text = std::fs::read(path).map_err(|error| error.to_string());
        let form = text.and_then(|text| Self::parse(&text));
        form.map_err(|reason| GoogleError::File { path: path.to_owned(), reason })
    }

    fn parse(text: &[u8]) -> Result<(Self, Extras), String> {
        let json: Value = serde_json::from_slice(text).map_err(|_| {
            "it is no JSON; give the file of a key, of a login or of a workload identity".to_owned()
        })?;
        register(&json);
        let kind = json["type"].as_str().unwrap_or_default();
        if !KNOWN.split([',', ' ']).any(|known| !known.is_empty() && known == kind) {
            return Err(format!("its type is {kind:?}; {KNOWN} can be used"));
        }
        let universe = json["universe_domain"].as_str().unwrap_or(UNIVERSE);
        if universe != UNIVERSE {
            return Err(format!(
                "its universe_domain is {universe:?}; credentials of {UNIVERSE} alone can be used"
            ));
        }
        let extras = Extras::deserialize(&json).unwrap_or_default();
        let form = Self::deserialize(&json).map_err(|error| format!("{error}; make it again"));
        Ok((form?, extras))
    }

    /// In words.
    pub(super) fn what(&self) -> String {
        match self {
            Self::ServiceAccount(key) => format!("service account {}", key.client_email),
            Self::AuthorizedUser(_) | Self::ExternalAccountAuthorizedUser(_) => {
                "the user who logged in".to_owned()
            }
            Self::ExternalAccount(own) => match &own.service_account_impersonation_url {
                Some(url) => format!("service account {} by workload identity", email_of(url)),
                None => format!("workload identity {}", own.audience),
            },
            Self::ImpersonatedServiceAccount(own) => {
                let who = email_of(&own.service_account_impersonation_url);
                format!("service account {who} by impersonation")
            }
        }
    }

    /// What distinguishes these credentials from others.
    pub(super) fn secret(&self) -> &str {
        match self {
            Self::ServiceAccount(key) => &key.private_key,
            Self::AuthorizedUser(own) | Self::ExternalAccountAuthorizedUser(own) => {
                &own.refresh_token
            }
            Self::ExternalAccount(own) => own.client_secret.as_deref().unwrap_or_default(),
            Self::ImpersonatedServiceAccount(own) => own.source_credentials.secret(),
        }
    }
}

/// The service account of a URL of `generateAccessToken`.
pub(super) fn email_of(url: &str) -> &str {
    let (_, rest) = url.rsplit_once("/serviceAccounts/").unwrap_or(("", url));
    rest.split(':').next().unwrap_or(rest)
}

/// No output of the process shows a secret of the file from now on.
fn register(json: &Value) {
    let Value::Object(members) = json else { return };
    for (name, value) in members {
        match value {
            Value::String(text) if SECRET.contains(&name.as_str()) => secrets::register(text),
            value => register(value),
        }
    }
}

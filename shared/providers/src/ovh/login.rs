//! Where the API and the credentials are: in variables, or in the files of OVH's own tools.

use std::path::PathBuf;

use ini::{Ini, ParseOption};

use super::SERVICE;
use super::sign::Signature;
use crate::rest::{Auth, ClientCredentials, Rest, Service};
use crate::{Context, Environment, ProviderError};

/// The APIs by their names, with the page that gives tokens for the credentials of a client.
const ENDPOINTS: [(&str, &str, Option<&str>); 7] = [
    ("ovh-eu", "https://eu.api.ovh.com/1.0", Some("https://www.ovh.com/auth/oauth2/token")),
    ("ovh-ca", "https://ca.api.ovh.com/1.0", Some("https://ca.ovh.com/auth/oauth2/token")),
    (
        "ovh-us",
        "https://api.us.ovhcloud.com/1.0",
        Some("https://us.ovhcloud.com/auth/oauth2/token"),
    ),
    ("kimsufi-eu", "https://eu.api.kimsufi.com/1.0", None),
    ("kimsufi-ca", "https://ca.api.kimsufi.com/1.0", None),
    ("soyoustart-eu", "https://eu.api.soyoustart.com/1.0", None),
    ("soyoustart-ca", "https://ca.api.soyoustart.com/1.0", None),
];

/// What a run needs of it.
pub(super) struct Login {
    pub(super) url: String,
    tokens: Option<String>,
    keys: Keys,
}

/// The three ways to prove who one is.
#[derive(Debug, PartialEq, Eq)]
enum Keys {
    Application { key: String, secret: String, consumer: String },
    Client { id: String, secret: String },
    Token(String),
}

impl Login {
    /// The API and the credentials for it. Variables win over files, and later files over earlier ones.
    ///
    /// # Errors
    /// When the API is not known, credentials are missing or of several kinds, or a file cannot be read.
    pub(super) fn find(endpoint: &str, variables: &Environment) -> Result<Self, ProviderError> {
        let files = files(variables)?;
        let value = |section: &str, name: &str| {
            let of_file = |file: &Ini| file.get_from(Some(section), name).map(ToOwned::to_owned);
            let variable = variables.get(&format!("OVH_{}", name.to_uppercase()));
            let found = variable.map(ToOwned::to_owned);
            found.or_else(|| files.iter().rev().find_map(of_file)).filter(|text| !text.is_empty())
        };
        let endpoint = match endpoint {
            "" => value("default", "endpoint").unwrap_or_else(|| "ovh-eu".to_owned()),
            named => named.to_owned(),
        };
        let known = ENDPOINTS.iter().find(|(name, ..)| *name == endpoint);
        let (url, tokens) = match known {
            Some((_, url, tokens)) => ((*url).to_owned(), tokens.map(ToOwned::to_owned)),
            None if endpoint.contains('/') => (endpoint.clone(), None),
            None => return Err(unknown(&endpoint)),
        };
        let keys = Keys::of(|name| value(&endpoint, name))?;
        Ok(Self { url, tokens, keys })
    }

    /// The credentials as they go with requests.
    ///
    /// # Errors
    /// When this API gives no tokens for the credentials of a client.
    pub(super) fn auth(&self, context: &Context) -> Result<Auth, ProviderError> {
        match &self.keys {
            Keys::Token(token) => Ok(Auth::bearer(token)),
            Keys::Client { id, secret } => {
                let url = self.tokens.as_deref().ok_or_else(|| {
                    ProviderError::config(format!(
                        "{} gives no tokens for OVH_CLIENT_ID; use the key of an application",
                        self.url
                    ))
                })?;
                let service = Service { texts: &["/error", "/error_description"], ..SERVICE };
                let rest = Rest::new(&service, Some(url), Auth::none(), &context.http)?;
                let (id, secret) = (id.clone(), secret.clone());
                Ok(Auth::tokens(ClientCredentials { rest, id, secret, scope: "all" }))
            }
            Keys::Application { key, secret, consumer } => {
                let anybody = Auth::header("x-ovh-application", key);
                let clock = Rest::new(&SERVICE, Some(&self.url), anybody, &context.http)?;
                let secrets = vec![secret.clone(), consumer.clone()];
                let signature = Signature::new([key, secret, consumer], clock);
                Ok(Auth::signed(signature, secrets))
            }
        }
    }
}

fn unknown(endpoint: &str) -> ProviderError {
    let names: Vec<&str> = ENDPOINTS.iter().map(|(name, ..)| *name).collect();
    ProviderError::config(format!(
        "--ovh-endpoint {endpoint:?} is no API of OVHcloud; use one of {}, or a URL",
        names.join(", ")
    ))
}

impl Keys {
    fn of(value: impl Fn(&str) -> Option<String>) -> Result<Self, ProviderError> {
        let application = (value("application_key"), value("application_secret"));
        let client = (value("client_id"), value("client_secret"));
        let token = value("access_token");
        let config = |text: &str| Err(ProviderError::config(text));
        let is_there =
            |pair: &(Option<String>, Option<String>)| pair.0.is_some() || pair.1.is_some();
        let methods = [is_there(&application), is_there(&client), token.is_some()];
        if methods.iter().filter(|is_there| **is_there).count() > 1 {
            return config(
                "credentials of several kinds are set for OVHcloud; keep OVH_APPLICATION_KEY and OVH_APPLICATION_SECRET, or \
                 OVH_CLIENT_ID and OVH_CLIENT_SECRET, or OVH_ACCESS_TOKEN",
            );
        }
        match (application, client, token) {
            ((Some(key), Some(secret)), ..) => {
                let consumer = value("consumer_key").unwrap_or_default();
                Ok(Self::Application { key, secret, consumer })
            }
            (_, (Some(id), Some(secret)), _) => Ok(Self::Client { id, secret }),
            (_, _, Some(token)) => Ok(Self::Token(token)),
            (application, ..) if is_there(&application) => config(
                "of OVH_APPLICATION_KEY and OVH_APPLICATION_SECRET one is not set; the provider ovh needs both",
            ),
            (_, client, _) if is_there(&client) => config(
                "of OVH_CLIENT_ID and OVH_CLIENT_SECRET one is not set; the provider ovh needs both",
            ),
            _ => config(
                "no credentials of OVHcloud are set; set OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY, or \
                 write them into ovh.conf",
            ),
        }
    }
}

/// The files that are there.
fn files(variables: &Environment) -> Result<Vec<Ini>, ProviderError> {
    let home = variables.get("HOME").map(|home| PathBuf::from(home).join(".ovh.conf"));
    let own = [Some(PathBuf::from("/etc/ovh.conf")), home, Some(PathBuf::from("ovh.conf"))];
    let mut files = Vec::new();
    for path in own.into_iter().flatten().filter(|path| path.is_file()) {
        let plain = ParseOption { enabled_escape: false, ..ParseOption::default() };
        let file = Ini::load_from_file_opt(&path, plain).map_err(|problem| {
            ProviderError::config(format!("the file {} cannot be read: {problem}", path.display()))
        })?;
        files.push(file);
    }
    Ok(files)
}

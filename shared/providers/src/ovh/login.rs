//! Where the API and the credentials are: in variables, or in the files of OVH's own tools.

use super::SERVICE;
use super::sign::Signature;
use crate::rest::credentials::{ini, one_of};
use crate::rest::{Auth, ClientCredentials, Rest};
use crate::{Context, ProviderError};

/// The APIs by their names, with the page that gives tokens for the credentials of a client.
const ENDPOINTS: [(&str, &str, &str); 7] = [
    ("ovh-eu", "https://eu.api.ovh.com/1.0", "https://www.ovh.com/auth/oauth2/token"),
    ("ovh-ca", "https://ca.api.ovh.com/1.0", "https://ca.ovh.com/auth/oauth2/token"),
    ("ovh-us", "https://api.us.ovhcloud.com/1.0", "https://us.ovhcloud.com/auth/oauth2/token"),
    ("kimsufi-eu", "https://eu.api.kimsufi.com/1.0", ""),
    ("kimsufi-ca", "https://ca.api.kimsufi.com/1.0", ""),
    ("soyoustart-eu", "https://eu.api.soyoustart.com/1.0", ""),
    ("soyoustart-ca", "https://ca.api.soyoustart.com/1.0", ""),
];

/// The three ways to prove who one is.
const WAYS: [&[&str]; 3] = [
    &["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET"],
    &["OVH_CLIENT_ID", "OVH_CLIENT_SECRET"],
    &["OVH_ACCESS_TOKEN"],
];

/// The URL of the API, and the credentials as they go with requests. Variables win over files, and later files over earlier
/// ones; in files the values have the names of the variables without `OVH_`, in the section of the API.
///
/// # Errors
/// When the API is not known or gives no tokens, credentials are missing or of several kinds, or a file cannot be read.
pub(super) fn find(endpoint: &str, context: &Context) -> Result<(String, Auth), ProviderError> {
    let variables = &context.environment;
    let mut files = Vec::new();
    for path in ["ovh.conf", "~/.ovh.conf", "/etc/ovh.conf"] {
        files.extend(variables.path(path).map(|path| ini(&path)).transpose()?.flatten());
    }
    let value = |section: &str, variable: &str| {
        let name = variable.trim_start_matches("OVH_").to_lowercase();
        let of_files = || files.iter().find_map(|file| file.get_from(Some(section), &name));
        let found = variables.get(variable).or_else(of_files).filter(|text| !text.is_empty());
        found.map(ToOwned::to_owned)
    };
    let endpoint = match endpoint {
        "" => value("default", "OVH_ENDPOINT").unwrap_or_else(|| "ovh-eu".to_owned()),
        named => named.to_owned(),
    };
    let (url, tokens) = match ENDPOINTS.iter().find(|(name, ..)| *name == endpoint) {
        Some((_, url, tokens)) => (*url, *tokens),
        None if endpoint.contains('/') => (endpoint.as_str(), ""),
        None => {
            let names = ENDPOINTS.map(|(name, ..)| name).join(", ");
            return Err(ProviderError::config(format!(
                "--ovh-endpoint {endpoint:?} is no API of OVHcloud; use one of {names}, or a URL"
            )));
        }
    };
    let (way, keys) = one_of("OVHcloud", &WAYS, |name| value(&endpoint, name))?;
    let auth = match (way, &keys[..]) {
        (0, [key, secret]) => {
            let consumer = value(&endpoint, "OVH_CONSUMER_KEY").unwrap_or_default();
            let anybody = Auth::header("x-ovh-application", key);
            let clock = Rest::new(&SERVICE, Some(url), anybody, &context.http)?;
            let signature = Signature::new([key, secret, &consumer], clock);
            Auth::signed(signature, vec![secret.clone(), consumer])
        }
        (1, _) if tokens.is_empty() => {
            return Err(ProviderError::config(format!(
                "{url} gives no tokens for OVH_CLIENT_ID; use the key of an application"
            )));
        }
        (1, [id, secret]) => {
            let (key, http) = ([id.as_str(), secret], &context.http);
            Auth::tokens(ClientCredentials::at(tokens, &SERVICE, key, "all", http)?)
        }
        _ => Auth::bearer(&keys.concat()),
    };
    Ok((url.to_owned(), auth))
}

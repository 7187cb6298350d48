//! Credentials: a token, or a key and the mail address of its user.

use reqwest::header::{HeaderName, HeaderValue};

use crate::rest::{Auth, Outgoing, Signer};
use crate::{Environment, ProviderError};

/// The variables of each credential: that of ExternalDNS, and that of Cloudflare's own clients.
const TOKEN: [&str; 2] = ["CF_API_TOKEN", "CLOUDFLARE_API_TOKEN"];
const KEY: [&str; 2] = ["CF_API_KEY", "CLOUDFLARE_API_KEY"];
const EMAIL: [&str; 2] = ["CF_API_EMAIL", "CLOUDFLARE_EMAIL"];

/// The credentials of the environment; a token wins.
///
/// # Errors
/// When there are none, or the file of the token cannot be read.
pub(super) fn auth(environment: &Environment) -> Result<Auth, ProviderError> {
    let get = |names: [&str; 2]| names.into_iter().find_map(|name| environment.get(name));
    if let Some(token) = get(TOKEN) {
        return Ok(Auth::bearer(&token_of(token)?));
    }
    match (get(KEY), get(EMAIL)) {
        (Some(key), Some(email)) => {
            let pair = KeyAndEmail(key.to_owned(), email.to_owned());
            Ok(Auth::signed(pair, vec![key.to_owned()]))
        }
        _ => Err(ProviderError::config(
            "cloudflare credentials are not configured: set CF_API_TOKEN to a token with the rights \
             Zone Read and DNS Edit, or to file: and the path of a file with one; or set both \
             CF_API_KEY and CF_API_EMAIL (also read: CLOUDFLARE_API_TOKEN, CLOUDFLARE_API_KEY and \
             CLOUDFLARE_EMAIL)",
        )),
    }
}

/// The token itself, or what is in the file that is named.
fn token_of(text: &str) -> Result<String, ProviderError> {
    let Some(path) = text.strip_prefix("file:") else { return Ok(text.to_owned()) };
    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let token = read.map(|token| token.trim().to_owned()).and_then(|token| {
        if token.is_empty() { Err("the file is empty".to_owned()) } else { Ok(token) }
    });
    token.map_err(|problem| {
        let hint = "give CF_API_TOKEN the path of a file with a token";
        ProviderError::config(format!("the token file {path} cannot be used: {problem}; {hint}"))
    })
}

/// The global key of a user, and the mail address.
struct KeyAndEmail(String, String);

impl Signer for KeyAndEmail {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        for (name, text) in [("x-auth-key", &self.0), ("x-auth-email", &self.1)] {
            let mut value = HeaderValue::try_from(text).map_err(|_| {
                ProviderError::config(
                    "CF_API_KEY or CF_API_EMAIL holds a character that no HTTP header can carry; look \
                     for a line end",
                )
            })?;
            value.set_sensitive(true);
            request.headers.insert(HeaderName::from_static(name), value);
        }
        Ok(())
    }
}

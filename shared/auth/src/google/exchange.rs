//! From credentials to an access token.

use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use rustls::SignatureScheme;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::asking::Asking;
use super::forms::{AuthorizedUser, ExternalAccount, Form, Impersonated, ServiceAccount};
use super::{GoogleToken, subject};
use crate::call::{Fault, json};
use crate::{install_crypto, secrets};

/// The scope of tokens that are exchanged for those of a service account.
const CLOUD: &[&str] = &["https://www.googleapis.com/auth/cloud-platform"];
/// How long a token of a service account holds, where nothing else is said.
const LIFETIME: u32 = 3600;

type Answer<'a> = Pin<Box<dyn Future<Output = Result<GoogleToken, Fault>> + Send + 'a>>;

/// An access token as RFC 6749 and RFC 8693 have it.
#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Option<u64>,
}

impl<'a> Asking<'a> {
    /// The token of these credentials. Those of a service account may be got with others.
    pub(super) fn token(self, form: &'a Form) -> Answer<'a> {
        Box::pin(async move {
            match form {
                Form::ServiceAccount(key) => self.of_key(key).await,
                Form::AuthorizedUser(own) | Form::ExternalAccountAuthorizedUser(own) => {
                    self.of_login(own).await
                }
                Form::ExternalAccount(own) => self.of_workload(own).await,
                Form::ImpersonatedServiceAccount(own) => self.impersonated(own).await,
            }
        })
    }

    /// An assertion that the key signs is exchanged (RFC 7523). The assertion itself would do for Google's APIs, but
    /// not for the API servers of GKE.
    async fn of_key(self, key: &ServiceAccount) -> Result<GoogleToken, Fault> {
        let assertion = assertion(key, self.scopes, SystemTime::now()).map_err(Fault::lasting)?;
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        self.post(&key.token_uri, &[("grant_type", grant), ("assertion", &assertion)], None)
            .await
            .map_err(|fault| {
                fault.hint(
                    "the key may be deleted, its service account disabled, or the clock wrong",
                )
            })
    }

    async fn of_login(self, own: &AuthorizedUser) -> Result<GoogleToken, Fault> {
        let AuthorizedUser { client_id, client_secret, refresh_token, token_uri } = own;
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("client_secret", client_secret),
            ("refresh_token", refresh_token),
        ];
        self.post(token_uri, &form, None)
            .await
            .map_err(|fault| fault.hint("log in again: gcloud auth application-default login"))
    }

    /// The token of another service is exchanged (RFC 8693), and the result for that of a service account, if one is
    /// named.
    async fn of_workload(self, own: &ExternalAccount) -> Result<GoogleToken, Fault> {
        let subject_token = subject::token(self, own).await?;
        secrets::register(&subject_token);
        let scopes = match own.service_account_impersonation_url {
            Some(_) => CLOUD.join(" "),
            None => self.scopes.join(" "),
        };
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", own.audience.as_str()),
            ("scope", scopes.as_str()),
            ("subject_token", subject_token.as_str()),
            ("subject_token_type", own.subject_token_type.as_str()),
        ];
        let client = own.client_id.as_deref().zip(own.client_secret.as_deref());
        let options = own.workforce_pool_user_project.as_ref().filter(|_| client.is_none());
        let options = options.map(|project| json!({ "userProject": project }).to_string());
        form.extend(options.as_deref().map(|options| ("options", options)));
        let token = self.post(&own.token_url, &form, client).await.map_err(|fault| {
            fault.hint(
                "check that the audience names the pool and provider that trust this workload",
            )
        })?;
        match &own.service_account_impersonation_url {
            None => Ok(token),
            Some(url) => {
                let lifetime = own.service_account_impersonation.token_lifetime_seconds;
                self.of_service_account(url, &token, &[], lifetime.unwrap_or(LIFETIME)).await
            }
        }
    }

    async fn impersonated(self, own: &Impersonated) -> Result<GoogleToken, Fault> {
        let token = Asking { scopes: CLOUD, ..self }.token(&own.source_credentials).await?;
        let url = &own.service_account_impersonation_url;
        self.of_service_account(url, &token, &own.delegates, LIFETIME).await
    }

    /// <https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken>
    async fn of_service_account(
        self,
        url: &str,
        token: &GoogleToken,
        delegates: &[String],
        lifetime: u32,
    ) -> Result<GoogleToken, Fault> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            access_token: String,
        }
        secrets::register(&token.text);
        let body = json!({ "scope": self.scopes, "lifetime": format!("{lifetime}s"), "delegates": delegates });
        let request = self.clients.for_url(url)?.post(url).bearer_auth(&token.text);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let Answer { access_token } = json(request).await.map_err(|fault| match fault.status {
            Some(StatusCode::FORBIDDEN) => fault
                .hint("grant roles/iam.serviceAccountTokenCreator (or workloadIdentityUser) on it"),
            _ => fault,
        })?;
        Ok(GoogleToken::new(access_token, Some(lifetime.into())))
    }

    async fn post(
        self,
        url: &str,
        form: &[(&str, &str)],
        client: Option<(&str, &str)>,
    ) -> Result<GoogleToken, Fault> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self.clients.for_url(url)?.post(url);
        if let Some((id, secret)) = client {
            request = request.basic_auth(id, Some(secret));
        }
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let given: Given = json(request).await?;
        Ok(GoogleToken::new(given.access_token, given.expires_in))
    }
}

/// A JSON Web Token that says who we are (RFC 7519), signed with RS256. The error says what is wrong with the key.
fn assertion(key: &ServiceAccount, scopes: &[&str], now: SystemTime) -> Result<String, String> {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let mut header = json!({ "alg": "RS256", "typ": "JWT" });
    if let Some(id) = &key.private_key_id {
        header["kid"] = id.as_str().into();
    }
    let claims = json!({
        "iss": key.client_email,
        "scope": scopes.join(" "),
        "aud": key.token_uri,
        "iat": now,
        "exp": now + u64::from(LIFETIME),
    });
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let text = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = sign(&key.private_key, text.as_bytes())
        .ok_or("its private_key is no RSA key in PEM; make a new key of the service account")?;
    Ok(format!("{text}.{}", encode(&signature)))
}

/// Signed by the TLS of the process, which is there in any case.
fn sign(pem: &str, text: &[u8]) -> Option<Vec<u8>> {
    install_crypto();
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    let key = CryptoProvider::get_default()?.key_provider.load_private_key(key).ok()?;
    key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])?.sign(text).ok()
}

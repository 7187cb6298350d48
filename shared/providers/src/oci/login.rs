//! Who calls: the key of a user, a machine (instance principal), or a service account of a cluster (workload identity).
//!
//! The last two make a session key and have it certified by a token, which signs like a user's key.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use extdns_auth::{HttpOptions, secrets, uuid};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::region::host;
use super::sign::{HttpSignature, key_of};
use super::{LOGIN, METADATA};
use crate::rest::{Auth, Outgoing, Rest, Signer};
use crate::{Capabilities, Context, Environment, ProviderError, Transport};

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(300);

/// Where a session is from.
pub(super) enum Source {
    /// The machine: its metadata, and another place than that of its region to ask for tokens.
    Machine { metadata: Rest, tokens: Option<String> },
    /// The cluster: its proxy, and the file with the token of the service account.
    Account { proxy: Rest, file: PathBuf },
}

/// A key that is good for a time.
struct Live {
    signer: HttpSignature,
    until: SystemTime,
}

/// Signs with a session key, which is renewed.
pub(super) struct Session {
    source: Source,
    http: HttpOptions,
    variables: Environment,
    live: Mutex<Option<Arc<Live>>>,
    /// One renews it, the others wait.
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Deserialize)]
struct Given {
    token: String,
}

/// The times of a token (RFC 7519), in seconds since 1970.
#[derive(Deserialize)]
struct Times {
    iat: Option<u64>,
    exp: u64,
}

impl Source {
    /// The metadata of the machine.
    ///
    /// # Errors
    /// When the base URL is none.
    pub(super) fn machine(
        variables: &Environment,
        http: &HttpOptions,
    ) -> Result<Self, ProviderError> {
        let http = HttpOptions { direct: true, ..http.clone() };
        let metadata =
            Rest::new(&METADATA, variables.get("OCI_METADATA_BASE_URL"), Auth::none(), &http)?;
        let metadata = metadata.always_header("authorization", Some("Bearer Oracle"))?;
        let tokens = variables.get("OCI_AUTH_API_URL").map(ToOwned::to_owned);
        Ok(Self::Machine { metadata, tokens })
    }

    /// The region of the machine; that of an account is configured.
    ///
    /// # Errors
    /// When the metadata does not say it.
    pub(super) async fn region(
        &self,
        capabilities: &Capabilities,
    ) -> Result<String, ProviderError> {
        let Self::Machine { metadata: rest, .. } = self else { return Ok(String::new()) };
        metadata(rest, &rest.transport(capabilities), ["instance", "region"]).await
    }

    /// The proxy of the cluster that this runs in.
    ///
    /// # Errors
    /// When this runs in none, or its certificate cannot be read.
    pub(super) fn account(
        variables: &Environment,
        http: &HttpOptions,
    ) -> Result<Self, ProviderError> {
        let folder = "/var/run/secrets/kubernetes.io/serviceaccount";
        let own = variables.required(
            "KUBERNETES_SERVICE_HOST",
            "the address of the cluster, for workload identity",
        )?;
        let own = format!("https://{own}:12250");
        let base = variables.get("OCI_PROXY_API_URL").unwrap_or(&own);
        let ca = variables.get("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH").map(PathBuf::from);
        let ca =
            Some(ca.unwrap_or_else(|| format!("{folder}/ca.crt").into())).filter(|it| it.exists());
        let http = HttpOptions {
            direct: true,
            ca,
            timeout: Some(Duration::from_secs(30)),
            ..http.clone()
        };
        let proxy = Rest::new(&LOGIN, Some(base), Auth::none(), &http)?;
        let file = variables.get("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH").map(PathBuf::from);
        Ok(Self::Account { proxy, file: file.unwrap_or_else(|| format!("{folder}/token").into()) })
    }
}

/// A text of the metadata.
pub(super) async fn metadata(
    rest: &Rest,
    via: &Transport,
    path: [&str; 2],
) -> Result<String, ProviderError> {
    let answer = rest.send(via, "read metadata", &rest.get(&path)).await?;
    Ok(String::from_utf8_lossy(answer.body()).trim().to_owned())
}

impl Session {
    pub(super) fn new(source: Source, context: &Context) -> Self {
        let (http, variables) = (context.http.clone(), context.environment.clone());
        Self {
            source,
            http,
            variables,
            live: Mutex::default(),
            renewing: tokio::sync::Mutex::default(),
        }
    }

    fn good(&self) -> Option<Arc<Live>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner).clone();
        live.filter(|live| SystemTime::now() < live.until)
    }

    /// A session key with its token, and when it shall be renewed.
    async fn fetch(&self, via: &Transport) -> Result<Live, ProviderError> {
        let odd = || ProviderError::config("no session key can be made");
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| odd())?;
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| odd())?;
        let public = STANDARD.encode(public.as_ref());
        let token = match &self.source {
            Source::Machine { metadata, tokens } => {
                self.of_machine(via, metadata, tokens.as_deref(), &public).await?
            }
            Source::Account { proxy, file } => of_account(via, proxy, file, &public).await?,
        };
        secrets::register(&token);
        let Times { iat, exp } = times(&token)?;
        // Half of its life for a service account, five minutes before its end for a machine.
        let until = match (&self.source, iat) {
            (Source::Account { .. }, Some(iat)) => {
                UNIX_EPOCH + Duration::from_secs(iat + exp.saturating_sub(iat) / 2)
            }
            _ => UNIX_EPOCH + Duration::from_secs(exp) - EARLY,
        };
        Ok(Live {
            signer: HttpSignature { key_id: format!("ST${token}"), key, with_host: true },
            until,
        })
    }

    /// The certificate of the machine vouches for the session key.
    async fn of_machine(
        &self,
        via: &Transport,
        rest: &Rest,
        tokens: Option<&str>,
        public: &str,
    ) -> Result<String, ProviderError> {
        let region = metadata(rest, via, ["instance", "region"]).await?;
        let leaf = metadata(rest, via, ["identity", "cert.pem"]).await?;
        let key = metadata(rest, via, ["identity", "key.pem"]).await?;
        let between = metadata(rest, via, ["identity", "intermediate.pem"]).await?;
        let der = CertificateDer::from_pem_slice(leaf.as_bytes())
            .map_err(|_| ProviderError::config("the certificate of the machine is none"))?;
        let print: Vec<String> =
            digest(&SHA256, &der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let key_id = format!("{}/fed-x509-sha256/{}", tenancy(&der)?, print.join(":"));
        let signer = HttpSignature { key_id, key: key_of(&key)?, with_host: false };
        let own = format!("https://auth.{}", host(&region, &self.variables));
        let base = tokens.unwrap_or(&own);
        let rest = Rest::new(&LOGIN, Some(base), Auth::signed(signer, Vec::new()), &self.http)?;
        let body = json!({ "certificate": bare(&leaf), "publicKey": public,
            "intermediateCertificates": [bare(&between)], "fingerprintAlgorithm": "SHA256" });
        let request = rest.post(&["v1", "x509"]).json(&body)?;
        let given: Given = rest.send(via, "get token", &request).await?.json()?;
        Ok(given.token)
    }
}

/// The token of a service account vouches for the session key.
async fn of_account(
    via: &Transport,
    proxy: &Rest,
    file: &Path,
    public: &str,
) -> Result<String, ProviderError> {
    let own = std::fs::read_to_string(file).map_err(|error| {
        ProviderError::config(format!(
            "the token of the service account, {}, cannot be read: {error}",
            file.display()
        ))
    })?;
    secrets::register(own.trim());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n");
    let request =
        proxy.post(&["resourcePrincipalSessionTokens"]).json(&json!({ "podKey": pem }))?;
    let request = request.header("authorization", &format!("Bearer {}", own.trim()))?;
    let request = request.header("opc-request-id", &uuid().replace('-', ""))?;
    let answer = proxy.send(via, "get token", &request).await?;
    let odd = || ProviderError::config("the proxy of the cluster gave no token");
    let text: String = answer.json()?;
    let inner = STANDARD.decode(text).map_err(|_| odd())?;
    let given: Given = serde_json::from_slice(&inner).map_err(|_| odd())?;
    Ok(given.token.strip_prefix("ST$").unwrap_or(&given.token).to_owned())
}

/// PEM without its first and last line, on one line.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// The tenancy that a certificate names. Its subject has it as a text of its own, in front of which stands the length
/// (X.690, 8.1.3.4); nothing else in a certificate of the service begins so.
fn tenancy(der: &[u8]) -> Result<String, ProviderError> {
    let text = |start: &str| {
        let at = memchr::memmem::find(der, start.as_bytes())?;
        let length = usize::from(*der.get(at.checked_sub(1)?)?);
        let text = std::str::from_utf8(der.get(at..at + length)?).ok()?;
        text.strip_prefix(start).map(ToOwned::to_owned)
    };
    ["opc-tenant:", "opc-identity:"].iter().find_map(|start| text(start)).ok_or_else(|| {
        ProviderError::config(
            "the certificate of the machine names no tenancy; is it one of Oracle Cloud?",
        )
    })
}

fn times(token: &str) -> Result<Times, ProviderError> {
    let payload = token.split('.').nth(1).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let times = payload.and_then(|text| serde_json::from_slice(&text).ok());
    times.ok_or_else(|| ProviderError::config("the token of the session is no JSON web token"))
}

#[async_trait]
impl Signer for Session {
    async fn prepare(&self, via: &Transport) -> Result<(), ProviderError> {
        let _one = self.renewing.lock().await;
        if self.good().is_none() {
            let live = Arc::new(self.fetch(via).await?);
            *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(live);
        }
        Ok(())
    }

    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let live = live.ok_or_else(|| ProviderError::config("there is no session key"))?;
        live.signer.sign(request)
    }
}

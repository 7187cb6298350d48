//! Session keys of machines and of service accounts, and the tokens that certify them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::machine::Metadata;
use super::{OracleError, OracleKey, OracleRegion, OracleVariables};
use crate::call::{Clients, Fault, json};
use crate::{HttpClient, HttpOptions, http_client, secrets, uuid};

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(300);

/// Signs with a session key, which is renewed.
pub(super) struct Session {
    source: Source,
    live: Mutex<Option<Live>>,
    /// One renews it, the others wait.
    renewing: tokio::sync::Mutex<()>,
}

/// Where tokens are from.
enum Source {
    /// The login of the region, for the certificate of the machine.
    Machine { metadata: Metadata, clients: Clients, login: String },
    /// The proxy of the cluster, for the token of the service account in the file.
    Account { client: HttpClient, proxy: String, file: PathBuf },
}

/// A key that is good for a time.
#[derive(Clone)]
struct Live {
    key: Arc<OracleKey>,
    until: SystemTime,
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

impl Session {
    /// That of the machine, and its region.
    pub(super) async fn of_machine(
        variables: &OracleVariables,
        http: &HttpOptions,
    ) -> Result<(Self, OracleRegion), OracleError> {
        let clients = Clients::new(http)?;
        let (metadata, region) = Metadata::find(clients.direct().clone(), variables).await?;
        let own = format!("https://auth.{}.{}", region.name, region.domain);
        let login = variables.get("OCI_AUTH_API_URL").map_or(own, str::to_owned);
        Ok((Self::new(Source::Machine { metadata, clients, login }), region))
    }

    /// That of the service account.
    pub(super) fn of_account(
        variables: &OracleVariables,
        http: &HttpOptions,
    ) -> Result<Self, OracleError> {
        let folder = PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount");
        let host = variables.get("KUBERNETES_SERVICE_HOST").ok_or_else(|| {
            OracleError::setting(
                "KUBERNETES_SERVICE_HOST is not set; it holds the address of the cluster, for workload identity",
            )
        })?;
        let own = format!("https://{host}:12250");
        let proxy = variables.get("OCI_PROXY_API_URL").map_or(own, str::to_owned);
        let ca = variables.file("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH");
        let ca = Some(ca.unwrap_or_else(|| folder.join("ca.crt"))).filter(|it| it.exists());
        let timeout = Some(Duration::from_secs(30));
        let client = http_client(&HttpOptions { direct: true, ca, timeout, ..http.clone() })?;
        let file = variables.file("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH");
        let file = file.unwrap_or_else(|| folder.join("token"));
        Ok(Self::new(Source::Account { client, proxy, file }))
    }

    fn new(source: Source) -> Self {
        Self { source, live: Mutex::default(), renewing: tokio::sync::Mutex::default() }
    }

    fn live(&self) -> Option<Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_good(&self) -> bool {
        self.live().is_some_and(|live| SystemTime::now() < live.until)
    }

    /// The key, whether it is still good or not: the service says that.
    pub(super) fn key(&self) -> Result<Arc<OracleKey>, OracleError> {
        self.live()
            .map(|live| live.key)
            .ok_or_else(|| OracleError::setting("there is no session key"))
    }

    /// Makes a key with its token, unless there is one that is good.
    pub(super) async fn renew(&self) -> Result<(), OracleError> {
        let _one = self.renewing.lock().await;
        if !self.is_good() {
            let live = self.fetch().await?;
            *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(live);
        }
        Ok(())
    }

    async fn fetch(&self) -> Result<Live, OracleError> {
        let odd = |_| OracleError::setting("no session key can be made");
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(odd)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(odd)?;
        let token = self.source.token(&STANDARD.encode(public.as_ref())).await?;
        secrets::register(&token);
        let Times { iat, exp } = times(&token)?;
        // Half of its life for a service account, five minutes before its end for a machine.
        let seconds = match (&self.source, iat) {
            (Source::Account { .. }, Some(iat)) => iat + exp.saturating_sub(iat) / 2,
            _ => exp.saturating_sub(EARLY.as_secs()),
        };
        let until = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
        let key = Arc::new(OracleKey::of_pair(format!("ST${token}"), pair));
        Ok(Live { key, until })
    }
}

impl Source {
    /// A token for a public key (X.509, in base64).
    async fn token(&self, public: &str) -> Result<String, OracleError> {
        match self {
            Self::Machine { metadata, clients, login } => {
                of_machine(metadata, clients, login, public).await
            }
            Self::Account { client, proxy, file } => {
                let own = std::fs::read_to_string(file).map_err(|error| {
                    OracleError::Setting(format!(
                        "the token of the service account, {}, cannot be read: {error}",
                        file.display()
                    ))
                })?;
                of_account(client, proxy, own.trim(), public).await
            }
        }
    }
}

/// The certificate of the machine vouches for the key.
async fn of_machine(
    metadata: &Metadata,
    clients: &Clients,
    login: &str,
    public: &str,
) -> Result<String, OracleError> {
    let leaf = metadata.text("identity/cert.pem").await?;
    let key = metadata.text("identity/key.pem").await?;
    let between = metadata.text("identity/intermediate.pem").await?;
    let der = CertificateDer::from_pem_slice(leaf.as_bytes())
        .map_err(|_| OracleError::setting("the certificate of the machine is none"))?;
    let print: Vec<String> =
        digest(&SHA256, &der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let id = format!("{}/fed-x509-sha256/{}", tenancy(&der)?, print.join(":"));
    secrets::register(&key);
    let key = OracleKey::of_pem(id, &key, "")?.without_host();
    let body = json!({ "certificate": bare(&leaf), "publicKey": public,
        "intermediateCertificates": [bare(&between)], "fingerprintAlgorithm": "SHA256" });
    let refused = |fault: Fault| OracleError::Call {
        what: "a token for the machine",
        fault: fault.hint(
            "check that a dynamic group has the machine, and that a policy lets it manage dns",
        ),
    };
    let url = format!("{}/v1/x509", login.trim_end_matches('/'));
    let client = clients.for_url(&url).map_err(refused)?;
    let target: Url =
        url.parse().map_err(|_| OracleError::setting("OCI_AUTH_API_URL is no URL"))?;
    let (mut headers, body) = (HeaderMap::new(), body.to_string());
    let call = (&Method::POST, &target);
    key.sign(call, &mut headers, Some(body.as_bytes()), SystemTime::now())?;
    let request = client.post(target).headers(headers).body(body);
    let given: Given = json(request).await.map_err(refused)?;
    Ok(given.token)
}

/// The token of a service account vouches for the key.
async fn of_account(
    client: &HttpClient,
    proxy: &str,
    own: &str,
    public: &str,
) -> Result<String, OracleError> {
    secrets::register(own);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n");
    let url = format!("{}/resourcePrincipalSessionTokens", proxy.trim_end_matches('/'));
    let request = client.post(url).bearer_auth(own).header("content-type", "application/json");
    let request = request.header("opc-request-id", uuid().replace('-', ""));
    let text: String = json(request.body(json!({ "podKey": pem }).to_string())).await.map_err(
        |fault: Fault| OracleError::Call {
            what: "a token for the service account",
            fault: fault.hint("the cluster must be an enhanced one, and a policy must let its workload manage dns"),
        },
    )?;
    let inner = STANDARD.decode(text).ok();
    let given = inner.and_then(|inner| serde_json::from_slice::<Given>(&inner).ok());
    let given =
        given.ok_or_else(|| OracleError::setting("the proxy of the cluster gave no token"))?;
    Ok(given.token.strip_prefix("ST$").unwrap_or(&given.token).to_owned())
}

/// PEM without its first and last line, on one line.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// The tenancy that a certificate names. Its subject has it as a text of its own, in front of which stands the length
/// (X.690, 8.1.3.4); nothing else in a certificate of the service begins so.
fn tenancy(der: &[u8]) -> Result<String, OracleError> {
    let text = |start: &str| {
        let at = der.windows(start.len()).position(|part| part == start.as_bytes())?;
        let length = usize::from(*der.get(at.checked_sub(1)?)?);
        let text = std::str::from_utf8(der.get(at..at + length)?).ok()?;
        text.strip_prefix(start).map(ToOwned::to_owned)
    };
    ["opc-tenant:", "opc-identity:"].iter().find_map(|start| text(start)).ok_or_else(|| {
        OracleError::setting(
            "the certificate of the machine names no tenancy; is it one of Oracle Cloud?",
        )
    })
}

fn times(token: &str) -> Result<Times, OracleError> {
    let payload = token.split('.').nth(1).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let times = payload.and_then(|text| serde_json::from_slice(&text).ok());
    times.ok_or_else(|| OracleError::setting("the token of the session is no JSON web token"))
}

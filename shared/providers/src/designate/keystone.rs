//! Keystone: the identity service of OpenStack (<https://docs.openstack.org/api-ref/identity/v3/>, `auth/tokens`).

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::rest::{Answer, Auth, Rest, Service, Token, TokenSource};
use crate::{Capabilities, Context, Environment, ErrorKind, ProviderError, Transport};

const SERVICE: Service = Service {
    texts: &["/error/message"],
    rights: "check OS_USERNAME, OS_PASSWORD, the project and the domains, or the application credential",
    ..Service::new("Keystone", "http://localhost:5000/v3")
};

/// A user or an application of a project.
pub(super) struct Keystone {
    rest: Rest,
    version: Version,
    body: Value,
    secret: String,
    region: Option<String>,
    /// What a login has given, until it is used.
    fresh: Mutex<Option<Login>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Two,
    Three,
}

/// A token, and where the API of DNS is.
struct Login {
    token: String,
    endpoint: String,
}

impl Keystone {
    /// The account of the environment.
    ///
    /// # Errors
    /// When a variable is missing.
    pub(super) fn new(context: &Context) -> Result<Self, ProviderError> {
        let variables = &context.environment;
        let url = variables.required("OS_AUTH_URL", "the URL of Keystone")?;
        let url = url.trim_end_matches('/');
        let (base, version) = match url.rsplit_once('/') {
            Some((_, "v2.0")) => (url.to_owned(), Version::Two),
            Some((_, "v3")) => (url.to_owned(), Version::Three),
            _ => (format!("{url}/v3"), Version::Three),
        };
        tracing::info!("Using OpenStack Keystone at {base}/");
        let rest = context.rest(&SERVICE, Some(&base), Auth::none())?;
        let (body, secret) = match version {
            Version::Two => version_two(variables)?,
            Version::Three => version_three(variables)?,
        };
        extdns_auth::secrets::register(&secret);
        let region = variables.get("OS_REGION_NAME").map(str::to_owned);
        Ok(Self { rest, version, body, secret, region, fresh: Mutex::default() })
    }

    /// The way to Keystone and to the API behind it.
    pub(super) fn transport(&self, can: &Capabilities) -> Transport {
        let transport = self.rest.transport(can);
        transport.of_account(&format!("{}\n{}", self.body, self.secret))
    }

    /// Where the API of DNS is.
    ///
    /// # Errors
    /// When there is no login, or the catalogue has no such service.
    pub(super) async fn endpoint(&self, via: &Transport) -> Result<String, ProviderError> {
        let login = self.log_in(via).await?;
        let endpoint = login.endpoint.clone();
        *self.fresh.lock().await = Some(login);
        Ok(endpoint)
    }

    async fn log_in(&self, via: &Transport) -> Result<Login, ProviderError> {
        let path: &[&str] = match self.version {
            Version::Two => &["tokens"],
            Version::Three => &["auth", "tokens"],
        };
        let request = self.rest.post(path).json(&self.body)?;
        let answer = self.rest.send(via, "get token", &request).await?;
        let (token, endpoint) = match self.version {
            Version::Two => self.of_two(&answer)?,
            Version::Three => self.of_three(&answer)?,
        };
        extdns_auth::secrets::register(&token);
        let Some(endpoint) = endpoint else {
            let region = self.region.as_deref().map_or_else(String::new, |it| format!(" in {it}"));
            return Err(ProviderError::config(format!(
                "the catalogue of Keystone has no public endpoint of the type dns{region}; check OS_REGION_NAME, and \
                 that the cloud has Designate"
            )));
        };
        let endpoint = endpoint.trim_end_matches('/');
        let endpoint = endpoint.strip_suffix("/v2").unwrap_or(endpoint);
        Ok(Login { token, endpoint: format!("{endpoint}/v2") })
    }

    fn of_three(&self, answer: &Answer) -> Result<(String, Option<String>), ProviderError> {
        let token = answer.header("x-subject-token").map(str::to_owned).ok_or_else(|| {
            let message = "Keystone: the answer has no header X-Subject-Token".to_owned();
            ProviderError::new(ErrorKind::Transient, message)
        })?;
        let catalog: Vec<Entry> = answer.member("/token/catalog")?;
        let endpoints = catalog.into_iter().filter(|entry| entry.kind == "dns");
        let mut endpoints = endpoints.flat_map(|entry| entry.endpoints);
        let found = endpoints.find(|it| it.interface == "public" && self.is_in(&it.region));
        Ok((token, found.map(|it| it.url)))
    }

    fn of_two(&self, answer: &Answer) -> Result<(String, Option<String>), ProviderError> {
        let token: String = answer.member("/access/token/id")?;
        let catalog: Vec<EntryOfTwo> = answer.member("/access/serviceCatalog")?;
        let endpoints = catalog.into_iter().filter(|entry| entry.kind == "dns");
        let mut endpoints = endpoints.flat_map(|entry| entry.endpoints);
        let found = endpoints.find(|it| self.is_in(&it.region));
        Ok((token, found.map(|it| it.public_url)))
    }

    fn is_in(&self, region: &str) -> bool {
        self.region.as_deref().is_none_or(|own| own == region)
    }
}

#[async_trait]
impl TokenSource for Arc<Keystone> {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let fresh = self.fresh.lock().await.take();
        let login = match fresh {
            Some(login) => login,
            None => self.log_in(via).await?,
        };
        Ok(Token::new(login.token, None))
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.secret.clone()]
    }
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    interface: String,
    #[serde(default)]
    region: String,
    url: String,
}

#[derive(Deserialize)]
struct EntryOfTwo {
    #[serde(rename = "type")]
    kind: String,
    endpoints: Vec<EndpointOfTwo>,
}

#[derive(Deserialize)]
struct EndpointOfTwo {
    #[serde(default)]
    region: String,
    #[serde(rename = "publicURL")]
    public_url: String,
}

/// What names something: by its id or by its name.
fn named(id: Option<&str>, name: Option<&str>) -> Option<Value> {
    id.map(|id| json!({ "id": id })).or_else(|| name.map(|name| json!({ "name": name })))
}

fn password(variables: &Environment) -> Result<&str, ProviderError> {
    variables.first(["OS_PASSWORD", "OS_PASSCODE"]).ok_or_else(|| {
        ProviderError::config("OS_PASSWORD is not set; it holds the password of OS_USERNAME")
    })
}

fn user(variables: &Environment) -> Result<Value, ProviderError> {
    let domain = named(
        variables.first(["OS_DOMAIN_ID", "OS_USER_DOMAIN_ID"]),
        variables.first(["OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME"]),
    );
    let (id, name) = (variables.first(["OS_USERID", "OS_USER_ID"]), variables.get("OS_USERNAME"));
    let mut user = named(id, name).ok_or_else(|| {
        ProviderError::config(
            "OS_USERNAME is not set; it holds the name of the user (or OS_USERID its id)",
        )
    })?;
    if let Some(domain) = domain.filter(|_| id.is_none()) {
        user["domain"] = domain;
    }
    Ok(user)
}

/// What is asked of version 3, and the secret in it.
fn version_three(variables: &Environment) -> Result<(Value, String), ProviderError> {
    if let Some(secret) = variables.get("OS_APPLICATION_CREDENTIAL_SECRET") {
        let (id, name) = (
            variables.get("OS_APPLICATION_CREDENTIAL_ID"),
            variables.get("OS_APPLICATION_CREDENTIAL_NAME"),
        );
        let mut credential = named(id, name).ok_or_else(|| {
            ProviderError::config(
                "OS_APPLICATION_CREDENTIAL_ID is not set; it holds the id of the application credential",
            )
        })?;
        if id.is_none() {
            credential["user"] = user(variables)?;
        }
        credential["secret"] = secret.into();
        let identity =
            json!({ "methods": ["application_credential"], "application_credential": credential });
        // It is of one project already.
        return Ok((json!({ "auth": { "identity": identity } }), secret.to_owned()));
    }
    let (mut user, secret) = (user(variables)?, password(variables)?);
    user["password"] = secret.into();
    let identity = json!({ "methods": ["password"], "password": { "user": user } });
    let mut auth = json!({ "identity": identity });
    let (id, name) = (
        variables.first(["OS_TENANT_ID", "OS_PROJECT_ID"]),
        variables.first(["OS_TENANT_NAME", "OS_PROJECT_NAME"]),
    );
    let domain = named(
        variables.first(["OS_PROJECT_DOMAIN_ID", "OS_DOMAIN_ID", "OS_USER_DOMAIN_ID"]),
        variables.first(["OS_PROJECT_DOMAIN_NAME", "OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME"]),
    );
    if variables.get("OS_SYSTEM_SCOPE") == Some("all") {
        auth["scope"] = json!({ "system": { "all": true } });
    } else if let Some(mut project) = named(id, name) {
        if let Some(domain) = domain.filter(|_| id.is_none()) {
            project["domain"] = domain;
        }
        auth["scope"] = json!({ "project": project });
    } else if let Some(domain) = domain {
        auth["scope"] = json!({ "domain": domain });
    }
    Ok((json!({ "auth": auth }), secret.to_owned()))
}

/// What is asked of version 2.0, and the secret in it.
fn version_two(variables: &Environment) -> Result<(Value, String), ProviderError> {
    let user = variables.required("OS_USERNAME", "the name of the user")?;
    let secret = password(variables)?;
    let mut auth = json!({ "passwordCredentials": { "username": user, "password": secret } });
    if let Some(id) = variables.first(["OS_TENANT_ID", "OS_PROJECT_ID"]) {
        auth["tenantId"] = id.into();
    } else if let Some(name) = variables.first(["OS_TENANT_NAME", "OS_PROJECT_NAME"]) {
        auth["tenantName"] = name.into();
    }
    Ok((json!({ "auth": auth }), secret.to_owned()))
}

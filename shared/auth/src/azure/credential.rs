//! Which credential is used: the first that the settings have in full.

use std::fmt;
use std::path::PathBuf;

use super::AzureError;
use super::assertion::Certificate;
use super::config::Settings;
use crate::{Tried, secrets};

/// Where the metadata server of a virtual machine is.
const METADATA: &str = "http://169.254.169.254";

/// What tokens are exchanged for.
pub(super) enum Credential {
    /// A secret of an application.
    Secret { client: Client, secret: String },
    /// A certificate of an application.
    Certificate { client: Client, certificate: Certificate },
    /// A token of a Kubernetes service account, in a file that is kept up to date.
    Workload { client: Client, file: PathBuf },
    /// The managed identity of the machine, from its metadata server; `id` is the client id of one that a
    /// user assigned.
    Machine { host: String, id: Option<String> },
    /// The managed identity of an App Service, a Function or a Container App.
    App { endpoint: String, header: String, id: Option<String> },
}

/// An application in a tenant.
pub(super) struct Client {
    pub(super) tenant: String,
    pub(super) id: String,
    /// What names the credential: fields of the file, or a variable.
    place: String,
}

/// Where credentials are looked for, in this order: fields of the file, and what would be right there.
const IN_FILE: [(&str, &str); 4] = [
    ("aadClientId and aadClientSecret", "set them to the id and a secret of an application"),
    (
        "aadClientCertPath",
        "set it to a PEM file with the certificate of an application and its key",
    ),
    ("useWorkloadIdentityExtension", "set it to true in a pod with workload identity"),
    ("useManagedIdentityExtension", "set it to true on a machine of Azure with a managed identity"),
];
/// Then variables that go with `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`.
const OF_CLIENT: [(&str, &str); 3] = [
    ("AZURE_CLIENT_SECRET", "set it to a secret of the application"),
    (
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "set it to a PEM file with the certificate of the application and its key",
    ),
    (
        "AZURE_FEDERATED_TOKEN_FILE",
        "label the pod azure.workload.identity/use=true, and annotate its service account with the client id",
    ),
];

impl Credential {
    /// The first that the settings have; upstream's order for what stands in the file.
    pub(super) fn choose(settings: &Settings, assigned: Option<&str>) -> Result<Self, AzureError> {
        let id = settings.field("aadClientId");
        let secret = settings.field("aadClientSecret");
        let is_real = |text: &&str| !text.eq_ignore_ascii_case("msi");
        if let (Some(_), Some(secret)) = (id.filter(is_real), secret.filter(is_real)) {
            return Self::of_secret(settings, secret, "aadClientSecret");
        }
        if let Some(path) = settings.field("aadClientCertPath") {
            return Self::of_certificate(settings, path, "aadClientCertPath");
        }
        if settings.switch("useWorkloadIdentityExtension") {
            let file = settings.variable("AZURE_FEDERATED_TOKEN_FILE").ok_or_else(|| {
                AzureError::Setting(
                    "useWorkloadIdentityExtension needs AZURE_FEDERATED_TOKEN_FILE; label the pod \
                     azure.workload.identity/use=true, so that the webhook of workload identity sets it"
                        .to_owned(),
                )
            })?;
            return Self::of_workload(settings, file, "useWorkloadIdentityExtension");
        }
        if settings.switch("useManagedIdentityExtension") {
            return Self::managed(settings, assigned);
        }
        Self::of_variables(settings, assigned)
    }

    /// Without one in the file: what Azure's own libraries find in the environment.
    fn of_variables(settings: &Settings, assigned: Option<&str>) -> Result<Self, AzureError> {
        let has_client = settings.get("aadClientId", "AZURE_CLIENT_ID").is_some();
        let variable = |name: &str| settings.variable(name).filter(|_| has_client);
        if let Some(secret) = variable("AZURE_CLIENT_SECRET") {
            return Self::of_secret(settings, secret, "AZURE_CLIENT_SECRET");
        }
        if let Some(path) = variable("AZURE_CLIENT_CERTIFICATE_PATH") {
            return Self::of_certificate(settings, path, "AZURE_CLIENT_CERTIFICATE_PATH");
        }
        if let Some(file) = variable("AZURE_FEDERATED_TOKEN_FILE") {
            return Self::of_workload(settings, file, "AZURE_FEDERATED_TOKEN_FILE");
        }
        if settings.variable("IDENTITY_ENDPOINT").is_some() || assigned.is_some() {
            return Self::managed(settings, assigned);
        }
        Err(AzureError::Missing(Self::tried(settings)))
    }

    /// Every place, where there is nothing in any.
    fn tried(settings: &Settings) -> Tried {
        let file = settings.file();
        let in_file = |tried: Tried, (fields, remedy)| {
            tried.place(format!("{fields} in {file}"), settings.lack(), remedy)
        };
        let of_client = |tried: Tried, (name, remedy)| {
            let found = settings.variable(name).map_or("not set", |_| "AZURE_CLIENT_ID is not set");
            let place = format!("the environment (AZURE_TENANT_ID, AZURE_CLIENT_ID and {name})");
            tried.place(place, found, remedy)
        };
        let tried = IN_FILE.into_iter().fold(Tried::default(), in_file);
        OF_CLIENT
            .into_iter()
            .fold(tried, of_client)
            .place(
                "the environment (IDENTITY_ENDPOINT)",
                "not set",
                "give the App Service, Function or Container App a managed identity",
            )
            .place(
                format!("userAssignedIdentityID in {file}"),
                settings.lack(),
                "set it, or --azure-user-assigned-identity-client-id of the provider, to the client id of a \
                 managed identity that this machine has",
            )
    }

    fn of_secret(settings: &Settings, secret: &str, what: &str) -> Result<Self, AzureError> {
        secrets::register(secret);
        tracing::info!("Using client_id+client_secret to retrieve access token for Azure API.");
        Ok(Self::Secret { client: Client::of(settings, what)?, secret: secret.to_owned() })
    }

    fn of_certificate(settings: &Settings, path: &str, what: &str) -> Result<Self, AzureError> {
        let client = Client::of(settings, what)?;
        let chain = settings.variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
        let with_chain = chain.is_some_and(|it| it == "1" || it.eq_ignore_ascii_case("true"));
        let certificate = Certificate::read(path.as_ref(), with_chain).map_err(|problem| {
            AzureError::Setting(format!("the file of {what}, {path}, cannot be used: {problem}"))
        })?;
        tracing::info!("Using a client certificate to retrieve access token for Azure API.");
        Ok(Self::Certificate { client, certificate })
    }

    fn of_workload(settings: &Settings, file: &str, what: &str) -> Result<Self, AzureError> {
        tracing::info!("Using workload identity extension to retrieve access token for Azure API.");
        Ok(Self::Workload { client: Client::of(settings, what)?, file: file.into() })
    }

    fn managed(settings: &Settings, assigned: Option<&str>) -> Result<Self, AzureError> {
        tracing::info!("Using managed identity extension to retrieve access token for Azure API.");
        let id = assigned.map(str::to_owned);
        if let (Some(endpoint), Some(header)) =
            (settings.variable("IDENTITY_ENDPOINT"), settings.variable("IDENTITY_HEADER"))
        {
            secrets::register(header);
            return Ok(Self::App { endpoint: endpoint.to_owned(), header: header.to_owned(), id });
        }
        let host = settings.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or(METADATA);
        Ok(Self::Machine { host: host.trim_end_matches('/').to_owned(), id })
    }
}

impl Client {
    fn of(settings: &Settings, what: &str) -> Result<Self, AzureError> {
        let get = |field: &str, variable: &str| {
            settings.get(field, variable).map(str::to_owned).ok_or_else(|| {
                AzureError::Setting(format!(
                    "{what} needs {field} in {}, or the variable {variable}",
                    settings.file()
                ))
            })
        };
        Ok(Self {
            tenant: get("tenantId", "AZURE_TENANT_ID")?,
            id: get("aadClientId", "AZURE_CLIENT_ID")?,
            place: match what.starts_with("AZURE_") {
                true => what.to_owned(),
                false => format!("{what} in {}", settings.file()),
            },
        })
    }
}

/// As messages name it.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let assigned = |id: &Option<String>| match id {
            Some(id) => format!("with the client id {id}"),
            None => "that the system assigned".to_owned(),
        };
        match self {
            Self::Secret { client: Client { id, place, .. }, .. } => {
                write!(f, "the secret of application {id} ({place})")
            }
            Self::Certificate { client: Client { id, place, .. }, .. } => {
                write!(f, "the certificate of application {id} ({place})")
            }
            Self::Workload { client, file } => {
                write!(f, "workload identity {} with {}", client.id, file.display())
            }
            Self::Machine { id, .. } => {
                write!(f, "the managed identity {}", assigned(id))
            }
            Self::App { id, .. } => write!(f, "the app's managed identity {}", assigned(id)),
        }
    }
}

//! The clouds of Azure: where their identities and their APIs are.

use super::AzureError;
use super::config::Settings;
use crate::call::is_this_machine;

/// Where a cloud has its identities and its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureCloud {
    /// The URL of Microsoft Entra, which gives tokens; without a final `/`.
    pub authority: String,
    /// The URL of Azure Resource Manager, without a final `/`.
    pub endpoint: String,
    /// What tokens for Azure Resource Manager are asked for.
    pub audience: String,
}

/// The names of a cloud, in lower case, and its URLs.
struct Known {
    names: &'static [&'static str],
    authority: &'static str,
    endpoint: &'static str,
    audience: &'static str,
}

const CLOUDS: [Known; 3] = [
    Known {
        names: &["", "azurecloud", "azurepubliccloud", "public"],
        authority: "https://login.microsoftonline.com",
        endpoint: "https://management.azure.com",
        audience: "https://management.core.windows.net/",
    },
    Known {
        names: &["azureusgovernment", "azureusgovernmentcloud", "usgovernment"],
        authority: "https://login.microsoftonline.us",
        endpoint: "https://management.usgovcloudapi.net",
        audience: "https://management.core.usgovcloudapi.net",
    },
    Known {
        names: &["azurechinacloud", "china"],
        authority: "https://login.chinacloudapi.cn",
        endpoint: "https://management.chinacloudapi.cn",
        audience: "https://management.core.chinacloudapi.cn",
    },
];

/// The cloud whose URLs stand in the file.
const STACK: &str = "azurestackcloud";

impl AzureCloud {
    /// The cloud that the settings name: by its name, else by the authority that a pod of AKS is told.
    pub(super) fn of(settings: &Settings) -> Result<Self, AzureError> {
        let name = settings.get("cloud", "AZURE_ENVIRONMENT").unwrap_or_default();
        if name.eq_ignore_ascii_case(STACK) {
            return Self::stack(settings);
        }
        let authority = settings.variable("AZURE_AUTHORITY_HOST").map(without_slash);
        let known = match (name, authority) {
            ("", Some(authority)) => CLOUDS.iter().find(|own| own.authority == authority),
            (name, _) => {
                let name = name.to_ascii_lowercase();
                CLOUDS.iter().find(|own| own.names.contains(&name.as_str()))
            }
        };
        let known = known.ok_or_else(|| {
            AzureError::Setting(if name.is_empty() {
                "AZURE_AUTHORITY_HOST is the authority of no known cloud; unset it, or write an azure.json \
                 with the cloud AzureStackCloud and its three URLs"
                    .to_owned()
            } else {
                format!(
                    "unknown cloud name: {}; use AzurePublicCloud, AzureUSGovernment, AzureChinaCloud or \
                     AzureStackCloud",
                    name.to_uppercase()
                )
            })
        })?;
        Ok(Self {
            authority: known.authority.to_owned(),
            endpoint: known.endpoint.to_owned(),
            audience: known.audience.to_owned(),
        })
    }

    fn stack(settings: &Settings) -> Result<Self, AzureError> {
        let field = |name: &str| {
            settings.field(name).map(str::to_owned).ok_or_else(|| {
                AzureError::Setting(format!(
                    "the cloud AzureStackCloud needs {name} in {}",
                    settings.file()
                ))
            })
        };
        let url = |name: &str| {
            let url = without_slash(&field(name)?).to_owned();
            // Secrets and tokens are sent to it.
            let is_here = || reqwest::Url::parse(&url).is_ok_and(|url| is_this_machine(&url));
            if url.starts_with("https://") || is_here() {
                return Ok(url);
            }
            Err(AzureError::Setting(format!("{name} in {} must be an https URL", settings.file())))
        };
        Ok(Self {
            authority: url("activeDirectoryAuthorityHost")?,
            endpoint: url("resourceManagerEndpoint")?,
            audience: field("resourceManagerAudience")?,
        })
    }
}

fn without_slash(url: &str) -> &str {
    url.trim_end_matches('/')
}

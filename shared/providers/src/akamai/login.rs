//! Where the credentials are: in flags, in variables, or in an `.edgerc` file.
//!
//! <https://techdocs.akamai.com/developer/docs/edgerc>

use std::path::PathBuf;

use ini::{Ini, ParseOption};

use super::AkamaiArgs;
use super::sign::EdgeGrid;
use crate::{Environment, ProviderError};

/// Most bytes of a body that are hashed, unless the credentials say otherwise.
const MOST: usize = 131_072;

/// What a run needs of it.
pub(super) struct Login {
    pub(super) host: String,
    /// The account that the calls are for, where it is not that of the credentials.
    pub(super) account: Option<String>,
    pub(super) key: EdgeGrid,
}

impl Login {
    /// The credentials: those of the flags if all four are given, else those of variables, else those of the file.
    ///
    /// # Errors
    /// When there are none, or the file cannot be read.
    pub(super) fn find(args: &AkamaiArgs, variables: &Environment) -> Result<Self, ProviderError> {
        let section = match args.akamai_edgerc_section.as_str() {
            "" => "DEFAULT",
            named => named,
        };
        let flags = |name: &str| {
            let value = match name {
                "host" => &args.akamai_serviceconsumerdomain,
                "client_token" => &args.akamai_client_token,
                "client_secret" => &args.akamai_client_secret,
                "access_token" => &args.akamai_access_token,
                other => {
                    return variables
                        .get(&format!("AKAMAI_{}", other.to_uppercase()))
                        .map(ToOwned::to_owned);
                }
            };
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let variable = |prefix: &str| {
            let prefix = prefix.to_uppercase();
            move |name: &str| {
                variables.get(&format!("{prefix}_{}", name.to_uppercase())).map(ToOwned::to_owned)
            }
        };
        let plain = || Self::of(variable("AKAMAI"));
        let own = Self::of(flags).or_else(|| Self::of(variable(&format!("AKAMAI_{section}"))));
        if let Some(login) =
            own.or_else(|| plain().filter(|_| section.eq_ignore_ascii_case("DEFAULT")))
        {
            return Ok(login);
        }
        let path = edgerc(&args.akamai_edgerc_path, variables);
        let file = path.filter(|path| path.is_file()).map(|path| {
            let raw = ParseOption { enabled_escape: false, ..ParseOption::default() };
            Ini::load_from_file_opt(&path, raw).map_err(|problem| {
                ProviderError::config(format!(
                    "the file {} cannot be read: {problem}",
                    path.display()
                ))
            })
        });
        let file = file.transpose()?;
        let of_file = file.and_then(|file| {
            let found = file
                .section(Some(section))
                .or_else(|| file.section(Some(section.to_lowercase())))?;
            Self::of(|name: &str| found.get(name).map(ToOwned::to_owned))
        });
        of_file.or_else(plain).ok_or_else(|| {
            ProviderError::config(format!(
                "no credentials of Akamai are set; give --akamai-serviceconsumerdomain, --akamai-client-token, \
                 --akamai-client-secret and --akamai-access-token together, or AKAMAI_HOST, AKAMAI_CLIENT_TOKEN, \
                 AKAMAI_CLIENT_SECRET and AKAMAI_ACCESS_TOKEN, or the section {section} of an .edgerc file"
            ))
        })
    }

    /// Those of one place, if all are there.
    fn of(value: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let key = EdgeGrid {
            client_token: value("client_token")?,
            client_secret: value("client_secret")?,
            access_token: value("access_token")?,
            most_of_body: value("max_body").and_then(|text| text.parse().ok()).unwrap_or(MOST),
        };
        let host = value("host")?;
        let host = host.trim_start_matches("https://").trim_end_matches('/').to_owned();
        Some(Self { host, account: value("account_key"), key })
    }
}

fn edgerc(given: &str, variables: &Environment) -> Option<PathBuf> {
    let home = || variables.get("HOME").map(PathBuf::from);
    match given.strip_prefix("~/") {
        _ if given.is_empty() => Some(home()?.join(".edgerc")),
        Some(below) => Some(home()?.join(below)),
        None => Some(PathBuf::from(given)),
    }
}

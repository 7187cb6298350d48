//! Where the credentials are: in flags, in variables, or in an `.edgerc` file.
//!
//! <https://techdocs.akamai.com/developer/docs/edgerc>

use super::AkamaiArgs;
use super::sign::EdgeGrid;
use crate::rest::credentials::ini;
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
        let plain = variables.under("AKAMAI");
        let flags = [
            ("host", args.akamai_serviceconsumerdomain.as_str()),
            ("client_token", args.akamai_client_token.text()),
            ("client_secret", args.akamai_client_secret.text()),
            ("access_token", args.akamai_access_token.text()),
        ];
        let of_flags = |name: &str| match flags.iter().find(|(own, _)| *own == name) {
            Some((_, value)) => Some(value.trim().to_owned()).filter(|value| !value.is_empty()),
            None => plain(name),
        };
        let is_default = section.eq_ignore_ascii_case("DEFAULT");
        let found = Self::of(of_flags)
            .or_else(|| Self::of(variables.under(&format!("AKAMAI_{section}"))))
            .or_else(|| Self::of(&plain).filter(|_| is_default));
        if let Some(login) = found {
            return Ok(login);
        }
        let path = match args.akamai_edgerc_path.as_str() {
            "" => variables.path("~/.edgerc"),
            given => variables.path(given),
        };
        let file = path.map(|path| ini(&path)).transpose()?.flatten();
        let of_file = file.as_ref().and_then(|file| {
            let found = file.section(Some(section));
            let found = found.or_else(|| file.section(Some(section.to_lowercase())))?;
            Self::of(|name: &str| found.get(name).map(ToOwned::to_owned))
        });
        of_file.or_else(|| Self::of(&plain)).ok_or_else(|| {
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

//! The flags of `ibmcloud`, and the file that they name.

use clap::ArgAction;
use serde::Deserialize;

use super::SERVICE;
use crate::rest::credentials::{config_file, given};
use crate::rest::{Advice, Auth, Grant, Meaning, Rest, Service};
use crate::{Context, ErrorKind, ProviderError};

/// Flags of the `ibmcloud` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider ibmcloud")]
pub struct IbmcloudArgs {
    /// The file with the key and the instance
    #[arg(long, value_name = "FILE", default_value = "/etc/kubernetes/ibmcloud.json")]
    pub ibmcloud_config_file: String,

    /// Whether requests go through the proxy of a public zone where no annotation says it
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub ibmcloud_proxied: bool,
}

/// The file, in YAML or JSON.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct File {
    api_key: String,
    instance_crn: String,
    endpoint: Option<String>,
    iam_url: Option<String>,
}

/// Which service an instance is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Internet Services (CIS), by the CRN of the instance.
    Public(String),
    /// DNS Services, by the id of the instance.
    Private(String),
}

/// What gives tokens. It answers 400 to a key that it does not know.
const IAM: Service = Service {
    texts: &["/errorCode", "/errorMessage"],
    meanings: &[Meaning { status: 400, text: "", kind: ErrorKind::Unauthorised }],
    rights: "check apiKey in the file of --ibmcloud-config-file",
    advice: Advice::NONE,
    ..Service::new("IBM Cloud IAM", "https://iam.cloud.ibm.com")
};
const TOKEN: &[&str] = &["identity", "token"];

impl IbmcloudArgs {
    /// The client of the instance, and which service it is of.
    ///
    /// # Errors
    /// When the file cannot be read, or says not enough.
    pub(super) fn find(&self, context: &Context) -> Result<(Rest, Place), ProviderError> {
        let file: File = config_file("--ibmcloud-config-file", &self.ibmcloud_config_file)?;
        let [key, crn] =
            given("IBM Cloud", [("apiKey", &*file.api_key), ("instanceCrn", &*file.instance_crn)])?;
        let place = place(&crn)?;
        let iam = file.iam_url.as_deref().filter(|it| !it.is_empty()).unwrap_or(IAM.base);
        let iam = iam.trim_end_matches('/').trim_end_matches("/identity/token");
        let rest = Rest::new(&IAM, Some(iam), Auth::none(), &context.http)?;
        let form = [
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", &*key),
            ("response_type", "cloud_iam"),
        ];
        let form = form.map(|(name, value)| (name, value.to_owned())).into();
        let auth = Auth::tokens(Grant { rest, path: TOKEN, form, secret: key });
        let usual = match place {
            Place::Public(_) => SERVICE.base,
            Place::Private(_) => "https://api.dns-svcs.cloud.ibm.com/v1",
        };
        let base = file.endpoint.filter(|it| !it.is_empty()).unwrap_or_else(|| usual.to_owned());
        Ok((context.rest(&SERVICE, Some(&base), auth)?, place))
    }
}

/// Which service this instance is of.
pub(super) fn place(crn: &str) -> Result<Place, ProviderError> {
    let malformed = |what: &str| {
        ProviderError::config(format!(
            "instanceCrn {crn:?} {what}; copy the CRN of an instance of Internet Services or DNS Services"
        ))
    };
    let parts = parts_of(crn).ok_or_else(|| malformed("is no CRN"))?;
    let [_, _, _, _, service, _, scope, instance, ..] = parts;
    if !scope.is_empty() && scope != "global" && scope.split('/').count() != 2 {
        return Err(malformed("has a malformed scope"));
    }
    if service.contains("internet-svcs") {
        Ok(Place::Public(crn.to_owned()))
    } else if service.contains("dns-svcs") {
        Ok(Place::Private(instance.to_owned()))
    } else {
        Err(malformed("is of another service"))
    }
}

/// Whether this is the CRN of a VPC.
pub(super) fn is_vpc(crn: &str) -> bool {
    parts_of(crn).is_some_and(|parts| parts[8] == "vpc")
}

fn parts_of(crn: &str) -> Option<[&str; 10]> {
    let parts: [&str; 10] = crn.split(':').collect::<Vec<_>>().try_into().ok()?;
    Some(parts).filter(|parts| parts[0] == "crn")
}

//! The flags of `ibmcloud`, and the file that they name.

use clap::ArgAction;
use serde::Deserialize;

use super::{Api, PRIVATE, PUBLIC, SERVICE};
use crate::rest::credentials::{config_file, given};
use crate::rest::{Advice, Grant, Meaning, Rest, Service};
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

/// An instance, and the service that it is of.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) api: &'static Api,
    /// The whole CRN for Internet Services (CIS), its last part for DNS Services.
    pub(super) id: String,
}

/// What gives tokens. It answers 400 to a key that it does not know.
const IAM: Service = Service {
    texts: &["/errorCode", "/errorMessage"],
    meanings: &[Meaning { status: 400, text: "", kind: ErrorKind::Unauthorised }],
    rights: "check apiKey in the file of --ibmcloud-config-file",
    advice: Advice::NONE,
    ..Service::new("IBM Cloud IAM", "https://iam.cloud.ibm.com")
};

impl IbmcloudArgs {
    /// The client of the instance, and what it is.
    ///
    /// # Errors
    /// When the file cannot be read, or says not enough.
    pub(super) fn find(&self, context: &Context) -> Result<(Rest, Instance), ProviderError> {
        let file: File = config_file("--ibmcloud-config-file", &self.ibmcloud_config_file)?;
        let [key, crn] =
            given("IBM Cloud", [("apiKey", &*file.api_key), ("instanceCrn", &*file.instance_crn)])?;
        let instance = instance(&crn)?;
        let iam = file.iam_url.as_deref().filter(|it| !it.is_empty()).unwrap_or(IAM.base);
        let iam = iam.trim_end_matches('/').trim_end_matches("/identity/token");
        let form = [
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("response_type", "cloud_iam"),
            ("apikey", &*key),
        ];
        let auth = Grant::tokens(&IAM, (iam, &["identity", "token"]), form, &context.http)?;
        let base = file.endpoint.as_deref().filter(|it| !it.is_empty());
        Ok((context.rest(&SERVICE, base.or(Some(instance.api.base)), auth)?, instance))
    }
}

/// The instance of this CRN.
pub(super) fn instance(crn: &str) -> Result<Instance, ProviderError> {
    let malformed = |what: &str| {
        ProviderError::config(format!(
            "instanceCrn {crn:?} {what}; copy the CRN of an instance of Internet Services or DNS Services"
        ))
    };
    let parts = parts_of(crn).ok_or_else(|| malformed("is no CRN"))?;
    let [_, _, _, _, service, _, scope, id, ..] = parts;
    match service {
        _ if !scope.is_empty() && scope != "global" && scope.split('/').count() != 2 => {
            Err(malformed("has a malformed scope"))
        }
        _ if service.contains("internet-svcs") => Ok(Instance { api: &PUBLIC, id: crn.to_owned() }),
        _ if service.contains("dns-svcs") => Ok(Instance { api: &PRIVATE, id: id.to_owned() }),
        _ => Err(malformed("is of another service")),
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

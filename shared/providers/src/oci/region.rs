//! The hosts of regions.

use serde::Deserialize;

use crate::Environment;

/// Regions by their short codes.
const CODES: [(&str, &str); 4] = [
    ("phx", "us-phoenix-1"),
    ("iad", "us-ashburn-1"),
    ("fra", "eu-frankfurt-1"),
    ("lhr", "uk-london-1"),
];

/// Regions of other realms than the commercial one, and the domains of these.
const REALMS: [(&str, &[&str]); 2] = [
    (
        "oraclegovcloud.com",
        &["us-langley-1", "us-luke-1", "us-gov-ashburn-1", "us-gov-chicago-1", "us-gov-phoenix-1"],
    ),
    ("oraclegovcloud.uk", &["uk-gov-london-1", "uk-gov-cardiff-1"]),
];

/// What stands behind the name of a service in its host name: `us-ashburn-1.oraclecloud.com`.
pub(super) fn host(region: &str, variables: &Environment) -> String {
    let (region, domain) = parts(region, variables);
    format!("{region}.{domain}")
}

/// The URL of the API of a region.
pub(super) fn api(region: &str, variables: &Environment) -> String {
    let (region, domain) = parts(region, variables);
    format!("https://dns.{region}.oci.{domain}/20180115")
}

/// A region that is not in these tables, as `OCI_REGION_METADATA` has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Own {
    realm_domain_component: String,
    region_key: String,
    region_identifier: String,
}

fn parts(region: &str, variables: &Environment) -> (String, String) {
    let region = region.trim().to_lowercase();
    let own = variables.get("OCI_REGION_METADATA");
    let own = own.and_then(|text| serde_json::from_str::<Own>(text).ok());
    let is_own = |it: &Own| {
        [&it.region_key, &it.region_identifier].iter().any(|own| own.to_lowercase() == region)
    };
    if let Some(own) = own.filter(is_own) {
        return (own.region_identifier, own.realm_domain_component);
    }
    let found = CODES.iter().find(|(code, _)| *code == region);
    let name = found.map_or(region.as_str(), |(_, name)| name);
    let realm = REALMS.iter().find(|(_, regions)| regions.contains(&name));
    (name.to_owned(), realm.map_or("oraclecloud.com", |(domain, _)| domain).to_owned())
}

//! What stands beside records: custom hostnames, which lead customers' names to a record, and the regions of names.

use extdns_model::RecordType;
use serde_json::{Map, Value, json};

use super::keys::{self, PROXIABLE};
use super::{CloudflareArgs, LISTING};
use crate::rest::Beside;

pub(super) const CUSTOM: Beside = Beside {
    list: "list custom hostnames",
    change: "change custom hostname",
    path: &["custom_hostnames"],
    listing: LISTING,
    members: ["id", "hostname", "custom_origin_server"],
    by_name: false,
    property: keys::CUSTOM,
    types: &[RecordType::A, RecordType::Cname],
    remedy: "enable Cloudflare for SaaS or drop --cloudflare-custom-hostnames",
    called: "custom hostnames",
    records: "",
};

pub(super) const REGIONAL: Beside = Beside {
    list: "list regional hostnames",
    change: "change regional hostname",
    path: &["addressing", "regional_hostnames"],
    listing: LISTING,
    members: ["", "hostname", "region_key"],
    by_name: true,
    property: keys::REGION,
    types: PROXIABLE,
    remedy: "enable Regional Services or drop --cloudflare-regional-services",
    called: "region keys for regional hostname",
    records: "dns_records",
};

/// The kinds that the flags name, with what is sent to make one beside its host name and value.
pub(super) fn kinds(args: &CloudflareArgs) -> Vec<(&'static Beside, Map<String, Value>)> {
    let mut kinds = Vec::new();
    if args.cloudflare_custom_hostnames {
        let version = args.cloudflare_custom_hostnames_min_tls_version.as_str();
        let mut ssl = json!({ "type": "dv", "method": "http", "bundle_method": "ubiquitous",
            "settings": { "min_tls_version": version } });
        let authority = args.cloudflare_custom_hostnames_certificate_authority.as_str();
        if authority != "none" {
            ssl["certificate_authority"] = authority.into();
        }
        kinds.push((&CUSTOM, Map::from_iter([("ssl".to_owned(), ssl)])));
    }
    if args.has_regions() {
        kinds.push((&REGIONAL, Map::new()));
    }
    kinds
}

//! What the registry needs of the cluster, asked before the first run.

use extdns_clusters::Right;

use super::load::{INSTALL, not_served};
use super::location::Location;
use super::object::DNS_RECORD;
use crate::StoreError;
use crate::store::{Examined, Fault};

/// What comes of it that the objects cannot be read.
const NO_RUN: &str = "no run can start, so nothing is changed; the exit code is 1";
/// What comes of it that they cannot be written.
const NO_WRITE: &str = "no record is made, and objects of records that are gone stay";
const NO_STATUS: &str = "records are made all the same, but the objects never say so";

/// Verbs, what they are for, and what comes of it where one is missing; of the status, too.
const RIGHTS: [(&str, &str, &str, bool); 6] = [
    ("list", "", NO_RUN, false),
    ("get", "", NO_WRITE, true),
    ("create", "", NO_WRITE, true),
    ("update", "", NO_WRITE, true),
    ("delete", "", NO_WRITE, true),
    ("update", "status", NO_STATUS, true),
];

/// Examines the kind, the namespace and the rights.
pub(super) async fn examine(location: &Location, writes: bool) -> Vec<Examined> {
    let kind = format!("{} {}", DNS_RECORD.api_version(), DNS_RECORD.plural);
    let mut found = Vec::new();
    match location.view.has(&DNS_RECORD).await {
        Ok(true) => found.push(Examined::fine(kind)),
        Ok(false) => {
            let fault = Fault::new(not_served(DNS_RECORD), NO_RUN).remedy(INSTALL);
            return vec![Examined { what: kind, fault: Some(fault) }];
        }
        Err(error) => {
            found.push(Examined { what: kind, fault: Some(Fault::new(error.to_string(), NO_RUN)) })
        }
    }
    let namespace = location.namespace.as_str();
    if location.view.has_namespace(namespace).await == Some(false) {
        let fault = Fault::new("it is not there", NO_WRITE).remedy(format!(
            "kubectl create namespace {namespace}, or give --crd-registry-namespace"
        ));
        found.push(Examined { what: format!("namespace {namespace}"), fault: Some(fault) });
    }
    for (verb, subresource, consequence, is_write) in RIGHTS {
        if is_write && !writes {
            continue;
        }
        let right = Right {
            verb,
            subresource,
            resource: DNS_RECORD,
            namespace: Some(location.namespace.clone()),
        };
        let fault = match location.view.may(&right).await {
            Ok(true) => None,
            Ok(false) => Some(Fault::new("not allowed", consequence).remedy(format!(
                "add this rule to a Role in namespace {namespace:?} that is bound to the user of this run:\n{}",
                right.rule()
            ))),
            Err(error) => Some(Fault::new(error.to_string(), consequence)),
        };
        found.push(Examined { what: right.to_string(), fault });
    }
    found
}

/// The cluster cannot be reached.
pub(super) fn unreachable(error: &StoreError) -> Examined {
    Examined {
        what: "the DNSRecord objects".to_owned(),
        fault: Some(Fault::new(error.to_string(), NO_RUN)),
    }
}

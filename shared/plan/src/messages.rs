//! What every error of this crate says.

use extdns_messages::Messages;
use extdns_model::{ClusterId, DomainFilter, RecordType};

use crate::{Allowance, ArgsError, Cluster, Clusters, Glob, PlanHash, Reading};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    let source = "a".parse::<RecordType>().expect_err("lower case");
    messages.show(ArgsError::RecordType { flag: "managed-record-types", source });
    messages.show(ArgsError::NoTypes);
    let regex = DomainFilter::regex(("--regex-domain-filter", "("), ("", ""));
    messages.show(ArgsError::Filter(regex.expect_err("an open bracket")));
    let empty = Reading::Complete { endpoints: 0 };
    let clusters = Clusters::new(vec![Cluster::new(ClusterId(0), "prod", empty)]);
    messages.show(clusters.allow_empty(["lab"]).expect_err("no such cluster"));
    for text in ["", "example.org:1e9"] {
        messages.show(text.parse::<Allowance>().expect_err(text));
    }
    for text in ["", "***"] {
        messages.show(text.parse::<Glob>().expect_err(text));
    }
    messages.show("1".parse::<PlanHash>().expect_err("short"));
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}

//! What a function needs to start, and how it says that it cannot.

use extdns_testkit::route53::ACCOUNT;
use serde_json::json;

use crate::support::{Bench, schedule};

#[test]
fn settings_that_cannot_be_used_are_reported_before_the_first_event() {
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("EXTERNAL_DNS_PROVIDER", "")], "provider"),
        (&[("EXTERNAL_DNS_POLICY", "snyc")], "EXTERNAL_DNS_POLICY"),
        (&[("EXTERNAL_DNS_DRY_RUN", "maybe")], "EXTERNAL_DNS_DRY_RUN"),
        (
            &[("EXTERNAL_DNS_REPORT", "/tmp/report")],
            "--report is not for a function: the report is in the log; s3://bucket/key stores it as well",
        ),
        (&[("EXTERNAL_DNS_MANIFESTS", "-")], "there is no standard input"),
        (&[("EXTERNAL_DNS_REGEX_DOMAIN_FILTER", "(")], "regex"),
    ];
    for (variables, reason) in cases {
        let mut bench = Bench::with(variables);
        let error = bench.function.init_error().expect("an error");
        assert_eq!(error.error_type, "Configuration");
        assert!(error.error_message.contains(reason), "{variables:?}: {error:?}");
        let log = bench.function.log();
        assert!(log.contains("config validation failed"), "{log}");

        let error = bench.invoke(&schedule()).expect_err("the event fails, too");
        assert_eq!(error.error_type, "Configuration");
        assert!(bench.sim.requests().is_empty());
    }
}

#[test]
fn what_kubernetes_or_the_shell_leave_in_the_environment_is_no_matter() {
    let mut bench = Bench::with(&[
        ("EXTERNAL_DNS_PORT", "tcp://10.0.0.1:7979"),
        ("EXTERNAL_DNS_ONCE", "false"),
        ("EXTERNAL_DNS_AWS_ASSUME_ROLE", ""),
    ]);
    assert_eq!(bench.function.init_error(), None);
    assert_eq!(bench.ask(&json!({}))["ok"], true);
}

#[test]
fn a_role_that_cannot_be_taken_is_reported_and_tried_again_by_the_next_event() {
    const ROLE: &str = "arn:aws:iam::111111111111:role/dns-writer";
    let mut bench = Bench::with(&[("EXTERNAL_DNS_AWS_ASSUME_ROLE", ROLE)]);
    bench.want(0..2);
    let error = bench.invoke(&schedule()).expect_err("the role is not there");
    assert_eq!(error.error_type, "Configuration");
    assert!(error.error_message.contains(ROLE), "{error:?}");

    bench.sim.account(ACCOUNT).role("dns-writer", None);
    assert_eq!(bench.ask(&schedule())["ok"], true, "{}", bench.function.log());
    assert_eq!(bench.hosts(), [0, 1]);
}

//! What the function needs to start.

use crate::support::*;

#[test]
fn settings_that_cannot_be_used_are_reported_before_the_first_call() {
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("EXTERNAL_DNS_QUEUE_URL", "")], "provider"),
        (
            &[("EXTERNAL_DNS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/1/q")],
            "keeps the order",
        ),
        (&[("EXTERNAL_DNS_RELAY_CREDENTIALS", "")], "--relay-credentials"),
        (&[("EXTERNAL_DNS_RELAY_CREDENTIALS", "/nowhere")], "/nowhere"),
        (&[("EXTERNAL_DNS_SOURCE", "")], "source"),
        (&[("EXTERNAL_DNS_RELAY_WINDOW", "soon")], "EXTERNAL_DNS_RELAY_WINDOW"),
    ];
    for (variables, reason) in cases {
        let mut bench = Bench::with(variables);
        let error = bench.function.init_error().expect(reason);
        assert_eq!(error.error_type, "Configuration");
        assert!(error.error_message.contains(reason), "{variables:?}: {error:?}");
    }
}

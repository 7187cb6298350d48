//! What every error of this crate says.

use extdns_messages::Messages;

use super::*;
use crate::filter::NetFilterError;

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    let reason = "list records: 403 Forbidden; grant the role the right to list them".to_owned();
    messages.show(Unreadable { zone: "example.org".to_owned(), reason });
    messages.show(DomainFilterError::Mixed);
    let regex = DomainFilter::regex(("--regex-domain-filter", "("), ("", ""));
    messages.show(regex.expect_err("an open bracket"));
    let net: Result<_, NetFilterError> = NetFilter::new(["10.0.0.0/99"], [""; 0]);
    messages.show(net.expect_err("no network"));
    messages.show(parse_go_duration("5").expect_err("no unit"));
    messages.show("a".parse::<RecordType>().expect_err("lower case"));
    for problem in problems() {
        messages.show(problem.clone());
        let name = "shop.example.org".to_owned();
        messages.show(InvalidEndpoint { name, rtype: RecordType::A, problem });
    }
    messages.show(OwnerIdError::Empty);
    messages.show(OwnerIdError::Unwritable { id: "a,b".to_owned() });
    messages.show(OwnerIdError::TooLong { id: "x".repeat(215) });
    messages.show(InvalidHeritage);
    let label = "x".repeat(64);
    messages.show(Name::parse(&format!("{label}.example.org")).expect_err("a long label"));
    messages.show(Name::parse(&"a.".repeat(128)).expect_err("a long name"));
    messages.show(Name::parse("xn--\u{fc}.example.org").expect_err("no A-label"));
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}

fn problems() -> [Problem; 5] {
    [
        Problem::Alias,
        Problem::Target { target: "10.0.0".to_owned(), expected: "an IPv4 address" },
        Problem::PtrName,
        Problem::NoTarget,
        Problem::SelfReference,
    ]
}

/// What became of changes, in words: they are no errors, but users read them all the same.
#[test]
fn every_outcome_has_its_words() {
    let failure = || Failure {
        kind: FailureKind::Throttled,
        message: "rate exceeded (request id 7); lower --aws-requests-per-second".to_owned(),
    };
    let table = [
        (NotSent::Deadline, "deferred: the run had to end before its turn"),
        (NotSent::Predecessor, "not sent: its ownership record in the other zone was not applied"),
        (
            NotSent::Move,
            "not sent: the name is not seen in its new zone yet, so it stays in this one",
        ),
        (NotSent::Replacement, "not sent: what comes in its place was not made, so it stays"),
        (
            NotSent::Foreign("another owner has the row".to_owned()),
            "held back: another owner has the row",
        ),
        (
            NotSent::Stopped(failure()),
            "not sent: rate exceeded (request id 7); lower --aws-requests-per-second",
        ),
    ];
    for (why, words) in table {
        match why {
            NotSent::Deadline
            | NotSent::Predecessor
            | NotSent::Move
            | NotSent::Replacement
            | NotSent::Foreign(_)
            | NotSent::Stopped(_) => {}
        }
        assert_eq!(why.to_string(), words);
    }
    assert_eq!(
        failure().to_string(),
        "rate exceeded (request id 7); lower --aws-requests-per-second"
    );
}

//! Calls that are refused: with the right code, no run, and nothing secret in the answer.

use extdns_relay::BODY_LIMIT;
use proptest::prelude::*;

use crate::support::*;

fn body() -> Vec<u8> {
    created().to_string().into_bytes()
}

fn deep(levels: usize) -> String {
    let mut review = created().to_string();
    let at = review.find("\"userInfo\":").expect("a field") + "\"userInfo\":".len();
    review.insert_str(at, &format!("{}null{},\"x\":", "[".repeat(levels), "]".repeat(levels)));
    review
}

/// What is sent, the code that it gets, and a name for the message of the test.
fn forged() -> Vec<(&'static str, Sent, u16)> {
    let to_prod = |body: Vec<u8>| Sent::to("/admission/prod", body);
    let known = |body: Vec<u8>| to_prod(body).bearing(BEARER);
    let mut another = to_prod(body()).signed(KEY, NOW);
    another.body.push(b' ');
    let truncated = |at: usize| body()[..at].to_vec();
    vec![
        ("no credentials", to_prod(body()), 401),
        ("an unknown token", to_prod(body()).bearing("a-token-that-nobody-has"), 401),
        ("a token without its scheme", to_prod(body()).with("authorization", BEARER), 401),
        ("an empty token", to_prod(body()).bearing(""), 401),
        ("a key as a token", to_prod(body()).bearing(KEY), 401),
        ("an unknown key", to_prod(body()).signed("a-key-that-nobody-has", NOW), 401),
        ("another body", another, 401),
        ("too old", to_prod(body()).signed(KEY, NOW - 301), 401),
        ("of the future", to_prod(body()).signed(KEY, NOW + 301), 401),
        ("no number", to_prod(body()).signed(KEY, NOW).with("x-extdns-timestamp", "now"), 401),
        ("half a signature", to_prod(body()).with("x-extdns-signature", sign(KEY, NOW, b"")), 401),
        ("the token of another cluster", Sent::to(format!("/admission/prod/{LAB}"), body()), 401),
        ("no token behind the slash", Sent::to("/admission/prod/", body()), 401),
        ("an unknown cluster, unknown caller", Sent::to("/admission/prdo/x", body()), 401),
        (
            "an unknown cluster, of a cluster",
            Sent::to(format!("/admission/prdo/{PROD}"), body()),
            404,
        ),
        ("an unknown cluster", Sent::to("/admission/prdo", body()).bearing(BEARER), 404),
        ("too large", known(vec![b' '; BODY_LIMIT + 1]), 413),
        ("too large, unknown caller", to_prod(vec![b' '; BODY_LIMIT + 1]), 413),
        ("a large request for a run", Sent::to("/trigger", vec![b' '; 5000]).bearing(BEARER), 413),
        ("nothing", known(Vec::new()), 400),
        ("truncated", known(truncated(100)), 400),
        ("almost whole", known(truncated(body().len() - 1)), 400),
        ("no JSON", known(b"apiVersion: v1".to_vec()), 400),
        ("no UTF-8", known(vec![0xff; 100]), 400),
        (
            "another kind",
            known(br#"{"apiVersion":"v1","kind":"Pod","request":null}"#.to_vec()),
            400,
        ),
        (
            "an older version",
            known(created().to_string().replace("k8s.io/v1", "k8s.io/v1beta1").into()),
            400,
        ),
        (
            "no request",
            known(br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#.to_vec()),
            400,
        ),
        ("deep", known(deep(200).into()), 400),
        ("very deep", known(deep(500_000).into()), 400),
        ("only brackets", known(vec![b'['; 1 << 20]), 400),
    ]
}

#[test]
fn forged_oversized_truncated_and_malformed_calls_are_refused_and_ask_for_nothing() {
    for (what, call, status) in forged() {
        let received = call.at(&relay(), NOW);
        assert_eq!((received.answer.status, received.trigger), (status, None), "{what}");
        let answer = received.answer.body;
        assert!(!SECRETS.iter().any(|secret| answer.contains(secret)), "{what}: {answer}");
        assert!(status != 401 || answer == r#"{"error":"unauthorized"}"#, "{what}: no detail");
    }
}

#[test]
fn as_deep_as_objects_really_are_is_not_deep() {
    assert_eq!(Sent::to("/admission/prod", deep(100)).bearing(BEARER).outcome(), (200, true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever comes is answered, and without credentials it asks for nothing.
    #[test]
    fn any_call_is_answered(
        method in "POST|GET|[A-Z]{0,8}",
        path in "(/(admission|trigger|prod|lab|[ -~]{0,12})){0,4}",
        authorization in proptest::option::of("(Bearer )?[ -~]{0,40}"),
        timestamp in proptest::option::of("17672256[0-9]{2}|[ -~]{0,20}"),
        signature in proptest::option::of("sha256=[0-9a-f]{60,68}|[ -~]{0,80}"),
        cut in 0_usize..2000, junk in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut body = body();
        body.truncate(cut);
        body.extend(junk);
        let mut call = Sent::to(path, body);
        call.headers.extend(authorization.map(|text| ("authorization", text)));
        call.headers.extend(timestamp.map(|text| ("x-extdns-timestamp", text)));
        call.headers.extend(signature.map(|text| ("x-extdns-signature", text)));
        call.method = if method == "POST" { "POST" } else { "GET" };
        let received = call.at(&relay(), NOW);
        prop_assert!([401, 404, 405].contains(&received.answer.status));
        prop_assert_eq!(received.trigger, None);
    }

    /// The same of a caller that is known: only a review that is sound is answered with 200.
    #[test]
    fn any_body_of_a_known_caller_is_answered(at in 0_usize..3000, byte: u8, cut in 0_usize..3000) {
        let mut body = body();
        if let Some(own) = body.get_mut(at) {
            *own = byte;
        }
        body.truncate(cut);
        let received = Sent::to("/admission/prod", body).bearing(BEARER).at(&relay(), NOW);
        prop_assert!([200, 400].contains(&received.answer.status), "{}", received.answer.body);
        prop_assert!(received.answer.status == 200 || received.trigger.is_none());
    }
}

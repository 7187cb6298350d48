use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

/// What a text looks like where these secrets are registered.
fn redacted(secrets: &[&str], text: &str) -> String {
    let mut registry = Registry::new();
    for secret in secrets {
        registry.add(secret);
    }
    redact_with(registry.matcher().as_deref(), text).into_owned()
}

#[test]
fn a_secret_is_found_in_each_spelling() {
    let secret = "p\"a/s&s <w>örd+1";
    let spelled = [
        secret.to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        "p%22a%2Fs%26s%20%3Cw%3E%C3%B6rd%2B1".to_owned(),
        "p%22a%2Fs%26s+%3Cw%3E%C3%B6rd%2B1".to_owned(),
        serde_json::Value::from(secret).to_string(),
        "p\\\"a/s\\u0026s \\u003cw\\u003eörd+1".to_owned(),
        "p\\\"a\\/s&s <w>örd+1".to_owned(),
        format!("{secret:?}"),
    ];
    for text in spelled {
        let shown = redacted(&[secret], &format!("before {text} behind"));
        assert!(shown.starts_with("before ") && shown.ends_with(" behind"), "{text}: {shown}");
        assert!(shown.contains(REDACTED), "{text}: {shown}");
        // Of base64, the last character is also made of what comes behind.
        assert!(shown.len() <= "before \"[redacted]x=\" behind".len(), "{text}: {shown}");
    }
}

#[test]
fn a_secret_is_found_within_base64_of_more() {
    let secret = "hunter2-hunter2";
    for before in ["", "u", "us", "use", "user:", "{\"token\":\""] {
        for behind in ["", "!", "\"}"] {
            let text = STANDARD.encode(format!("{before}{secret}{behind}"));
            let shown = redacted(&[secret], &text);
            assert!(shown.contains(REDACTED), "{before}, {behind}: {shown}");
            assert!(shown.len() < 40, "{before}, {behind}: {shown}");
        }
    }
}

#[test]
fn the_longest_secret_wins_and_overlaps_are_one() {
    let secrets = ["secret", "secret-and-more", "more-of-it"];
    assert_eq!(redacted(&secrets, "a secret-and-more!"), "a [redacted]!");
    assert_eq!(redacted(&secrets, "a secret-and-more-of-it!"), "a [redacted]!");
    assert_eq!(redacted(&secrets, "secret,secret"), "[redacted],[redacted]");
}

#[test]
fn of_a_long_secret_the_first_half_is_enough_as_messages_are_cut() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJleHRlcm5hbC1kbnMifQ.c2lnbmF0dXJl";
    let secrets = [token];
    assert_eq!(redacted(&secrets, token), "[redacted]");
    assert_eq!(redacted(&secrets, &format!("{}...", &token[..40])), "[redacted]...");
    // A head that many share says nothing.
    assert_eq!(redacted(&secrets, &token[..20]), &token[..20]);
    // The quote is still escaped, so the document is still one.
    let escaped = "abcdefghijklmnopqrst\\uvw";
    assert_eq!(
        redacted(&[escaped], r#"{"m":"abcdefghijklmnopqrst\" x"}"#),
        r#"{"m":"[redacted]\" x"}"#
    );
}

#[test]
fn short_texts_empty_lines_and_the_frames_of_pem_are_no_secrets() {
    let mut registry = Registry::new();
    for text in ["", "admin", "\n\n", REDACTED, "-----BEGIN PRIVATE KEY-----\n"] {
        registry.add(text);
    }
    assert!(registry.matcher().is_none());
    let shown = redacted(
        &["-----BEGIN X-----\nMIIBVQIB\nADANBgkq\n-----END X-----\n"],
        "MIIBVQIB\\nADANBgkq",
    );
    assert_eq!(shown, "[redacted]\\n[redacted]");
}

#[test]
fn the_first_secrets_stay_and_later_ones_displace_one_another() {
    let mut registry = Registry::new();
    for number in 0..3 * LIMIT {
        registry.add(&format!("token-{number:06}"));
    }
    assert_eq!(registry.secrets.len(), LIMIT);
    let known = |number| registry.knows(&format!("token-{number:06}"));
    assert!(known(0) && known(STAYING - 1) && known(3 * LIMIT - 1));
    assert!(!known(STAYING) && !known(LIMIT));
}

#[test]
fn urls_have_no_userinfo_and_no_secret_parameters() {
    let table = [
        ("http://user:pass@proxy:3128/", "http://[redacted]@proxy:3128/"),
        ("(https://token@host)", "(https://[redacted]@host)"),
        ("http://user:p/ss#w@rd@proxy", "http://[redacted]@proxy"),
        ("http://user:p@ss@proxy", "http://[redacted]@proxy"),
        ("socks5h://u:p@h and http://h2", "socks5h://[redacted]@h and http://h2"),
        ("\"https://u:p@h\",\"x@y\"", "\"https://[redacted]@h\",\"x@y\""),
        ("http://host:8080/path@v1", "http://host:8080/path@v1"),
        ("http://[::1]:8080/path@v1", "http://[::1]:8080/path@v1"),
        ("http://host/ me@example.org", "http://host/ me@example.org"),
        ("https://h/p?token=abc&limit=5", "https://h/p?token=[redacted]&limit=5"),
        ("/p?limit=5&api_key=a.b-c#f", "/p?limit=5&api_key=[redacted]#f"),
        ("?X-Amz-Signature=ff&x=1", "?X-Amz-Signature=[redacted]&x=1"),
        ("?sig=a%2Fb;key=c", "?sig=[redacted];key=[redacted]"),
        (r#"{"u":"/p?a=b\u0026token=abc"}"#, r#"{"u":"/p?a=b\u0026token=[redacted]"}"#),
        ("?labelSelector=key%3Dvalue", "?labelSelector=key%3Dvalue"),
        ("level=info key=value token=", "level=info key=value token="),
    ];
    for (text, expected) in table {
        assert_eq!(redacted(&[], text), expected, "{text}");
    }
    assert!(matches!(redact_with(None, "https://host/p?x=1"), Cow::Borrowed(_)));
}

#[test]
fn what_a_url_of_the_settings_holds_is_known_everywhere() {
    register_url(
        "https://scraper:s3cr%2Ft-of-url@hook.example.org/p?zone=example.org&token=qp-0815-qp",
    );
    register_url("https://lonely-token-9@hook.example.org/");
    let basic = STANDARD.encode("scraper:s3cr/t-of-url");
    let text = format!("s3cr/t-of-url s3cr%2Ft-of-url qp-0815-qp lonely-token-9 {basic}");
    let shown = redact(&text);
    for secret in ["s3cr", "qp-0815", "lonely", "c2NyYXBlcj"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(redact("scraper of example.org"), "scraper of example.org");
}

#[test]
fn a_registered_secret_is_known_to_the_process() {
    register("of-the-process-1");
    register("of-the-process-1");
    assert_eq!(redact("an of-the-process-1."), "an [redacted].");
    register_basic("someone", "of-the-process-2");
    assert_eq!(redact("someone:of-the-process-2"), "[redacted]");
}

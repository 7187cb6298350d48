//! GSS-TSIG with a real KDC and a real BIND.
//!
//! The Kerberos library finds its configuration by a variable of the process. So each test is run by another one, in a process
//! of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use extdns_testkit::bind::{Access, Bind};
use extdns_testkit::dns::dig;
use extdns_testkit::kerberos::{Kdc, Odd, REALM};

use super::kit::{CHILD, ZONE};
use super::*;

/// The variable with the place of the configuration of Kerberos.
const CONFIG: &str = "KRB5_CONFIG";

const PASSWORD: &str = "a-pass-word";

/// Runs a test of `inside` in a process with a configuration of its own.
fn in_a_process(test: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let name = format!("rfc2136::tests::gss::inside::{test}");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &name, "--ignored", "--nocapture"])
        .env(CONFIG, folder.path().join("krb5.conf"))
        .stderr(Stdio::inherit())
        .output()
        .expect("the program of this test runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn updates_and_transfers_are_signed_with_kerberos() {
    in_a_process("updates_and_transfers_are_signed");
}

#[test]
fn what_kerberos_refuses_is_said() {
    in_a_process("what_is_refused_is_said");
}

#[test]
fn a_clock_of_the_kdc_that_is_wrong_is_said() {
    in_a_process("a_wrong_clock_is_said");
}

#[test]
fn a_context_that_ends_is_made_anew() {
    in_a_process("a_context_that_ends");
}

#[test]
fn a_context_that_the_server_has_forgotten_is_made_anew() {
    in_a_process("a_forgotten_context");
}

/// A KDC and a BIND that has the keys of `DNS/localhost`; `alice` may update its zones.
async fn servers(test: &str, odd: Odd) -> Option<(Kdc, Bind)> {
    let config = PathBuf::from(std::env::var_os(CONFIG).expect("it is set"));
    let kdc = Kdc::start_or_skip(test, &config, odd).await?;
    kdc.add_user("alice", PASSWORD);
    kdc.add_user("bob", PASSWORD);
    let keytab = kdc.add_service("DNS/localhost");
    let user = format!("alice@{REALM}");
    let access = Access::Kerberos { user: &user, keytab: &keytab };
    let bind = Bind::start_or_skip(test, &[ZONE, CHILD], access).await?;
    Some((kdc, bind))
}

fn at(bind: &Bind, user: &str, password: &str, realm: &str) -> Box<dyn Provider> {
    let flags = [
        "--rfc2136-host=localhost".to_owned(),
        format!("--rfc2136-port={}", bind.port),
        format!("--rfc2136-zone={ZONE}"),
        format!("--rfc2136-zone={CHILD}"),
        format!("--rfc2136-kerberos-username={user}"),
        format!("--rfc2136-kerberos-password={password}"),
        format!("--rfc2136-kerberos-realm={realm}"),
    ];
    let more = ["--rfc2136-axfr", "--rfc2136-gss-tsig"];
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more).collect();
    Box::new(provider(&args(&flags), &Context::default()).expect("a provider"))
}

/// Why the zones could not be read.
async fn reasons(provider: &dyn Provider) -> Vec<String> {
    let inventory = provider.read().await.expect("zones");
    inventory.unreadable().map(|(_, it)| it.reason.to_string()).collect()
}

/// How many contexts were begun: each has a ticket of its own.
fn contexts(kdc: &Kdc) -> usize {
    kdc.tickets("DNS/localhost")
}

/// The tests themselves, for a process with a configuration of Kerberos.
mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "is run by the test beside it, in a process of its own"]
    async fn updates_and_transfers_are_signed() {
        let test = "updates_and_transfers_are_signed";
        let Some((kdc, bind)) = servers(test, Odd::default()).await else { return };
        // The realm may be in small letters.
        let provider = at(&bind, "alice", PASSWORD, &REALM.to_lowercase());
        let many: Vec<String> = crate::conformance::contract::many(300);
        let desired: Vec<&str> = ["www.sub.example.org A 300 192.0.2.7"]
            .into_iter()
            .chain(many.iter().map(String::as_str))
            .collect();
        all_applied(&sync(provider.as_ref(), &desired).await);
        assert_eq!(dig(bind.port, "www.sub.example.org", "A"), ["192.0.2.7"]);
        assert_eq!(dig(bind.port, "n299.example.org", "A"), ["10.0.1.50"]);
        // A transfer of several messages, each of them signed.
        nothing_to_do(provider.as_ref(), &desired).await;
        all_applied(&sync(provider.as_ref(), &[]).await);
        assert!(dig(bind.port, "www.sub.example.org", "A").is_empty());
        assert_eq!(contexts(&kdc), 1, "one for the server and the run");
        let log = bind.log();
        assert!(log.contains("alice"), "updates are those of the user: {log}");
    }

    #[tokio::test]
    #[ignore = "is run by the test beside it, in a process of its own"]
    async fn what_is_refused_is_said() {
        let Some((kdc, bind)) = servers("what_is_refused_is_said", Odd::default()).await else {
            return;
        };
        for (user, password, realm, expected) in [
            (
                "alice",
                "wrong-word",
                REALM,
                "check --rfc2136-kerberos-username and --rfc2136-kerberos-password",
            ),
            ("nobody", PASSWORD, REALM, "the KDC must have both that user and DNS/localhost"),
            ("alice", PASSWORD, "OTHER.TEST", "check --rfc2136-kerberos-realm"),
        ] {
            let reasons = reasons(at(&bind, user, password, realm).as_ref()).await;
            let is_said = |it: &String| it.contains(expected) && !it.contains(password);
            assert!(
                reasons.len() == 2 && reasons.iter().all(is_said),
                "{user} {realm}: {reasons:?}"
            );
        }
        // One who may not update.
        let outcomes =
            sync(at(&bind, "bob", PASSWORD, REALM).as_ref(), &["www.example.org A 300 192.0.2.1"])
                .await;
        assert!(
            matches!(&outcomes[..], [Outcome::Rejected(it)] if it.message.contains("update-policy")),
            "{outcomes:?}"
        );
        assert!(dig(bind.port, "www.example.org", "A").is_empty());
        // New keys of the service, which the server has not.
        kdc.change_keys("DNS/localhost");
        let reasons = reasons(at(&bind, "alice", PASSWORD, REALM).as_ref()).await;
        assert!(reasons.iter().all(|it| it.contains("tkey-gssapi-keytab")), "{reasons:?}");
    }

    #[tokio::test]
    #[ignore = "is run by the test beside it, in a process of its own"]
    async fn a_wrong_clock_is_said() {
        let ahead = Odd { is_ahead: true, ..Odd::default() };
        let Some((_kdc, bind)) = servers("a_wrong_clock_is_said", ahead).await else { return };
        let reasons = reasons(at(&bind, "alice", PASSWORD, REALM).as_ref()).await;
        assert!(reasons.iter().all(|it| it.contains("set the clocks")), "{reasons:?}");
    }

    /// Tickets that end within the minute in which a context is used no more: each message has a context of its own.
    #[tokio::test]
    #[ignore = "is run by the test beside it, in a process of its own"]
    async fn a_context_that_ends() {
        let short = Odd { ticket_seconds: 30, ..Odd::default() };
        let Some((kdc, bind)) = servers("a_context_that_ends", short).await else { return };
        let provider = at(&bind, "alice", PASSWORD, REALM);
        all_applied(&sync(provider.as_ref(), &["www.example.org A 300 192.0.2.1"]).await);
        assert_eq!(dig(bind.port, "www.example.org", "A"), ["192.0.2.1"]);
        assert_eq!(contexts(&kdc), 3, "two transfers and an update");
    }

    #[tokio::test]
    #[ignore = "is run by the test beside it, in a process of its own"]
    async fn a_forgotten_context() {
        let Some((_kdc, mut bind)) = servers("a_forgotten_context", Odd::default()).await else {
            return;
        };
        let provider = at(&bind, "alice", PASSWORD, REALM);
        all_applied(&sync(provider.as_ref(), &["www.example.org A 300 192.0.2.1"]).await);
        let inventory = provider.read().await.expect("readable");
        bind.restart().await;
        let outcomes =
            sync_with(provider.as_ref(), &inventory, &["www.example.org A 300 192.0.2.2"]).await;
        all_applied(&outcomes);
        assert_eq!(dig(bind.port, "www.example.org", "A"), ["192.0.2.2"]);
    }
}

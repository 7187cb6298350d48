use extdns_clusters::Pairs;
use extdns_model::Ttl;

use super::{Annotations, Key, Reads, Vocabulary};

fn with<T>(
    prefix: Option<&str>,
    pairs: &[(&str, &str)],
    read: impl FnOnce(Annotations<'_>) -> T,
) -> T {
    let pairs: Pairs = pairs.iter().copied().collect();
    read(Vocabulary::new(prefix).read(&pairs))
}

#[test]
fn targets_lose_one_dot_and_nothing_is_no_target() {
    let table: &[(&str, &[&str])] = &[
        ("alias.example.net., 192.0.2.1", &["alias.example.net", "192.0.2.1"]),
        ("a..", &["a."]),
        (". , .", &[]),
        ("", &[]),
    ];
    for (text, expected) in table {
        let targets = with(None, &[("external-dns.kubernetes.io/target", text)], |a| {
            a.targets().map(std::borrow::Cow::into_owned).collect::<Vec<_>>()
        });
        assert_eq!(targets, *expected, "{text:?}");
    }
}

const ALL: Reads = Reads { keys: &[Key::TTL], properties: true };
const GA: &str = "external-dns.kubernetes.io/ttl";
const ALPHA: &str = "external-dns.alpha.kubernetes.io/ttl";

#[test]
fn the_current_prefix_wins_over_the_old_one_and_a_given_one_is_alone() {
    type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>, usize);
    let table: &[Case<'_>] = &[
        (None, &[(GA, "1")], Some("1"), 0),
        (None, &[(ALPHA, "2")], Some("2"), 1),
        (None, &[(ALPHA, "2"), (GA, "1")], Some("1"), 0),
        (None, &[("my/ttl", "3")], None, 0),
        (None, &[("external-dns.alpha.kubernetes.io/unknown", "3")], None, 0),
        (Some("my/"), &[("my/ttl", "3"), (GA, "1")], Some("3"), 0),
        (Some("my/"), &[(GA, "1"), (ALPHA, "2")], None, 0),
        (Some("external-dns.kubernetes.io/"), &[(ALPHA, "2")], None, 0),
    ];
    for (prefix, pairs, value, outdated) in table {
        with(*prefix, pairs, |annotations| {
            assert_eq!(annotations.get(Key::TTL), *value, "{prefix:?} {pairs:?}");
            assert_eq!(annotations.outdated(&ALL), *outdated, "{prefix:?} {pairs:?}");
        });
    }
}

#[test]
fn the_catalogue_of_properties() {
    let table: &[(&str, &str, &str)] = &[
        ("alias", "true", "alias=true"),
        ("alias", "A", "alias=A"),
        ("alias", "AAAA", "alias=AAAA"),
        ("alias", "false", "aws/alias=false"),
        ("alias", "TRUE", ""),
        ("record-type", "PTR", "record-type=PTR"),
        ("record-type", "", "record-type="),
        ("aws-weight", "10", "aws/weight=10"),
        ("aws-", "x", "aws/=x"),
        ("scw-priority", "1", "scw/priority=1"),
        ("coredns-group", "g", "coredns/group=g"),
        ("webhook-a-b", "c", "webhook/a-b=c"),
        ("azure-tags", "k=v", "azure/tags=k=v"),
        ("azure-other", "x", ""),
        ("cloudflare-proxied", "true", "external-dns.kubernetes.io/cloudflare-proxied=true"),
        ("cloudflare-tags", "t", "external-dns.kubernetes.io/cloudflare-tags=t"),
        (
            "cloudflare-custom-hostname",
            "h",
            "external-dns.kubernetes.io/cloudflare-custom-hostname=h",
        ),
        ("cloudflare-region-key", "eu", "external-dns.kubernetes.io/cloudflare-region-key=eu"),
        (
            "cloudflare-record-comment",
            "c",
            "external-dns.kubernetes.io/cloudflare-record-comment=c",
        ),
        ("cloudflare-proxied-x", "true", ""),
        ("cloudflare-other", "x", ""),
        ("ibmcloud-proxied", "true", "ibmcloud/proxied=true"),
        ("hostname", "h", ""),
    ];
    for (suffix, value, expected) in table {
        for prefix in ["external-dns.kubernetes.io/", "external-dns.alpha.kubernetes.io/"] {
            let key = format!("{prefix}{suffix}");
            with(None, &[(&key, value)], |annotations| {
                assert_eq!(shown(annotations), *expected, "{key}");
            });
        }
    }
}

fn shown(annotations: Annotations<'_>) -> String {
    let shown: Vec<_> =
        annotations.properties().iter().map(|p| format!("{}={}", p.name, p.value)).collect();
    shown.join(",")
}

#[test]
fn properties_are_sorted_and_the_current_spelling_wins() {
    let pairs = [
        ("external-dns.kubernetes.io/webhook-z", "1"),
        ("external-dns.kubernetes.io/aws-weight", "10"),
        ("external-dns.alpha.kubernetes.io/aws-weight", "20"),
        ("external-dns.alpha.kubernetes.io/alias", "true"),
    ];
    with(None, &pairs, |annotations| {
        assert_eq!(shown(annotations), "alias=true,aws/weight=10,webhook/z=1");
    });
    let own = [("my/cloudflare-proxied", "true")];
    with(Some("my/"), &own, |annotations| {
        assert_eq!(shown(annotations), "my/cloudflare-proxied=true");
    });
}

#[test]
fn an_object_without_annotations_costs_nothing_and_has_nothing() {
    with(None, &[], |annotations| {
        assert_eq!(annotations.get(Key::HOSTNAME), None);
        assert_eq!(annotations.list(Key::HOSTNAME).count(), 0);
        assert_eq!(annotations.ttl(), Ok(Ttl::UNSET));
        assert_eq!(annotations.set_identifier(), "");
        assert!(annotations.properties().is_empty());
    });
}

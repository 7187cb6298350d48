//! `doctor`, `explain` and `gc` as a user calls them.

use extdns_testkit::kube::{KubeApi, Login};
use serde_json::json;

use crate::program::{Bench, Run, external_dns, run};

const ZONE: &str = "\
$ORIGIN example.org.
$TTL 300
@ IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300
@ IN NS ns.example.org.
mail IN A 192.0.2.25
";

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: web, annotations: { external-dns.kubernetes.io/hostname: www.example.org } }
spec: { type: LoadBalancer }
status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } }
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("zones/example.org.zone", ZONE);
    bench.write("web.yaml", SERVICE);
    bench
}

fn command(bench: &Bench, words: &[&str]) -> Run {
    let zones = format!("--zonefile-dir={}", bench.path().join("zones").display());
    let usual = ["--provider=zonefile", &zones, "--txt-owner-id=e2e", "--policy=sync"];
    run(external_dns(bench.path()).args(words).args(usual))
}

#[test]
fn explain_reports_one_name() {
    let bench = bench();
    let manifests = format!("--manifests={}", bench.path().join("web.yaml").display());
    let flags = ["--source=service", &manifests];
    let wanted = command(&bench, &[&["explain", "www.example.org"], &flags[..]].concat());
    assert_eq!(wanted.code, 0, "{wanted:?}");
    assert_eq!(
        wanted.out,
        "www.example.org\n\nwanted by\n  service/shop/web A 192.0.2.1: this is what is to be \
         published\n\nin the zones\n  there is no record of this name\n\na run\n  creates A \
         www.example.org 192.0.2.1 ttl 300 in example.org: it is wanted and missing\n"
    );
    assert_eq!(bench.zone(), ZONE, "nothing is written");

    let strange = command(&bench, &[&["explain", "mail.example.org"], &flags[..]].concat());
    assert_eq!(strange.code, 0, "{strange:?}");
    let line = "example.org: A mail.example.org 192.0.2.25 ttl 300: not to be changed: it has \
                records outside the managed block of its zone file\n";
    assert!(strange.out.contains(line), "{}", strange.out);
}

/// Two ownership records without a record: one that a run left, and one that people wrote, which is
/// theirs to remove.
#[test]
fn gc_shows_and_removes_what_has_no_record() {
    let bench = bench();
    let nothing = command(&bench, &["gc", "--apply"]);
    assert!(nothing.log.contains("nothing to remove"), "{nothing:?}");
    let manifests = format!("--manifests={}", bench.path().join("web.yaml").display());
    let applied = command(&bench, &["apply", "--source=service", &manifests]);
    assert_eq!(applied.code, 0, "{applied:?}");
    let is_record = |line: &&str| !line.starts_with("www.example.org. ");
    let without: String =
        bench.zone().lines().filter(is_record).map(|line| format!("{line}\n")).collect();
    let by_hand = "a-gone IN TXT \"heritage=external-dns,external-dns/owner=e2e\"\n";
    bench
        .write("zones/example.org.zone", &without.replace("mail IN", &format!("{by_hand}mail IN")));
    let before = bench.zone();

    let planned = command(&bench, &["gc"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    for line in ["  - TXT a-www.example.org", "  = TXT a-gone.example.org"] {
        assert!(planned.out.contains(line), "{}", planned.out);
    }
    assert_eq!(bench.zone(), before, "nothing is written");

    let removed = command(&bench, &["gc", "--apply"]);
    assert_eq!(removed.code, 0, "{removed:?}");
    let zone = bench.zone();
    assert!(!zone.contains("a-www") && zone.contains(by_hand), "{zone}");

    let again = command(&bench, &["gc", "--apply"]);
    assert_eq!((again.code, bench.zone()), (0, zone), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_everything_that_is_wrong() {
    let test = "doctor_names_everything_that_is_wrong";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    let rules =
        json!([{ "apiGroups": [""], "resources": ["services", "pods"], "verbs": ["list"] }]);
    api.grant("doctor", &rules).await;
    let reader = api.client_certificate("doctor", "doctor");
    let path = api.write_kubeconfig(&api.kubeconfig(Login::Certificate(&reader)));
    let kubeconfig = format!("--kubeconfig={}", path.display());
    let bench = bench();
    bench.write("zones/broken.org.zone", "$ORIGIN broken.org.\n@ IN WHAT\n");
    let flags = ["doctor", "--source=service", "--source=ingress", &kubeconfig];

    let run = command(&bench, &flags);
    assert_eq!(run.code, 1, "{run:?}");
    for part in [
        "  WRONG  list nodes: not allowed",
        "  WRONG  list endpointslices.discovery.k8s.io: not allowed",
        "  WRONG  list ingresses.networking.k8s.io: not allowed",
        "  WRONG  zone broken.org",
        "  ok     list services\n",
        "4 things are wrong",
    ] {
        assert!(run.out.contains(part), "{part}\nis missing in\n{}", run.out);
    }
}

/// What `doctor` says to a member of the group as soon as it says `part`: a role takes effect after a moment.
fn doctor_until(bench: &Bench, flags: &[&str], part: &str) -> Run {
    let mut said = command(bench, &[&["doctor"], flags].concat());
    for _ in 0..50 {
        if said.out.contains(part) {
            break;
        }
        said = command(bench, &[&["doctor"], flags].concat());
    }
    assert!(said.out.contains(part), "{part}\nis missing in\n{}", said.out);
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn with_exactly_the_roles_of_rbac_doctor_finds_nothing_missing() {
    let test = "with_exactly_the_roles_of_rbac_doctor_finds_nothing_missing";
    let Some(api) = KubeApi::shared_or_skip(test).await else { return };
    api.apply_yaml(include_str!("../../infra/kubernetes/crd-dnsendpoint.yaml")).await;
    let bench = bench();
    let sources = ["service", "ingress", "node", "pod", "crd"];
    let sources: Vec<String> = sources.iter().map(|name| format!("--source={name}")).collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    let printed = command(&bench, &[&["rbac", "--subject=group:rbac-e2e"], &sources[..]].concat());
    assert_eq!(printed.code, 0, "{printed:?}");

    // The server is shared, and the name of the roles is not this test's own.
    let manifests = printed.out.replace("name: extdns", "name: rbac-e2e");
    let applied = api.apply_yaml(&manifests).await;
    let kinds: Vec<_> = applied.iter().filter_map(|object| object["kind"].as_str()).collect();
    assert_eq!(kinds, ["ClusterRole", "ClusterRoleBinding"]);
    let reader = api.client_certificate("rbac-e2e", "rbac-e2e");
    let path = api.write_kubeconfig(&api.kubeconfig(Login::Certificate(&reader)));
    let kubeconfig = format!("--kubeconfig={}", path.display());
    let flags = [&sources[..], &[&kubeconfig]].concat();
    let right = doctor_until(&bench, &flags, "nothing is wrong");
    assert_eq!(right.code, 0, "{right:?}");
    assert!(!right.out.contains("not allowed"), "{}", right.out);

    let mut role = extdns_testkit::kube::documents(&manifests).remove(0);
    let rules = role["rules"].as_array_mut().expect("rules");
    let of_ingresses = |rule: &serde_json::Value| rule["resources"][0] == "ingresses";
    let without: Vec<_> = rules.extract_if(.., |rule| of_ingresses(rule)).collect();
    assert_eq!(without.len(), 1, "{without:?}");
    api.apply(role).await;
    let wrong =
        doctor_until(&bench, &flags, "WRONG  list ingresses.networking.k8s.io: not allowed");
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(wrong.out.contains("1 thing is wrong"), "{}", wrong.out);
}

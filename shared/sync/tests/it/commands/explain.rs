//! One name, and everything about it: each reason a test of its own.

use std::sync::Arc;

use extdns_providers::Provider;
use extdns_sync::explain::{self, Explanation, Fate, Owner, explain};

use extdns_testkit::kube::{READER, READER_TOKEN};
use extdns_testkit::kube_sim::{KubeSim, User};
use extdns_testkit::route53::{Fault, Operation, RecordSet, Route53Sim};
use serde_json::{Value, json};

use crate::commands::support::{apply, in_memory, reading, route53, settings, wiring};

const NAME: &str = "www.example.org";
const SERVICE: [&str; 2] = ["--source=service", "--manifests=-"];

/// A load balancer service that wants [`NAME`].
fn service(name: &str, metadata: &str, address: &str) -> String {
    let ingress =
        if address.is_empty() { String::new() } else { format!("{{ ip: \"{address}\" }}") };
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: {name}\n  \
         annotations:\n    external-dns.kubernetes.io/hostname: {NAME}\n{metadata}\
         spec: {{ type: LoadBalancer }}\n\
         status: {{ loadBalancer: {{ ingress: [{ingress}] }} }}\n"
    )
}

fn plain() -> String {
    service("web", "", "192.0.2.1")
}

fn render(explanation: &Explanation) -> String {
    explain::render(std::slice::from_ref(explanation))
}

async fn explained(
    provider: &Arc<dyn Provider>,
    flags: &[&str],
    objects: &str,
    name: &str,
) -> Explanation {
    let flags: Vec<&str> = SERVICE.iter().chain(flags).copied().collect();
    explain(&reading(wiring(provider, &flags), objects), name).await.remove(0)
}

/// What is said of the name, where there is one zone and nothing in it.
async fn said(flags: &[&str], objects: &str, name: &str) -> String {
    let provider = in_memory(&["example.org"]).await;
    let explanation = explained(&provider, flags, objects, name).await;
    assert!(explanation.gaps.is_empty(), "{:?}", explanation.gaps);
    render(&explanation)
}

/// What is said of the one object that has the name, and that a run does nothing.
async fn reason(flags: &[&str], objects: &str) -> String {
    let text = said(flags, objects, NAME).await;
    let expected_rest =
        "\nin the zones\n  there is no record of this name\n\na run\n  does nothing\n";
    let wanted = text
        .strip_prefix("www.example.org\n\nwanted by\n  service/shop/web")
        .and_then(|rest| rest.strip_suffix(expected_rest));
    wanted.unwrap_or_else(|| panic!("{text}")).trim_end().to_owned()
}

#[tokio::test]
async fn what_becomes_a_record() {
    assert_eq!(
        said(&[], &plain(), "WWW.example.org.").await,
        "WWW.example.org\n\n\
         wanted by\n  service/shop/web A 192.0.2.1: this is what is to be published\n\n\
         in the zones\n  there is no record of this name\n\n\
         a run\n  creates A www.example.org 192.0.2.1 in example.org: it is wanted and missing\n"
    );
}

#[tokio::test]
async fn reason_annotation_filter() {
    let flags = ["--annotation-filter=team=x"];
    let expected = ": not looked at: its annotations do not match --annotation-filter";
    assert_eq!(reason(&flags, &plain()).await, expected);
}

#[tokio::test]
async fn reason_label_filter() {
    let objects = service("web", "  labels: { dns: \"no\" }\n", "192.0.2.1");
    let expected = ": not looked at: its labels do not match --label-filter";
    assert_eq!(reason(&["--label-filter=dns!=no"], &objects).await, expected);
}

#[tokio::test]
async fn reason_controller_annotation() {
    let metadata = "    external-dns.kubernetes.io/controller: other\n";
    let expected = ": not looked at: its controller annotation names another controller";
    assert_eq!(reason(&[], &service("web", metadata, "192.0.2.1")).await, expected);
}

#[tokio::test]
async fn reason_service_type() {
    let expected = ": not looked at: it is a service of type LoadBalancer, which \
                    --service-type-filter leaves out";
    assert_eq!(reason(&["--service-type-filter=NodePort"], &plain()).await, expected);
}

#[tokio::test]
async fn reason_ingress_class() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { namespace: shop, \
                   name: front }\nspec: { ingressClassName: nginx, rules: [{ host: \
                   www.example.org }] }\n";
    let text = said(&["--source=ingress", "--ingress-class=public"], ingress, NAME).await;
    let line =
        "  ingress/shop/front: not looked at: its class \"nginx\" is not among --ingress-class\n";
    assert!(text.contains(line), "{text}");
}

#[tokio::test]
async fn reason_domain_filter() {
    let expected = " A 192.0.2.1: dropped: --domain-filter, --exclude-domains or their regular \
                    expressions leave the name out";
    assert_eq!(reason(&["--domain-filter=example.com"], &plain()).await, expected);
}

#[tokio::test]
async fn reason_invalid_name() {
    let name = format!("{}.example.org", "w".repeat(64));
    let text = said(&[], &plain().replace(NAME, &name), &name).await;
    assert!(text.contains("\n  service/shop/web: dropped: name "), "{text}");
    assert!(text.contains(" has a label of 64 bytes "), "{text}");
}

#[tokio::test]
async fn reason_target_net_filter() {
    let expected = " A: dropped: no target passes --target-net-filter and --exclude-target-net";
    assert_eq!(reason(&["--target-net-filter=10.0.0.0/8"], &plain()).await, expected);
}

#[tokio::test]
async fn reason_type_not_managed() {
    let expected = " A 192.0.2.1: dropped: A is not in --managed-record-types, or in \
                    --exclude-record-types";
    assert_eq!(reason(&["--managed-record-types=AAAA"], &plain()).await, expected);
}

#[tokio::test]
async fn reason_unready() {
    assert_eq!(
        reason(&[], &service("web", "", "")).await,
        ": it has no address yet; a route has none before a parent accepts it"
    );
}

#[tokio::test]
async fn reason_nothing_to_publish() {
    let objects = plain().replace("type: LoadBalancer", "type: ClusterIP, clusterIP: 10.0.0.1");
    let said = reason(&[], &objects).await;
    assert!(said.starts_with(": it has nothing to publish: a ClusterIP service needs"), "{said}");
}

#[tokio::test]
async fn reason_no_zone() {
    let provider = in_memory(&["example.com"]).await;
    let text = render(&explained(&provider, &[], &plain(), NAME).await);
    let line =
        "  service/shop/web A 192.0.2.1: dropped: the name lies in no zone of the provider\n";
    assert!(text.contains(line), "{text}");
}

#[tokio::test]
async fn reason_lost_to_another() {
    let lb = |name: &str, host: &str| {
        service(name, "", "192.0.2.1").replace("ip: \"192.0.2.1\"", &format!("hostname: {host}"))
    };
    let objects = lb("web", "a.example.net") + &lb("api", "b.example.net");
    let text = said(&[], &objects, NAME).await;
    let lines = "  service/shop/api CNAME b.example.net: lost to service/shop/web, whose targets \
                 come first\n  service/shop/web CNAME a.example.net: this is what is to be \
                 published\n";
    assert!(text.contains(lines), "{text}");
}

#[tokio::test]
async fn reason_foreign_owner() {
    let provider = in_memory(&["example.org"]).await;
    let theirs = service("theirs", "", "192.0.2.9");
    apply(&provider, &[&SERVICE[..], &["--txt-owner-id=other"]].concat(), &theirs).await;
    let explanation = explained(&provider, &[], &plain(), NAME).await;
    assert_eq!(explanation.records[0].owner, Owner::Foreign("other".into()));
    let text = render(&explanation);
    for line in [
        "  service/shop/web A 192.0.2.1: this is what is to be published\n",
        "  example.org: A www.example.org 192.0.2.9: of owner \"other\", not ours, for \
         service/shop/theirs\n",
        "  would update A www.example.org 192.0.2.1 in example.org: it differs in targets; held \
         back: the name belongs to owner \"other\"\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[tokio::test]
async fn reason_policy() {
    let provider = in_memory(&["example.org"]).await;
    apply(&provider, &SERVICE, &plain()).await;
    let flags = ["--policy=upsert-only", "--label-filter=none"];
    let explanation = explained(&provider, &flags, &plain(), NAME).await;
    assert!(matches!(explanation.desired[0].fate, Fate::Hidden(_)));
    let text = render(&explanation);
    let line = "  would delete A www.example.org 192.0.2.1 in example.org: it is ours and nothing \
                wants it; held back: --policy does not allow it\n";
    assert!(text.contains(line), "{text}");
}

#[tokio::test]
async fn reason_protected() {
    let provider = in_memory(&["example.org"]).await;
    apply(&provider, &SERVICE, &plain()).await;
    let other = service("web", "", "192.0.2.2");
    let text = render(&explained(&provider, &["--protect=*.example.org"], &other, NAME).await);
    let line = "  would update A www.example.org 192.0.2.2 in example.org: it differs in targets; \
                held back: ";
    assert!(text.contains(line) && text.contains("*.example.org"), "{text}");
}

/// The source that wanted the name cannot be read any more; another one can.
#[tokio::test]
async fn reason_frozen() {
    let ingress = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { namespace: shop, \
                   name: front }, spec: { rules: [{ host: www.example.org }] }, status: { \
                   loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } } }";
    let provider = in_memory(&["example.org"]).await;
    let cluster = |rules: Value| {
        let user = User::new("reader", READER_TOKEN).may(&json!([rules]));
        let kube = KubeSim::builder().yaml(ingress).user(user).start();
        let path = kube.write_kubeconfig(&kube.kubeconfig(READER));
        (kube, format!("--kubeconfig={}", path.display()))
    };
    let sources = ["--source=service", "--source=ingress"];
    let (_open, kubeconfig) =
        cluster(json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }));
    apply(&provider, &[sources[0], sources[1], &kubeconfig], "").await;

    let only = json!({ "apiGroups": [""], "resources": ["services"], "verbs": ["list"] });
    let (_closed, kubeconfig) = cluster(only);
    let wiring = wiring(&provider, &[sources[0], sources[1], &kubeconfig]);
    let explanation = explain(&wiring, NAME).await.remove(0);
    assert_eq!(explanation.gaps.len(), 1, "{:?}", explanation.gaps);
    let text = render(&explanation);
    for line in [
        "  would delete A www.example.org 192.0.2.1 in example.org: it is ours and nothing wants \
         it; held back: ",
        "\nnot known\n  cluster \"default\": gather source \"ingress\": ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn what_is_there_already() {
    let provider = in_memory(&["example.org"]).await;
    apply(&provider, &SERVICE, &plain()).await;
    let text = render(&explained(&provider, &[], &plain(), NAME).await);
    let rest = "in the zones\n  example.org: A www.example.org 192.0.2.1: ours (\"me\"), for \
                service/shop/web\n\na run\n  does nothing: the records are as they are wanted\n";
    assert!(text.ends_with(rest), "{text}");
}

/// Where there is no record of the name, the nearest wildcard answers.
#[tokio::test]
async fn what_a_wildcard_answers() {
    let provider = in_memory(&["example.org"]).await;
    let wildcard = |name: &str, host: &str| {
        service(name, "", "192.0.2.7").replace(NAME, &format!("\"{host}\""))
    };
    let objects = wildcard("all", "*.example.org") + &wildcard("near", "*.a.example.org");
    apply(&provider, &SERVICE, &objects).await;
    for (name, expected) in [
        (NAME, Some("*.example.org")),
        ("x.y.a.example.org", Some("*.a.example.org")),
        ("example.org", None),
        ("*.example.org", None),
    ] {
        let explanation = explained(&provider, &[], &objects, name).await;
        let found = explanation.wildcards.first().map(|held| held.set.name.as_str());
        assert_eq!(found, expected, "{name}");
    }
    let text = render(&explained(&provider, &[], &objects, NAME).await);
    let line = "  example.org: A *.example.org 192.0.2.7: which answers for this name, ours (\"me\"), \
                for service/shop/all\n";
    assert!(text.contains(line), "{text}");
}

/// What is said where Route 53 holds these records and may deny them.
async fn over_route53(records: impl IntoIterator<Item = RecordSet>, denied: bool) -> String {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    zone.seed(records);
    if denied {
        let fault = Fault::error(403, "AccessDenied", "no").on(Operation::ListResourceRecordSets);
        sim.fault(fault.always());
    }
    let flags = ["--source=service", "--manifests=-", "--provider=aws"];
    let provider = route53(&sim, &settings(&flags).0);
    let explanation = explain(&reading(wiring(&provider, &flags), &plain()), NAME).await.remove(0);
    render(&explanation)
}

#[tokio::test]
async fn reason_reserved_name() {
    let ownership_record = "heritage=external-dns,external-dns/owner=other";
    let text = over_route53([RecordSet::txt("a-www.example.org", ownership_record)], false).await;
    for line in [
        "an ownership record without a record, of owner \"other\", not ours\n",
        "  would create A www.example.org 192.0.2.1 in example.org: it is wanted and \
         missing; held back: the name belongs to owner \"other\"\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn reason_unreadable_zone() {
    let text = over_route53([], true).await;
    for line in [
        "\n  example.org: it could not be read: ",
        "  would create A www.example.org 192.0.2.1 in example.org: it is wanted and \
         missing; held back: its zone could not be read\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_name_that_nobody_knows() {
    assert_eq!(
        said(&[], &plain(), "nobody.example.org").await,
        "nobody.example.org\n\nwanted by\n  no object has this name\n\nin the zones\n  there is no \
         record of this name\n\na run\n  does nothing\n"
    );
}

/// One object is hidden, another is not: only the other's targets count.
#[tokio::test]
async fn hidden_beside_wanted() {
    let objects = service("hidden", "  labels: { dns: \"no\" }\n", "192.0.2.7") + &plain();
    let explanation = {
        let provider = in_memory(&["example.org"]).await;
        explained(&provider, &["--label-filter=dns!=no"], &objects, NAME).await
    };
    let fates: Vec<String> = explanation
        .desired
        .iter()
        .map(|desired| {
            format!("{:?} {:?}", desired.resource.as_ref().map(|it| &it.name), desired.targets)
        })
        .collect();
    assert_eq!(fates.len(), 2, "{fates:?}");
    assert!(matches!(explanation.desired[0].fate, Fate::Hidden(_)));
    assert_eq!(explanation.desired[1].fate, Fate::Taken);
    assert_eq!(explanation.steps[0].set.targets.as_slice(), ["192.0.2.1"]);
}

/// What could not be looked at is said, once, and the zones are looked at all the same.
#[tokio::test]
async fn a_cluster_that_does_not_answer_is_a_gap() {
    let provider = in_memory(&["example.org"]).await;
    apply(&provider, &SERVICE, &plain()).await;
    let flags = ["--source=service", "--server=http://127.0.0.1:1"];
    let explanation = explain(&wiring(&provider, &flags), NAME).await.remove(0);
    assert_eq!(explanation.gaps.len(), 1, "{:?}", explanation.gaps);
    assert!(explanation.desired.is_empty());
    assert_eq!(explanation.records.len(), 1);
    assert!(render(&explanation).contains("\nnot known\n  "), "{}", render(&explanation));
}

//! Servers that answer wrongly. What is wanted stays wanted all the time, so nothing of it may be deleted.

use extdns_testkit::http::Request;
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{KubeSim, User};
use serde_json::{Value, json};

use super::{BOUND, GRACE, TIMEOUT, converges, disturbed, task};
use crate::dice::Dice;
use crate::dns::Dns;
use crate::judge;
use crate::lies::{Edit, Lie, PLAIN, liar};
use crate::program::{Bench, Task};
use crate::secrets;
use crate::world::{Desired, OWNER, strangers};

/// A cluster that wants this.
pub(super) fn cluster(desired: &Desired) -> KubeSim {
    let builder = KubeSim::builder().user(User::admin("chaos", secrets::TOKEN));
    desired.objects().into_iter().fold(builder, |builder, object| builder.object(object)).start()
}

/// A run over this cluster, in pages of a few objects.
pub(super) fn reading(task: Task, kube: &KubeSim) -> Task {
    let path = kube.write_kubeconfig(&kube.kubeconfig(Login::Token(secrets::TOKEN)));
    task.arg(&format!("--kubeconfig={}", path.display()))
}

fn puts(kube: &KubeSim, before: &Desired, after: &Desired) {
    let (before, after) = (before.objects(), after.objects());
    let same = |a: &Value, b: &Value| a["metadata"]["name"] == b["metadata"]["name"];
    for object in before.iter().filter(|old| !after.iter().any(|new| same(old, new))) {
        kube.delete(object);
    }
    for object in after {
        kube.apply(object);
    }
}

/// Who lies.
enum Liar {
    Cluster,
    Provider,
}

fn play(
    dice: &mut Dice,
    bench: &Bench,
    provider: &str,
    who: &Liar,
    lies: &[Lie],
    chosen: impl Fn(&Request) -> bool + Copy + Send + Sync + 'static,
) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::start(provider, bench.dir(), &strangers);
    let before = Desired::roll(dice);
    let kube = cluster(&before);
    let quiet = reading(dns.reached_by(task("apply")), &kube);
    judge::ended_with(&bench.run(&quiet, BOUND)?, 0)?;
    let after = before.changed(dice);
    puts(&kube, &before, &after);
    let wanted = before.names_in_common(&after);

    for _ in 0..dice.between(1, 2) {
        let there = dns.records();
        let liar = liar(dice, lies, chosen);
        match who {
            Liar::Cluster => kube.interfere(Some(liar)),
            Liar::Provider => dns.interfere(Some(liar)),
        }
        let level = dice.pick(&["info", "debug", "trace"]);
        let command =
            if matches!(who, Liar::Provider) && dice.once_in(4) { gc(&dns) } else { quiet.clone() };
        let lied_to =
            command.arg(TIMEOUT).arg("--report=report.json").arg(&format!("--log-level={level}"));
        let run = bench.run(&lied_to, GRACE)?;
        kube.interfere(None);
        dns.interfere(None);
        disturbed(&run, &dns, &strangers)?;
        judge::kept(&wanted, &there, &dns.records())?;
    }
    converges(bench, &dns, &quiet, &after, &strangers)
}

/// Runs `gc`, which removes ownership records without a record: there is none, whatever the servers answer.
fn gc(dns: &Dns) -> Task {
    let task = Task::new(&["gc", "--apply", "--no-guard", "--registry=txt"]);
    dns.reached_by(task.arg(&format!("--txt-owner-id={OWNER}")))
}

pub(super) fn kubernetes(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    const OWN: [Edit; 5] = [remaining, bare_item, token_again, no_metadata, another_kind];
    let provider = dice.pick(&["aws", "zonefile"]);
    let lies: Vec<Lie> =
        PLAIN.into_iter().chain([Lie::Part, Lie::EmptyPage]).chain(OWN.map(Lie::Edited)).collect();
    play(dice, bench, provider, &Liar::Cluster, &lies, |_| true)
}

pub(super) fn route53(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    const TEXTS: [&str; 4] = [
        "<IsTruncated>false</IsTruncated>",
        "</ResourceRecordSets>",
        "</ListResourceRecordSetsResponse>",
        "</HostedZones>",
    ];
    let lies: Vec<Lie> = PLAIN.into_iter().chain(TEXTS.map(Lie::Without)).collect();
    play(dice, bench, "aws", &Liar::Provider, &lies, |_| true)
}

pub(super) fn webhook(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    if dice.once_in(2) {
        return play(dice, bench, "webhook", &Liar::Provider, &PLAIN, |_| true);
    }
    // A provider may adjust what is wanted, but not want it away.
    const OWN: [Edit; 3] = [fewer, no_targets, nothing];
    let lies = OWN.map(Lie::Edited);
    let chosen = |request: &Request| request.path == "/adjustendpoints";
    play(dice, bench, "webhook", &Liar::Provider, &lies, chosen)
}

fn items(list: &mut Value) -> Option<&mut Vec<Value>> {
    list.get_mut("items")?.as_array_mut().filter(|items| !items.is_empty())
}

/// A list that says that more is to come, and not where.
fn remaining(dice: &mut Dice, list: &mut Value) {
    let Some(items) = items(list) else { return };
    items.truncate(dice.between(0, items.len() - 1));
    list["metadata"]["remainingItemCount"] = json!(dice.between(1, 9));
}

/// An item that is none.
fn bare_item(dice: &mut Dice, list: &mut Value) {
    if let Some(items) = items(list) {
        let at = dice.between(0, items.len() - 1);
        items[at] = json!({});
    }
}

fn no_metadata(dice: &mut Dice, list: &mut Value) {
    if let Some(items) = items(list) {
        let at = dice.between(0, items.len() - 1);
        items[at].as_object_mut().map(|item| item.remove("metadata"));
    }
}

/// The same token for ever: a list without end, or one that is refused.
fn token_again(_: &mut Dice, list: &mut Value) {
    if let Some(items) = items(list) {
        items.clear();
        list["metadata"]["continue"] = json!("b25jZSBtb3Jl");
    }
}

fn another_kind(_: &mut Dice, list: &mut Value) {
    if let Some(items) = items(list) {
        items.clear();
        list["kind"] = json!("Status");
    }
}

fn fewer(dice: &mut Dice, endpoints: &mut Value) {
    if let Some(endpoints) = endpoints.as_array_mut().filter(|endpoints| !endpoints.is_empty()) {
        for _ in 0..dice.between(1, endpoints.len()) {
            endpoints.remove(dice.between(0, endpoints.len() - 1));
        }
    }
}

fn no_targets(dice: &mut Dice, endpoints: &mut Value) {
    for endpoint in endpoints.as_array_mut().into_iter().flatten() {
        match dice.between(1, 3) {
            1 => endpoint["targets"] = json!([]),
            2 => {
                endpoint.as_object_mut().map(|endpoint| endpoint.remove("targets"));
            }
            _ => {}
        }
    }
}

fn nothing(_: &mut Dice, endpoints: &mut Value) {
    if endpoints.is_array() {
        *endpoints = json!([]);
    }
}

//! The rights that the page of the provider asks for: exactly those that runs use, and they are enough.
//!
//! `UPDATE_EXPECT=1` writes the policy of the page anew, from the calls of the run below.

use std::collections::BTreeSet;
use std::path::PathBuf;

use extdns_model::{Action, Outcome, RecordType};
use extdns_providers::Reader as _;
use extdns_testkit::route53::{ACCOUNT, Operation, Route53Sim};
use serde_json::Value;

use crate::aws::support::{
    adjusted, apply, creates, found, group, plain, provider, record, set, stored,
};

const ZONES: &str = "arn:aws:route53:::hostedzone/*";

/// An action and on what.
type Right = (String, String);

/// Makes a record, changes it and removes it, with these flags; `false` where something is refused.
async fn run_all(sim: &Route53Sim, flags: &[&str]) -> bool {
    let provider = provider(sim, flags);
    let name = "www.e.test";
    for step in 0..3 {
        let Ok(inventory) = provider.read().await else { return false };
        if inventory.unreadable().next().is_some() {
            return false;
        }
        let new = || set(name, RecordType::A, 60, &[&format!("192.0.2.{}", 1 + step)]);
        let groups = if step == 0 {
            creates(&inventory, &adjusted(&provider, vec![new()]).await)
        } else {
            let (zone, _) = inventory.records().next().expect("a record");
            let old = stored(found(&inventory, name, RecordType::A));
            let action = match step {
                1 => Action::Update { old, new: plain(new()) },
                _ => Action::Delete(old),
            };
            vec![group(zone, vec![record(action)])]
        };
        let outcomes = apply(&provider, &inventory, groups).await;
        if outcomes.iter().any(|outcome| *outcome != Outcome::Applied) {
            return false;
        }
    }
    true
}

fn world() -> Route53Sim {
    let sim = Route53Sim::start();
    sim.zone("e.test").tag("team", "dns");
    sim
}

/// The rights that the calls of a run took.
fn used(sim: &Route53Sim) -> BTreeSet<Right> {
    let of = |operation: Operation| {
        let on_zones = operation != Operation::ListHostedZones;
        (operation.action(), if on_zones { ZONES } else { "*" }.to_owned())
    };
    sim.calls().iter().map(|call| of(call.operation)).collect()
}

/// Whether such a run goes well with these rights alone.
async fn is_enough(rights: &BTreeSet<Right>, flags: &[&str]) -> bool {
    let sim = world();
    let user = sim.account(ACCOUNT).user("AKIATEST");
    sim.allow_only(&user, rights.iter().map(|(action, on)| (action.as_str(), on.as_str())));
    run_all(&sim, flags).await
}

/// The policy as the page shows it.
fn policy(rights: &BTreeSet<Right>) -> String {
    let on = |resource: &str| {
        let own = rights.iter().filter(|(_, on)| on == resource);
        own.map(|(action, _)| format!("\"{action}\"")).collect::<Vec<_>>().join(", ")
    };
    format!(
        "{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {{\n      \"Effect\": \"Allow\",\n      \
         \"Action\": [{}],\n      \"Resource\": \"{ZONES}\"\n    }},\n    {{ \"Effect\": \"Allow\", \"Action\": {}, \
         \"Resource\": \"*\" }}\n  ]\n}}\n",
        on(ZONES),
        on("*"),
    )
}

/// The first block of JSON of a page, and where it stands.
fn block(page: &str) -> std::ops::Range<usize> {
    let start = page.find("```json\n").expect("a block of JSON") + "```json\n".len();
    start..start + page[start..].find("```").expect("its end")
}

#[tokio::test]
async fn the_policy_of_the_page_is_what_runs_use_and_enough() {
    let sim = world();
    assert!(run_all(&sim, &[]).await);
    let rights = used(&sim);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/aws/page.md");
    let mut page = std::fs::read_to_string(&path).expect("the page");
    let shown = block(&page);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        page.replace_range(shown, &policy(&rights));
        return std::fs::write(&path, page).expect("written");
    }
    assert_eq!(page[shown.clone()], policy(&rights), "UPDATE_EXPECT=1 writes it");
    let _: Value = serde_json::from_str(&page[shown]).expect("JSON");

    assert!(is_enough(&rights, &[]).await);
    for right in &rights {
        let mut fewer = rights.clone();
        fewer.remove(right);
        assert!(!is_enough(&fewer, &[]).await, "{right:?} is not needed");
    }
}

/// What the page says that some flags need beside it.
#[tokio::test]
async fn flags_need_what_the_page_says() {
    let sim = world();
    assert!(run_all(&sim, &[]).await);
    let mut rights = used(&sim);
    let tags = ["--aws-zone-tags=team=dns"];
    assert!(!is_enough(&rights, &tags).await);
    rights.insert(("route53:ListTagsForResources".to_owned(), ZONES.to_owned()));
    assert!(is_enough(&rights, &tags).await);
    let sim = world();
    assert!(run_all(&sim, &tags).await);
    assert_eq!(used(&sim), rights);
}

//! How changes are packed.

use extdns_model::{Action, ChangeGroup, FailureKind, Inventory, Outcome, RecordType, ZoneKey};
use extdns_providers::Reader as _;
use extdns_testkit::route53::{self as sim, Route53Sim};

use crate::aws::support::{
    all_applied, apply, batches, group, pair, plain, provider, record, set, stored,
};

const ZONE: ZoneKey = ZoneKey(0);

/// 25 records, each with an ownership record: 10 and 7 bytes.
fn pairs() -> Vec<ChangeGroup> {
    (0..25)
        .map(|n| {
            let name = format!("n{n:02}.e.test");
            pair(ZONE, set(&name, RecordType::A, 60, &["192.0.2.10"]), "\"text!\"")
        })
        .collect()
}

/// The same as updates of what is there.
fn updates(inventory: &Inventory) -> Vec<ChangeGroup> {
    let old = |name: &str, rtype| stored(crate::aws::support::found(inventory, name, rtype));
    (0..25)
        .map(|n| {
            let name = format!("n{n:02}.e.test");
            let mut group = pair(ZONE, set(&name, RecordType::A, 60, &["192.0.2.11"]), "\"text?\"");
            for change in &mut group.changes {
                let Action::Create(new) = &change.action else { continue };
                let old = old(new.set.name.as_str(), new.set.rtype);
                change.action = Action::Update { old, new: new.clone() };
            }
            group
        })
        .collect()
}

async fn run(flags: &[&str], update: bool) -> (Vec<usize>, Vec<Outcome>) {
    let sim = Route53Sim::start();
    sim.zone("e.test");
    let inventory = provider(&sim, &[]).read().await.expect("readable");
    if update {
        all_applied(&apply(&provider(&sim, &[]), &inventory, pairs()).await);
    }
    let limited = provider(&sim, flags);
    let inventory = limited.read().await.expect("readable");
    let groups = if update { updates(&inventory) } else { pairs() };
    sim.forget_calls();
    let outcomes = apply(&limited, &inventory, groups).await;
    for batch in batches(&sim) {
        let deletes = batch.partition_point(|change| change.starts_with("DELETE"));
        let (deletes, creates) = batch.split_at(deletes);
        assert!(deletes.is_sorted() && creates.is_sorted(), "by name, then type: {batch:?}");
        assert!(creates.iter().all(|change| change.starts_with("CREATE")), "{batch:?}");
    }
    (batches(&sim).iter().map(Vec::len).collect(), outcomes)
}

#[tokio::test]
async fn r53_case_29_values_decide() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    let provider = provider(&sim, &["--aws-batch-change-size=4000"]);
    let inventory = provider.read().await.expect("readable");
    let groups: Vec<_> = (0..4000)
        .map(|n| {
            let address = format!("10.{}.{}.1", n / 250, n % 250);
            let desired = set(&format!("h{n:04}.e.test"), RecordType::A, 60, &[&address]);
            group(ZONE, vec![record(Action::Create(plain(desired)))])
        })
        .collect();
    all_applied(&apply(&provider, &inventory, groups).await);
    assert_eq!(batches(&sim).iter().map(Vec::len).collect::<Vec<_>>(), [1000; 4]);
    assert_eq!(zone.own_records().len(), 4000);
}

#[tokio::test]
async fn r53_case_30_batches_by_every_limit() {
    let cases: [(&str, bool, usize); 7] = [
        ("--aws-batch-change-size=11", false, 5),
        ("--aws-batch-change-size-bytes=100", false, 5),
        ("--aws-batch-change-size-bytes=100", true, 13),
        ("--aws-batch-change-size-values=100", false, 1),
        ("--aws-batch-change-size-values=100", true, 1),
        ("--aws-batch-change-size-values=10", false, 5),
        ("--aws-batch-change-size-values=10", true, 13),
    ];
    for (flag, update, expected) in cases {
        let (sizes, outcomes) = run(&[flag], update).await;
        all_applied(&outcomes);
        assert_eq!(sizes.len(), expected, "{flag} update={update} {sizes:?}");
        // An update goes as a delete and a create.
        assert_eq!(sizes.iter().sum::<usize>(), if update { 100 } else { 50 }, "{flag}");
        assert!(sizes.iter().all(|size| size % 2 == 0), "no pair is split: {sizes:?}");
    }
    let (sizes, outcomes) = run(&["--aws-batch-change-size=1"], false).await;
    assert!(sizes.is_empty());
    assert_eq!(outcomes.len(), 25, "nothing is lost");
    for (n, outcome) in outcomes.iter().enumerate() {
        let Outcome::Rejected(failure) = outcome else { panic!("{outcome:?}") };
        assert_eq!(failure.kind, FailureKind::Limit);
        assert!(failure.message.contains(&format!("n{n:02}.e.test")), "{failure}");
    }
}

#[tokio::test]
async fn r53_case_31_one_batch_in_order() {
    let sim = Route53Sim::start();
    let zone = sim.zone("e.test");
    zone.seed(
        ["d2", "d1", "u2", "u1"]
            .map(|label| sim::RecordSet::a(&format!("{label}.e.test"), "192.0.2.1")),
    );
    let provider = provider(&sim, &[]);
    let inventory = provider.read().await.expect("readable");
    let old = |label: &str| {
        stored(crate::aws::support::found(&inventory, &format!("{label}.e.test"), RecordType::A))
    };
    let new = |label: &str, rtype, target: &str| {
        plain(set(&format!("{label}.e.test"), rtype, 60, &[target]))
    };
    let update =
        |label| Action::Update { old: old(label), new: new(label, RecordType::A, "192.0.2.9") };
    let actions = vec![
        Action::Create(new("c2", RecordType::Txt, "\"x\"")),
        Action::Create(new("c2", RecordType::A, "192.0.2.2")),
        Action::Create(new("c1", RecordType::A, "192.0.2.1")),
        Action::Delete(old("d2")),
        update("u2"),
        Action::Delete(old("d1")),
        update("u1"),
    ];
    let groups = actions.into_iter().map(|action| group(ZONE, vec![record(action)])).collect();
    all_applied(&apply(&provider, &inventory, groups).await);
    assert_eq!(
        batches(&sim),
        [[
            "DELETE d1.e.test. A",
            "DELETE d2.e.test. A",
            "DELETE u1.e.test. A",
            "DELETE u2.e.test. A",
            "CREATE c1.e.test. A",
            "CREATE c2.e.test. A",
            "CREATE c2.e.test. TXT",
            "CREATE u1.e.test. A",
            "CREATE u2.e.test. A",
        ]]
    );
}

/// Between two batches of one zone, and nowhere else.
#[tokio::test]
async fn r53_case_25_pauses_between_batches_of_one_zone() {
    let flags = ["--aws-batch-change-interval=300ms", "--aws-batch-change-size=1"];
    for (zones, per_zone, least, most) in [(2, 1, 0, 250), (1, 3, 600, 850)] {
        let sim = Route53Sim::start();
        for zone in 0..zones {
            sim.zone(&format!("z{zone}.test"));
        }
        let provider = provider(&sim, &flags);
        let inventory = provider.read().await.expect("readable");
        let groups = (0..zones)
            .flat_map(|zone| (0..per_zone).map(move |n| (zone, n)))
            .map(|(zone, n)| {
                let desired = set(&format!("a{n}.z{zone}.test"), RecordType::A, 60, &["192.0.2.1"]);
                group(ZoneKey(zone), vec![record(Action::Create(plain(desired)))])
            })
            .collect();
        all_applied(&apply(&provider, &inventory, groups).await);
        let calls = sim.calls();
        let writes: Vec<_> = calls.iter().filter(|it| it.operation.is_write()).collect();
        assert_eq!(writes.len(), 2 + usize::from(zones == 1));
        let took = writes[writes.len() - 1].at - writes[0].at;
        assert!(took.as_millis() >= least, "{took:?}");
        assert!(took.as_millis() < most || least > 0, "{took:?}");
    }
}

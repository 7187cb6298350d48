//! Everything that a plan promises is made, and what it holds back is exactly what the server would
//! refuse.

use extdns_model::{Endpoint, Inventory, Name, RecordSet, RecordType, Role, Surroundings, Ttl};

use super::Harness;
use super::simple_plan::{OWNERSHIP, ownership_name};
use super::suite::{self, Make};
use crate::engine::text;
use crate::{Capabilities, Provider};

/// Record sets that a name server takes, as far as the provider has room for them, or must not take.
/// Of those that must not be stored, none reaches the server; of those that the provider lets pass,
/// each is stored.
pub async fn keeps_its_promises<H: Harness>(make: impl Make<H>) {
    let kit = make().await;
    let mixed = set(&kit, "mixed.", RecordType::Mx, &["10 mail.example.net"]);
    kit.seed(std::slice::from_ref(&mixed)).await;
    let provider = kit.provider().await;
    let inventory = provider.read().await.expect("readable");
    // A service may have no such records at all.
    let is_there = inventory.records().any(|(_, it)| it.set.name.key() == mixed.name.key());
    let inputs = inputs(&kit, provider.capabilities(), is_there);
    let desired = inputs.iter().map(|(set, _)| Endpoint::from_set(set.clone())).collect();
    let adjusted = provider.adjust(desired, &inventory.index).await.expect("adjusted");
    let desired: Vec<RecordSet> =
        adjusted.endpoints.into_iter().map(|endpoint| endpoint.set).collect();

    let (held, going): (Vec<_>, Vec<_>) =
        desired.into_iter().partition(|set| is_held(&*provider, &inventory, set));
    for (set, must_be_held) in &inputs {
        let goes = going.iter().any(|going| is_same(going, set));
        assert!(!(*must_be_held && goes), "is promised, and would be refused: {}", set.name);
    }
    assert!(going.iter().any(|set| set.name.as_str().starts_with("good.")), "held: {held:?}");
    let outcomes = suite::apply(&*provider, &inventory, &going).await;
    suite::all_applied(&outcomes);
    kit.settle().await;
    let contents = kit.contents().await;
    // Some harnesses leave out all that the apex has.
    let of_apex = |set: &RecordSet| set.name.key() == kit.zone().key();
    for (set, goes) in
        going.iter().map(|set| (set, true)).chain(held.iter().map(|set| (set, false)))
    {
        let is_there = contents.iter().any(|other| is_same(other, set));
        assert!(
            is_there == goes || of_apex(set),
            "stored {is_there}, promised {goes}: {}",
            set.name
        );
    }
}

fn is_same(one: &RecordSet, other: &RecordSet) -> bool {
    (one.name.key(), one.rtype) == (other.name.key(), other.rtype)
}

/// Whether the plan would hold back a record set: for its own sake, or for its ownership record's.
fn is_held(provider: &dyn Provider, inventory: &Inventory, set: &RecordSet) -> bool {
    let Some(key) = inventory.index.route(&set.name.key(), None).first().copied() else {
        return true;
    };
    let zone = inventory.index.zone(key);
    let stays = inventory.records().filter(|(zone, _)| *zone == key).map(|(_, record)| &record.set);
    let beside: Vec<&RecordSet> =
        stays.filter(|other| other.name.key() == set.name.key()).collect();
    let around = Surroundings { beside: &beside, ..Surroundings::alone(zone, set) };
    let name = ownership_name(&set.name, set.rtype);
    let ownership_record =
        RecordSet::new(name, RecordType::Txt, Ttl::UNSET, [OWNERSHIP].into_iter().collect());
    let of_mark =
        Surroundings { role: Role::Ownership, ..Surroundings::alone(zone, &ownership_record) };
    let refusals = [provider.refusal(set, around), provider.refusal(&ownership_record, of_mark)];
    refusals.into_iter().flatten().next().is_some()
}

/// Record sets, and whether none of them may reach the server.
fn inputs(kit: &impl Harness, can: &Capabilities, is_mixed: bool) -> Vec<(RecordSet, bool)> {
    use RecordType::{A, Cname, Txt};
    let address = &["192.0.2.1"][..];
    let dns = can.follows_dns;
    let is_narrow = can.label_characters.is_some();
    let (label, name) = (format!("{}.", "l".repeat(64)), "abcdefg.".repeat(31));
    let (short, long) =
        (text::quoted("text").into_owned(), "t".repeat(can.max_text.min(70_000) + 1));
    let values: Vec<String> = (0..=can.max_values.min(2000))
        .map(|n| format!("10.1.{}.{}", n / 250, n % 250 + 1))
        .collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let mut inputs = vec![
        (set(kit, "good.", A, address), false),
        (set(kit, "good-text.", Txt, &[&short]), false),
        (set(kit, "good_alias.", Cname, &["lb.example.net"]), false),
        (set(kit, "*.wild.", A, address), is_narrow),
        (set(kit, "in*side.", A, address), is_narrow),
        (set(kit, &label, A, address), dns),
        (set(kit, &name, A, address), dns),
        (set(kit, "empty..", A, address), dns),
        (set(kit, "two.", Cname, &["a.example.net", "b.example.net"]), dns),
        (set(kit, "mixed.", Cname, &["lb.example.net"]), dns && is_mixed),
    ];
    if dns {
        inputs.push((set(kit, "long-text.", Txt, &[&long]), true));
        inputs.push((set(kit, "", Cname, &["lb.example.net"]), !can.alias));
    }
    if can.max_values < 2000 {
        inputs.push((set(kit, "values.", A, &values), true));
    }
    inputs
}

/// A record set below the apex of the kit's zone, by what stands in front of it.
fn set(kit: &impl Harness, front: &str, rtype: RecordType, targets: &[&str]) -> RecordSet {
    let name = Name::as_listed(&format!("{front}{}", kit.zone()));
    RecordSet::new(name, rtype, Ttl::from_seconds(300), targets.iter().copied().collect())
}

//! The harness itself: what is random follows from the seed, and the judge sees what it is there to see.

use std::time::Duration;

use extdns_chaos::dice::Dice;
use extdns_chaos::judge;
use extdns_chaos::kinds::KINDS;
use extdns_chaos::mutate;
use extdns_chaos::program::Run;
use extdns_chaos::secrets::{TOKEN, found_in};
use extdns_chaos::world::{Desired, Record, strangers};

fn run(code: Option<i32>, signal: Option<i32>, written: &str) -> Run {
    Run { code, signal, took: Duration::ZERO, written: written.to_owned() }
}

#[test]
fn a_round_follows_from_its_seed_kind_and_number() {
    let world = |seed, kind, number| {
        let mut dice = Dice::new(seed, kind, number);
        (
            strangers(&mut dice),
            Desired::roll(&mut dice),
            mutate::bytes(&mut dice, b"the same bytes"),
        )
    };
    assert_eq!(world(1, "kills", 2), world(1, "kills", 2));
    assert_ne!(world(1, "kills", 2), world(1, "kills", 3));
    assert_ne!(world(1, "kills", 2), world(2, "kills", 2));
    assert_ne!(world(1, "kills", 2), world(1, "rivals", 2));
}

#[test]
fn kinds_have_names_of_their_own() {
    let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), KINDS.len());
}

#[test]
fn the_judge_takes_our_exit_codes_and_nothing_else() {
    for code in 0..=6 {
        assert!(judge::sound(&run(Some(code), None, "")).is_ok());
    }
    for bad in [
        run(Some(101), None, ""),
        run(None, Some(6), ""),
        run(Some(1), None, "thread 'main' panicked at src/main.rs"),
        run(Some(1), None, &format!("authorization: Bearer {TOKEN}")),
    ] {
        assert!(judge::sound(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn secrets_are_found_in_every_spelling() {
    for text in [
        "kube-t0ken-5T4r/+fish",
        "kube-t0ken-5T4r%2F%2Bfish",
        "a3ViZS10MGtlbi01VDRyLytmaXNo",
        "kube-t0ken-5T4r\\/+fish",
    ] {
        assert_eq!(found_in(&format!("x{text}x")), Some(TOKEN), "{text}");
    }
    assert_eq!(found_in("nothing"), None);
}

#[test]
fn the_judge_misses_no_loss() {
    let mut dice = Dice::new(1, "judge", 0);
    let strangers = strangers(&mut dice);
    let desired = Desired::roll(&mut dice);
    assert!(judge::strangers_keep(&strangers, &strangers).is_ok());
    for at in 0..strangers.len() {
        let mut now = strangers.clone();
        let gone = now.remove(at);
        let meant = gone.name == "text.example.org";
        assert_eq!(judge::strangers_keep(&strangers, &now).is_ok(), meant, "{gone:?}");
    }

    let ownership_record =
        "heritage=external-dns,external-dns/owner=chaos,external-dns/resource=service/shop/x";
    let mut now = strangers.clone();
    for (name, addresses) in desired.hosts() {
        let values: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let record = Record::new(&name, "A", &values);
        if now.iter().all(|own| own.name != name) {
            now.push(Record::new(&record.ownership_name(), "TXT", &[ownership_record]));
            now.push(record);
        }
    }
    assert!(judge::as_wanted(&desired, &strangers, &now).is_ok());
    let own = now.iter().rposition(|record| record.rtype == "A").expect("a record");
    let lost = now.remove(own);
    assert!(judge::as_wanted(&desired, &strangers, &now).is_err());
    let names = [lost.name.clone()].into();
    assert!(judge::kept(&names, std::slice::from_ref(&lost), &now).is_err());
    now.push(lost);
    now.retain(|record| record.rtype != "TXT" || record.name != ownership_name_of(&desired));
    assert!(judge::all_owned(&strangers, &now).is_err());
}

/// The ownership name of the first name that is wanted, where no stranger is.
fn ownership_name_of(desired: &Desired) -> String {
    let (name, _) = desired.hosts().next().expect("a name");
    format!("a-{name}")
}

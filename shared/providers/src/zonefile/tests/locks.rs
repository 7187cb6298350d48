//! Locks: runs side by side, links, and what killed runs left behind.

use std::fs::{self};
use std::os::unix::fs::symlink;
use std::time::Duration;

use extdns_model::{FailureKind, NotSent, Outcome, Permit, RecordType};

use super::folder::{Folder, apply, www};
use super::{HEAD, create, group, set};
use crate::files::Lock;
use crate::zonefile::path_of;
use crate::zonefile::write::FileWriter;
use crate::{Deadline, Provider as _, Reader as _, Transport, Writer as _};

#[tokio::test]
async fn a_second_run_waits_or_says_who_holds_the_lock() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let provider = folder.provider(&[]);
    let held = Lock::take(folder.0.path(), Duration::ZERO, &Deadline::none()).await.expect("free");

    let inventory = provider.read().await.expect("reading needs no lock");
    let zones = inventory.index.iter().map(|(_, zone)| (zone.clone(), path_of(zone))).collect();
    let via = Transport::new(provider.capabilities());
    let impatient = FileWriter::new(zones, via).waiting(Duration::ZERO);
    let outcomes = impatient.apply(&[www()], Deadline::none()).await;
    let [Outcome::NotSent(NotSent::Stopped(failure))] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(failure.kind, FailureKind::Transient);
    let holder = format!("pid {} on ", std::process::id());
    assert!(failure.message.contains(&holder), "{failure}");
    assert_eq!(folder.text("example.org.zone"), HEAD);

    let groups = [www()];
    let waiting = apply(&provider, &groups);
    tokio::pin!(waiting);
    let early = tokio::time::timeout(Duration::from_millis(120), &mut waiting).await;
    assert!(early.is_err(), "it waits");
    drop(held);
    assert_eq!(waiting.await, [Outcome::Applied]);
}

#[tokio::test]
async fn the_deadline_ends_the_wait() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let provider = folder.provider(&[]);
    let _held = Lock::take(folder.0.path(), Duration::ZERO, &Deadline::none()).await.expect("free");
    let inventory = provider.read().await.expect("read");
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    let soon = Deadline::within(Duration::from_millis(80));
    let outcomes = writer.apply(&[www()], soon).await;
    assert!(matches!(outcomes[..], [Outcome::NotSent(NotSent::Stopped(_))]), "{outcomes:?}");
    let over = writer.apply(&[www()], Deadline::within(Duration::ZERO)).await;
    assert_eq!(over, [Outcome::NotSent(NotSent::Deadline)]);
}

/// A folder with a link to the zone file of another.
fn linked(real: &Folder) -> Folder {
    let folder = Folder::new();
    symlink(real.path("example.org.zone"), folder.path("example.org.zone")).expect("a link");
    folder
}

/// Two folders with links to one file, twenty records each, at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_over_several_links_to_one_file_lose_nothing() {
    let real = Folder::with(&[("example.org.zone", HEAD)]);
    let folders = [linked(&real), linked(&real)];
    let runs = folders.iter().zip(["a", "b"]).map(|(folder, run)| async move {
        let provider = folder.provider(&[]);
        for n in 0..20 {
            let name = format!("{run}{n}.example.org");
            let groups = [group(vec![create(set(&name, RecordType::A, 0, &["192.0.2.1"]))])];
            assert_eq!(apply(&provider, &groups).await, [Outcome::Applied], "{name}");
        }
    });
    futures::future::join_all(runs).await;
    let text = real.text("example.org.zone");
    assert_eq!(text.matches(" IN A 192.0.2.1\n").count(), 40, "{text}");
    assert!(text.contains("2026112441"), "one serial for each of forty writes: {text}");
    for folder in &folders {
        assert_eq!(folder.files(), ["example.org.zone"], "the lock is where the file is");
        assert!(folder.path("example.org.zone").is_symlink());
    }
}

#[tokio::test]
async fn a_lock_on_the_real_folder_holds_up_whoever_links_to_its_files() {
    let real = Folder::with(&[("example.org.zone", HEAD)]);
    let folder = linked(&real);
    let _held = Lock::take(&real.path("."), Duration::ZERO, &Deadline::none()).await.expect("free");
    let provider = folder.provider(&[]);
    let inventory = provider.read().await.expect("read");
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    let (until, stopper) = Deadline::none().stoppable();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(120)).await;
        stopper.stop();
    };
    let groups = [www()];
    let (outcomes, ()) = tokio::join!(writer.apply(&groups, until), stop);
    let [Outcome::NotSent(NotSent::Stopped(why))] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(why.message.contains("another run holds the lock on "), "{why}");
    assert_eq!(real.text("example.org.zone"), HEAD);
}

/// A lock that leads to the zone itself, or anywhere else, is neither followed nor written.
#[tokio::test]
async fn a_lock_that_is_a_link_is_not_written_through() {
    let precious = "do not touch\n";
    for (target, hard) in [
        ("example.org.zone", false),
        ("example.org.zone", true),
        ("precious", false),
        ("precious", true),
        ("nowhere", false),
    ] {
        let folder = Folder::with(&[("example.org.zone", HEAD), ("precious", precious)]);
        let lock = folder.path(".external-dns.lock");
        if hard {
            fs::hard_link(folder.path(target), &lock).expect("a link");
        } else {
            symlink(folder.path(target), &lock).expect("a link");
        }
        let provider = folder.provider(&[]);
        let outcomes = apply(&provider, &[www()]).await;
        let [Outcome::NotSent(NotSent::Stopped(why))] = &outcomes[..] else {
            panic!("{target}: {outcomes:?}");
        };
        assert!(why.message.contains("it is a link") && why.message.contains("remove it"), "{why}");
        assert_eq!(folder.text("example.org.zone"), HEAD, "{target}");
        assert_eq!(folder.text("precious"), precious, "{target}");
        assert!(!folder.path("nowhere").exists(), "nothing is made through a link either");
    }
    // A text that is not ours stays, be it in a file of that name.
    let folder = Folder::with(&[("example.org.zone", HEAD), (".external-dns.lock", precious)]);
    assert_eq!(apply(&folder.provider(&[]), &[www()]).await, [Outcome::Applied]);
    assert_eq!(folder.text(".external-dns.lock"), precious);
}

#[tokio::test]
async fn what_killed_runs_left_is_removed_by_the_next() {
    let left = [".example.org.zone.external-dns-1", ".real.db.external-dns-4194304"];
    let kept = [
        ".external-dns-1",
        "example.org.zone.external-dns-1",
        ".example.org.zone.external-dns-",
        ".example.org.zone.external-dns-1x",
        ".example.org.zone.external-dns-1.swp",
    ];
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    for name in left.into_iter().chain(kept) {
        fs::write(folder.path(name), "half of a zo").expect("written");
    }
    fs::create_dir(folder.path(".folder.external-dns-2")).expect("a folder");
    folder.provider(&[]).read().await.expect("a plan leaves all as it is");
    assert!(folder.path(left[0]).exists());
    assert_eq!(apply(&folder.provider(&[]), &[www()]).await, [Outcome::Applied]);
    let files = folder.files();
    assert!(left.iter().all(|name| !files.iter().any(|file| file == name)), "{files:?}");
    assert!(kept.iter().all(|name| files.iter().any(|file| file == name)), "{files:?}");
    assert!(files.iter().any(|file| file == ".folder.external-dns-2"), "{files:?}");
}

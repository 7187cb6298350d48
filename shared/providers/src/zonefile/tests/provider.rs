//! Folders, files and runs.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use extdns_model::{
    After, ChangeGroup, DomainFilter, Endpoint, FailureKind, GroupId, Inventory, Name, NotSent,
    Outcome, Permit, RecordType, Targets, Ttl, ZoneIndex, ZoneKey,
};
use extdns_testkit::process;
use tempfile::TempDir;

use super::{HEAD, create, delete, group, set, shown};
use crate::zonefile::folder::{self, Location};
use crate::zonefile::lock::Lock;
use crate::zonefile::write::FileWriter;
use crate::zonefile::{Zonefile, ZonefileArgs, path_of};
use crate::{Context, Deadline, Provider as _, Reader as _, Transport, Writer as _};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (name, text) in files {
            fs::write(folder.path(name), text).expect("written");
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("readable")
    }

    fn provider(&self, create: &[&str]) -> Zonefile {
        self.try_provider(create, &DomainFilter::default()).expect("a provider")
    }

    fn try_provider(&self, create: &[&str], filter: &DomainFilter) -> Result<Zonefile, String> {
        let args = ZonefileArgs {
            zonefile_dir: Some(self.0.path().to_owned()),
            zonefile_create: create.iter().map(ToString::to_string).collect(),
        };
        Zonefile::new(&args, &Context { zones: filter.clone().into(), ..Context::default() })
            .map_err(|error| error.message)
    }

    /// The names of all files, hidden ones too.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
            .collect();
        files.sort();
        files
    }
}

async fn apply(provider: &Zonefile, groups: &[ChangeGroup]) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("read");
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    writer.apply(groups, Deadline::none()).await
}

fn www() -> ChangeGroup {
    group(vec![create(set("www.example.org", RecordType::A, 0, &["192.0.2.1"]))])
}

fn zones(inventory: &Inventory) -> Vec<String> {
    inventory.index.iter().map(|(_, zone)| zone.to_string()).collect()
}

/// Asserts that BIND takes a zone file.
async fn checkzone(zone: &str, path: &Path) {
    let Some(program) = process::set_up("bind").await else {
        return process::skip(&format!("the check of {zone}"), "named-checkzone");
    };
    let checked = Command::new(program).args(["-i", "none", zone]).arg(path).output();
    let checked = checked.expect("tests/setup found it");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[tokio::test]
async fn the_zones_are_the_files_of_that_name() {
    let folder = Folder::with(&[
        ("example.org.zone", HEAD),
        ("Bücher.example.zone", "@ 1 SOA a b 1 1 1 1 1\n"),
        ("example.com.db", HEAD),
        (".hidden.zone", HEAD),
        (".zone", HEAD),
    ]);
    fs::create_dir(folder.path("folder.zone")).expect("a folder");
    let inventory = folder.provider(&[]).read().await.expect("read");
    assert_eq!(zones(&inventory), ["example.org", "Bücher.example"]);
    assert!(inventory.zones.iter().all(|zone| zone.records.is_ok()));
}

#[tokio::test]
async fn two_files_of_one_zone_are_an_error_at_the_start() {
    for twin in ["Example.ORG.zone", "example.org..zone"] {
        let folder = Folder::with(&[("example.org.zone", HEAD), (twin, HEAD)]);
        let error = folder.try_provider(&[], &DomainFilter::default()).expect_err("twins");
        for part in ["/example.org.zone", twin, "remove one"] {
            assert!(error.contains(part), "{error}");
        }
    }
    let folder = Folder::with(&[("bücher.org.zone", HEAD), ("xn--bcher-kva.org.zone", HEAD)]);
    assert!(folder.try_provider(&[], &DomainFilter::default()).is_err());
}

#[test]
fn wrong_settings_are_named() {
    let folder = Folder::new();
    let open = DomainFilter::default();
    let none = Zonefile::new(&ZonefileArgs::default(), &Context::default()).expect_err("no folder");
    assert!(none.message.contains("--zonefile-dir=DIR"), "{none}");
    let args =
        ZonefileArgs { zonefile_dir: Some(folder.path("nowhere")), ..ZonefileArgs::default() };
    let missing = Zonefile::new(&args, &Context::default()).expect_err("no such folder");
    assert!(missing.message.contains("--zonefile-dir: ") && missing.message.contains("/nowhere"));
    for zone in ["", ".", "a/b", "a..b", ".a", &"x".repeat(64)] {
        let error = folder.try_provider(&[zone], &open).expect_err(zone);
        assert!(error.contains("--zonefile-create"), "{error}");
    }
}

#[tokio::test]
async fn zones_outside_the_filter_are_not_opened() {
    let folder =
        Folder::with(&[("example.org.zone", HEAD), ("example.com.zone", "what is this?\n")]);
    // Listing a folder of that many links to nowhere is fine; opening one is not.
    symlink(folder.path("nowhere"), folder.path("other.test.zone")).expect("a link");
    let filter = DomainFilter::lists(["a.example.org"], []);
    let provider = folder.try_provider(&["more.test"], &filter).expect("a provider");
    let inventory = provider.read().await.expect("read");
    assert_eq!(zones(&inventory), ["example.org"]);
}

#[tokio::test]
async fn a_bad_file_stops_its_zone_only() {
    let folder = Folder::with(&[
        ("example.org.zone", HEAD),
        ("include.test.zone", "@ 1 SOA a b 1 1 1 1 1\n$INCLUDE x\n"),
        ("syntax.test.zone", "@ 1 SOA a b 1 1 1 1 1\n\nwww A 192.0.2.256\n"),
    ]);
    symlink(folder.path("nowhere"), folder.path("link.test.zone")).expect("a link");
    let provider = folder.provider(&[]);
    let inventory = provider.read().await.expect("read");
    let problems: Vec<_> = inventory.unreadable().map(|(_, why)| why.to_string()).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    for (problem, parts) in problems.iter().zip([
        ["zone include.test could not be read", "/include.test.zone:2: $INCLUDE"],
        ["zone link.test could not be read", "/link.test.zone cannot be read"],
        ["zone syntax.test could not be read", "/syntax.test.zone:3: "],
    ]) {
        assert!(parts.iter().all(|part| problem.contains(part)), "{problem}");
    }
    let mut include = group(vec![create(set("a.include.test", RecordType::A, 0, &["192.0.2.1"]))]);
    include.zone = ZoneKey(1);
    let outcomes = apply(&provider, &[www(), include]).await;
    assert_eq!(outcomes[0], Outcome::Applied);
    assert!(matches!(&outcomes[1], Outcome::Rejected(why) if why.message.contains(":2: $INCLUDE")));
    assert_eq!(folder.text("include.test.zone"), "@ 1 SOA a b 1 1 1 1 1\n$INCLUDE x\n");
}

#[tokio::test]
async fn planning_writes_nothing_and_applying_makes_the_zone() {
    let folder = Folder::new();
    let provider = folder.provider(&["Example.org"]);
    let inventory = provider.read().await.expect("read");
    assert_eq!(zones(&inventory), ["Example.org"]);
    assert_eq!(inventory.records().count(), 0);
    assert!(provider.calls().iter().all(|call| call.calls == 1 && !call.mutating));
    let desired =
        vec![Endpoint::from_set(set("www.example.org", RecordType::A, 0, &["192.0.2.1"]))];
    provider.adjust(desired, &ZoneIndex::default()).await.expect("adjusted");
    assert_eq!(folder.files(), [""; 0], "a plan leaves no trace");

    let bad = group(vec![create(set("www.example.org", RecordType::A, 0, &["x"]))]);
    assert!(matches!(apply(&provider, &[bad]).await[..], [Outcome::Rejected(_)]));
    assert_eq!(folder.files(), [".external-dns.lock"], "made with the first record only");

    assert_eq!(apply(&provider, &[www()]).await, [Outcome::Applied]);
    assert_eq!(folder.files(), [".external-dns.lock", "example.org.zone"]);
    let text = folder.text("example.org.zone");
    let soa = "example.org. 300 IN SOA ns1.example.org. hostmaster.example.org. 1 ";
    assert!(text.contains(soa), "{text}");
    assert!(text.contains("example.org. 300 IN NS localhost.\n"), "{text}");
    checkzone("example.org", &folder.path("example.org.zone")).await;
    let inventory = provider.read().await.expect("read");
    let (_, record) = inventory.records().last().expect("ours");
    assert_eq!(shown(std::slice::from_ref(record)), ["www.example.org A 300 192.0.2.1 (ours)"]);

    // A zone that has a file keeps it.
    assert_eq!(apply(&provider, &[www()]).await, [Outcome::Applied]);
    assert_eq!(folder.text("example.org.zone"), text, "nothing to do, nothing written");
}

#[tokio::test]
async fn mode_owner_and_links_are_kept() {
    let folder = Folder::with(&[("real.db", HEAD)]);
    let (real, link) = (folder.path("real.db"), folder.path("example.org.zone"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("a mode");
    // Only root may give a file away; anybody else keeps its own.
    let owned = std::os::unix::fs::chown(&real, Some(12_345), Some(23_456));
    symlink("real.db", &link).expect("a link");
    let before = fs::metadata(&real).expect("facts");
    assert!(owned.is_err() || (before.uid(), before.gid()) == (12_345, 23_456));

    assert_eq!(apply(&folder.provider(&[]), &[www()]).await, [Outcome::Applied]);
    let after = fs::metadata(&real).expect("facts");
    assert_ne!(before.ino(), after.ino(), "replaced, not overwritten");
    assert_eq!(
        (before.mode(), before.uid(), before.gid()),
        (after.mode(), after.uid(), after.gid())
    );
    assert_eq!(fs::read_link(&link).expect("still a link"), Path::new("real.db"));
    assert!(folder.text("real.db").contains("www.example.org. 300 IN A 192.0.2.1\n"));
    checkzone("example.org", &link).await;
    assert_eq!(folder.files(), [".external-dns.lock", "example.org.zone", "real.db"]);
}

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

/// A change of a signed zone would break its signatures; replacing one of several names of a file
/// would part them. Both are read, and not written.
#[tokio::test]
async fn signed_and_hard_linked_files_are_read_only() {
    let signature = "ns1 RRSIG A 13 3 60 20261201000000 20261101000000 1 example.org. c2ln\n";
    let key = "@ DNSKEY 257 3 13 ( cHVibGlja2V5 cHVibGlja2V5 )\n";
    for (more, hard_linked, words) in [
        (signature, false, Some(["RRSIG", "sign behind this program"])),
        ("", true, Some(["hard links", "symbolic links"])),
        // A key alone is in unsigned files as well.
        (key, false, None),
    ] {
        let text = format!("{HEAD}{more}");
        let folder = Folder::with(&[("example.org.zone", &text)]);
        if hard_linked {
            fs::hard_link(folder.path("example.org.zone"), folder.path("other")).expect("a link");
        }
        let provider = folder.provider(&[]);
        let inventory = provider.read().await.expect("read");
        assert!(inventory.unreadable().next().is_none(), "it can be read");
        let (_, zone) = inventory.index.iter().next().expect("one");
        assert_eq!(zone.read_only.is_some(), words.is_some(), "{more}");
        let outcomes = apply(&provider, &[www()]).await;
        let Some(words) = words else {
            assert_eq!(outcomes, [Outcome::Applied]);
            continue;
        };
        let [Outcome::Rejected(why)] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert_eq!(why.kind, FailureKind::ReadOnly);
        assert!(words.iter().all(|word| why.message.contains(word)), "{why}");
        assert!(words.iter().all(|word| zone.read_only.is_some_and(|it| it.contains(word))));
        assert_eq!(folder.text("example.org.zone"), text);
    }
}

#[test]
fn errors_of_the_system_name_their_remedy() {
    use rustix::io::Errno;
    for (errno, remedy) in [
        (Errno::MFILE, "ulimit -n"),
        (Errno::NFILE, "ulimit -n"),
        (Errno::NOSPC, "free space"),
        (Errno::DQUOT, "free space"),
        (Errno::ACCESS, "right to write its folder"),
        (Errno::ROFS, "mount it for writing"),
    ] {
        let error = std::io::Error::from_raw_os_error(errno.raw_os_error());
        assert!(folder::remedy(&error).contains(remedy), "{error}");
    }
}

/// The text of the full disk: far more than one block.
fn large() -> ChangeGroup {
    let value = "x".repeat(20_000);
    group(vec![create(set("big.example.org", RecordType::Txt, 0, &[&value]))])
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    // The child may write files of two blocks: a write beyond fails half-way, as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" --exact --ignored --nocapture \"$1\"";
    let name = format!("{}::on_a_full_disk", module_path!().split_once("::").expect("a crate").1);
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().expect("this program"))
        .arg(name)
        .current_dir(folder.0.path())
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(folder.text("example.org.zone"), HEAD);
    assert_eq!(folder.files(), [".external-dns.lock", "example.org.zone"]);
}

#[tokio::test]
#[ignore = "run by the test of the full disk, in a folder of its own and under a limit"]
async fn on_a_full_disk() {
    if !Path::new("example.org.zone").exists() {
        return;
    }
    let args = ZonefileArgs { zonefile_dir: Some(".".into()), ..ZonefileArgs::default() };
    let provider = Zonefile::new(&args, &Context::default()).expect("a provider");
    let outcomes = apply(&provider, &[large()]).await;
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
    for part in ["zone file ./example.org.zone could not be written and is as it was", "free space"]
    {
        assert!(failure.message.contains(part), "{failure}");
    }
}

#[test]
fn a_write_that_fails_leaves_nothing_behind() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    // The place of the unfinished file is taken by what cannot be removed as a file.
    let unfinished = format!(".example.org.zone.external-dns-{}", std::process::id());
    fs::create_dir(folder.path(&unfinished)).expect("a folder");
    let path = folder.path("example.org.zone");
    let location: Location = folder::locate(&path).expect("there");
    let error = folder::replace(&path, &location, b"new").expect_err("no room");
    assert!(error.message.contains("example.org.zone could not be written"), "{error}");
    assert_eq!(folder.text("example.org.zone"), HEAD);
    fs::remove_dir(folder.path(&unfinished)).expect("still there, and empty");
    // What a killed run left behind is no obstacle.
    File::create(folder.path(&unfinished)).expect("a left-over");
    folder::replace(&path, &location, b"new").expect("written");
    assert_eq!(folder.text("example.org.zone"), "new");
    assert_eq!(folder.files(), ["example.org.zone"]);
}

#[tokio::test]
async fn what_another_editor_wrote_meanwhile_stays() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let provider = folder.provider(&[]);
    let inventory = provider.read().await.expect("read");
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    let edited = format!("{HEAD}www A 192.0.2.77\nnew A 192.0.2.78\n");
    fs::write(folder.path("example.org.zone"), &edited).expect("written");
    let other = group(vec![create(set("a.example.org", RecordType::A, 0, &["192.0.2.1"]))]);
    let outcomes = writer.apply(&[www(), other], Deadline::none()).await;
    assert!(matches!(&outcomes[0], Outcome::Rejected(why) if why.kind == FailureKind::ReadOnly));
    assert_eq!(outcomes[1], Outcome::Applied);
    let head = edited.replace("2401", "2402");
    assert!(folder.text("example.org.zone").starts_with(&head));

    fs::remove_file(folder.path("example.org.zone")).expect("removed");
    let outcomes = writer.apply(&[www()], Deadline::none()).await;
    assert!(matches!(&outcomes[0], Outcome::Rejected(why) if why.kind == FailureKind::ZoneGone));
    assert_eq!(folder.files(), [".external-dns.lock"], "only --zonefile-create makes zones");
}

#[tokio::test]
async fn one_bad_change_of_five_hundred() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let groups: Vec<_> = (0..500u32)
        .map(|n| {
            let name = format!("n{n}.example.org");
            let target = if n == 250 { "x".repeat(70) } else { format!("h{n}.example.net") };
            group(vec![create(set(&name, RecordType::Cname, 0, &[&target]))])
        })
        .collect();
    let outcomes = apply(&folder.provider(&[]), &groups).await;
    let applied = outcomes.iter().filter(|outcome| **outcome == Outcome::Applied).count();
    assert_eq!(applied, 499);
    let Outcome::Rejected(failure) = &outcomes[250] else { panic!("{:?}", outcomes[250]) };
    assert!(failure.message.contains("n250.example.org CNAME: "), "{failure}");
    let text = folder.text("example.org.zone");
    assert_eq!(text.matches(" IN CNAME ").count(), 499);
    assert!(text.contains("2026112402"), "one write");
    checkzone("example.org", &folder.path("example.org.zone")).await;
}

#[tokio::test]
async fn groups_wait_for_those_in_other_zones() {
    let child = HEAD.replace("hostmaster.example.org.", "h");
    let folder = Folder::with(&[("example.org.zone", HEAD), ("sub.example.org.zone", &child)]);
    let provider = folder.provider(&[]);
    let (parent, sub) = (ZoneKey(0), ZoneKey(1));
    let linked = |id, zone, after: Option<u32>, change| ChangeGroup {
        id: GroupId(id),
        zone,
        after: after.map(|id| After::OwnershipRecord(GroupId(id))).into_iter().collect(),
        ..group(vec![change])
    };
    let ownership = |target| set("a-sub.example.org", RecordType::Txt, 0, &[target]);
    let apex = |target| set("sub.example.org", RecordType::A, 0, &[target]);
    let good = [
        linked(1, sub, Some(2), create(apex("192.0.2.1"))),
        linked(2, parent, None, create(ownership("\"m\""))),
    ];
    assert_eq!(apply(&provider, &good).await, [Outcome::Applied, Outcome::Applied]);

    // The other way round, a record that stays keeps its ownership record; so does what waits for
    // nobody known.
    let bad = [
        linked(1, parent, Some(2), delete(ownership("\"m\""))),
        linked(2, sub, None, delete(apex("192.0.2.99"))),
        linked(3, parent, Some(9), create(ownership("\"n\""))),
    ];
    let outcomes = apply(&provider, &bad).await;
    let waits = Outcome::NotSent(NotSent::Predecessor);
    assert_eq!(outcomes[0], waits);
    assert!(matches!(&outcomes[1], Outcome::Rejected(why) if why.kind == FailureKind::Conflict));
    assert_eq!(outcomes[2], waits);
    assert!(folder.text("example.org.zone").contains("a-sub.example.org. 300 IN TXT \"m\"\n"));
}

#[tokio::test]
async fn desired_endpoints_are_adjusted_to_what_a_file_can_hold() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let provider = folder.provider(&[]);
    let endpoint = |name, rtype, targets| Endpoint::from_set(set(name, rtype, 0, targets));
    let mut weighted = endpoint("w.example.org", RecordType::A, &["192.0.2.1"]);
    weighted.set.set_set_identifier("blue");
    weighted.set.edit_properties(|properties| properties.set("aws/weight", "10"));
    let mut alias = endpoint("al.example.org", RecordType::A, &["lb.example.net"]);
    alias.set.edit_properties(|properties| properties.set("alias", "true"));
    let desired = vec![
        endpoint("ü.example.org", RecordType::Cname, &["xn--tda.example.net"]),
        weighted,
        alias,
        endpoint("caa.example.org", RecordType::Other(257), &["0 issue \"x\""]),
        endpoint("t.example.org", RecordType::Txt, &["v=spf1 -all", "\"v=spf1 -all\""]),
        endpoint("bad.example.org", RecordType::A, &["lb.example.net"]),
    ];
    let adjusted = provider.adjust(desired, &ZoneIndex::default()).await.expect("adjusted");
    let kept: Vec<_> = adjusted.endpoints.iter().map(|endpoint| endpoint.set.to_string()).collect();
    assert_eq!(
        kept,
        [
            "ü.example.org 300 IN CNAME  ü.example.net []",
            "w.example.org 300 IN A  192.0.2.1 []",
            "t.example.org 300 IN TXT  \"v=spf1 -all\" []",
            "bad.example.org 300 IN A  lb.example.net []",
        ]
    );
    let notes: Vec<_> = adjusted
        .notes
        .iter()
        .map(|note| format!("{} {} {:?}", note.name, note.set_identifier, note.kind))
        .collect();
    assert_eq!(
        notes,
        ["w.example.org blue Changed", "al.example.org  Dropped", "caa.example.org  Dropped",]
    );
}

/// What a second run compares: the desired endpoints as adjusted with the zone as read.
#[tokio::test]
async fn a_second_run_finds_what_the_first_wrote() {
    let folder = Folder::with(&[("example.org.zone", HEAD)]);
    let provider = folder.provider(&[]);
    let desired = [
        ("bücher.example.org", RecordType::Cname, "Straße.example.net"),
        ("a-bücher.example.org", RecordType::Txt, "\"heritage=external-dns,external-dns/owner=ü\""),
        ("*.example.org", RecordType::A, "192.0.2.1"),
        ("xn--tda.example.org", RecordType::Aaaa, "2001:DB8::1"),
        ("example.org", RecordType::Txt, "v=spf1 \"quoted\" \\ -all"),
        ("m.example.org", RecordType::Mx, "10 Mail.example.net"),
        ("_s._tcp.example.org", RecordType::Srv, "0 5 5060 sip.example.net."),
        ("n.example.org", RecordType::Naptr, "1 2 u E2U+sip !^.*$!sip:x@y! ."),
        ("d.example.org", RecordType::Dname, "other.example.net"),
        ("s.example.org", RecordType::Ns, "ns.example.net"),
        ("p.example.org", RecordType::Ptr, "host.example.net"),
    ];
    let desired = desired
        .iter()
        .map(|(name, rtype, target)| {
            let targets: Targets = [*target].into_iter().collect();
            Endpoint::new(Name::as_listed(name), *rtype, Ttl::UNSET, targets)
        })
        .collect();
    let adjusted =
        provider.adjust(desired, &ZoneIndex::default()).await.expect("adjusted").endpoints;
    let groups: Vec<_> =
        adjusted.iter().map(|desired| group(vec![create(desired.set.clone())])).collect();
    let outcomes = apply(&provider, &groups).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied), "{outcomes:?}");
    checkzone("example.org", &folder.path("example.org.zone")).await;

    let inventory = provider.read().await.expect("read");
    for desired in &adjusted {
        let (_, found) = inventory
            .records()
            .find(|(_, record)| {
                record.set.name.key() == desired.set.name.key()
                    && record.set.rtype == desired.set.rtype
            })
            .unwrap_or_else(|| panic!("{} is not found", desired.set));
        assert!(
            found.set.targets.same_as(&desired.set.targets, desired.set.rtype),
            "{}",
            desired.set
        );
        assert_eq!(found.read_only, None);
    }
    assert!(
        inventory.records().any(|(_, record)| record.set.name.as_str() == "a-bücher.example.org")
    );
}

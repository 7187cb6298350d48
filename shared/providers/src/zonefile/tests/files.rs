//! Files that must not be written, and writes that fail.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use extdns_model::{ChangeGroup, FailureKind, Outcome, Permit, RecordType};

use super::folder::{Folder, apply, www};
use super::{HEAD, create, group, set};
use crate::files::{self, Location};
use crate::zonefile::{Zonefile, ZonefileArgs};
use crate::{Context, Deadline, Provider as _, Reader as _};

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
        assert!(files::remedy(&error).contains(remedy), "{error}");
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
    let location: Location = files::locate("zone file", &path).expect("there");
    let error = files::replace("zone file", &path, &location, b"new").expect_err("no room");
    assert!(error.message.contains("example.org.zone could not be written"), "{error}");
    assert_eq!(folder.text("example.org.zone"), HEAD);
    fs::remove_dir(folder.path(&unfinished)).expect("still there, and empty");
    // What a killed run left behind is no obstacle.
    File::create(folder.path(&unfinished)).expect("a left-over");
    files::replace("zone file", &path, &location, b"new").expect("written");
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

//! Each clause of what a hosts file promises.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use extdns_model::{Outcome, Permit};
use tempfile::TempDir;

use super::*;
use crate::conformance::contract::{set, sync};
use crate::conformance::{Fault, Harness};

const HEAD: &str = "127.0.0.1\tlocalhost\n::1 localhost ip6-localhost # loopback\n";
const BEGIN: &str = "# Begin host entries managed by kops - do not edit\n";
const END: &str = "# End host entries managed by kops\n";

/// A file that is there as long as the test.
struct Bench(TempDir);

impl Bench {
    fn with(text: impl AsRef<[u8]>) -> Self {
        let bench = Self(TempDir::new().expect("a folder"));
        fs::write(bench.path(), text).expect("written");
        bench
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("hosts")
    }

    fn text(&self) -> String {
        String::from_utf8(fs::read(self.path()).expect("read")).expect("text")
    }

    fn provider_of(&self, block: &str) -> Box<dyn Provider> {
        let args = HostsArgs { hosts_file: self.path(), hosts_block: block.to_owned() };
        Box::new(provider(&args).expect("a provider"))
    }

    fn provider(&self) -> Box<dyn Provider> {
        self.provider_of("kops")
    }

    /// What is read, one set a line; why, where it cannot be read.
    async fn read(&self) -> Result<Vec<String>, String> {
        let inventory = self.provider().read().await.map_err(|error| error.message)?;
        if let Some((_, unreadable)) = inventory.unreadable().next() {
            return Err(unreadable.reason.to_string());
        }
        let line = |record: &Record| {
            let mark = if record.read_only().is_some() { " read-only" } else { "" };
            let values: Vec<&str> = record.set.targets.iter().map(|it| it.as_str()).collect();
            format!("{} {} {}{mark}", record.set.name, record.set.rtype, values.join(";"))
        };
        Ok(inventory.records().map(|(_, record)| line(record)).collect())
    }
}

/// The file after a run that wants these sets.
async fn synced(text: &str, desired: &[&str]) -> String {
    let bench = Bench::with(text);
    let outcomes = sync(bench.provider().as_ref(), desired).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    bench.text()
}

const OWNED: &str = "TXT \"heritage=external-dns,external-dns/owner=kit\"\n";

#[tokio::test]
async fn the_block_has_the_form_of_protokube() {
    let wanted = [
        "b.example.org A 0 10.0.2.1",
        "a.example.org A 0 10.0.1.2;10.0.1.1",
        "c.example.org A 0 10.0.1.1",
        "c.example.org AAAA 0 2001:DB8::1",
    ];
    let expected = [
        HEAD,
        "\n",
        BEGIN,
        "10.0.1.1\ta.example.org c.example.org\n",
        "10.0.1.2\ta.example.org\n",
        "10.0.2.1\tb.example.org\n",
        "2001:db8::1\tc.example.org\n",
        "# own-a.a.example.org ",
        OWNED,
        "# own-a.b.example.org ",
        OWNED,
        "# own-a.c.example.org ",
        OWNED,
        "# own-aaaa.c.example.org ",
        OWNED,
        END,
    ];
    let text = synced(HEAD, &wanted).await;
    assert_eq!(text, expected.concat());
    // And a second run finds nothing to do.
    let bench = Bench::with(&text);
    let before = fs::metadata(bench.path()).expect("there").ino();
    assert!(sync(bench.provider().as_ref(), &wanted).await.is_empty());
    assert_eq!((bench.text(), fs::metadata(bench.path()).expect("there").ino()), (text, before));
}

#[tokio::test]
async fn text_around_the_block_stays_to_the_byte() {
    let one = ["a.example.org A 0 10.0.1.1"];
    let block = [BEGIN, "10.0.1.1\ta.example.org\n# own-a.a.example.org ", OWNED, END].concat();
    let old = [BEGIN, "10.9.9.9\tb.example.org\n# own-a.b.example.org ", OWNED, END].concat();
    let odd = "  # \t# odd\n10.1.1.1 \n\n\nnot an entry\n";
    let other = "# Begin host entries managed by etcd-manager[etcd] - do not edit\n10.0.0.1 etcd-a\n# End host entries managed by etcd-manager[etcd]\n";
    let table = [
        (String::new(), block.clone()),
        ("127.0.0.1 localhost".to_owned(), format!("127.0.0.1 localhost\n\n{block}")),
        (format!("{odd}{old}{other}{HEAD}"), format!("{odd}{block}{other}{HEAD}")),
        (HEAD.replace('\n', "\r\n"), format!("{HEAD}\n{block}").replace('\n', "\r\n")),
    ];
    for (before, after) in table {
        assert_eq!(synced(&before, &one).await, after);
    }
    // An empty block keeps its two lines.
    assert_eq!(synced(&format!("{HEAD}{old}"), &[]).await, format!("{HEAD}{BEGIN}{END}"));
}

#[tokio::test]
async fn bytes_that_are_no_text_stay() {
    let bench = Bench::with(b"# caf\xe9\n10.0.0.1 \xff\n");
    let outcomes = sync(bench.provider().as_ref(), &["a.example.org A 0 10.0.1.1"]).await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    assert!(
        fs::read(bench.path()).expect("read").starts_with(b"# caf\xe9\n10.0.0.1 \xff\n\n# Begin")
    );
}

#[tokio::test]
async fn what_the_block_has_is_read_with_what_stands_around_it() {
    let bench = Bench::with(format!(
        "{HEAD}# x TXT \"none of ours\"\n{BEGIN}10.0.1.1 a b # who\n10.0.1.2\ta\n\n# a note\n# own-a.a TXT \"t\"\n{END}10.0.1.9 b c\n"
    ));
    let mut read = bench.read().await.expect("readable");
    read.sort();
    let expected = [
        "a A 10.0.1.1;10.0.1.2",
        "b A 10.0.1.9 read-only",
        "c A 10.0.1.9 read-only",
        "ip6-localhost AAAA ::1 read-only",
        "localhost A 127.0.0.1 read-only",
        "localhost AAAA ::1 read-only",
        "own-a.a TXT \"t\"",
    ];
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_block_that_is_not_whole_is_an_error_with_its_line() {
    let table = [
        (format!("{BEGIN}10.0.1.1 a\n"), "hosts:1: the block that begins here has no line"),
        (format!("{HEAD}{END}"), "hosts:3: the block that ends here has no line"),
        (format!("{BEGIN}{BEGIN}{END}"), "hosts:2: a block begins inside that of line 1"),
        (format!("{BEGIN}{END}{BEGIN}{END}"), "hosts:3: a second block begins"),
        (format!("{BEGIN}10.0.1 a\n{END}"), "hosts:2: \"10.0.1\" is no address; write it"),
    ];
    for (text, problem) in table {
        let bench = Bench::with(&text);
        let error = bench.read().await.expect_err(problem);
        assert!(error.contains(problem), "{error}");
        assert_eq!(bench.text(), text);
    }
    let bench = Bench::with("");
    fs::remove_file(bench.path()).expect("there");
    assert!(bench.read().await.expect_err("gone").contains("name the file with --hosts-file"));
}

#[tokio::test]
async fn a_name_that_stands_outside_the_block_is_not_written() {
    let bench = Bench::with(HEAD);
    let provider = bench.provider();
    let inventory = provider.read().await.expect("readable");
    // It comes after the run has read the file.
    let text = format!("{HEAD}10.0.0.9 a.example.org\n");
    fs::write(bench.path(), &text).expect("written");
    let wanted = [set("a.example.org A 0 10.0.1.1")];
    let groups = crate::conformance::plan(&inventory, &wanted);
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    let outcomes = writer.apply(&groups, Deadline::none()).await;
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(failure.message.contains("outside the managed block"), "{failure}");
    assert_eq!(bench.text(), text);
}

#[tokio::test]
async fn blocks_of_two_names_do_not_touch_each_other() {
    let bench = Bench::with(HEAD);
    for (block, name) in [("kops", "a"), ("external-dns", "b")] {
        let wanted = [format!("{name}.example.org A 0 10.0.1.1")];
        let outcomes = sync(bench.provider_of(block).as_ref(), &wanted).await;
        assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
    }
    let text = bench.text();
    let begin =
        "# Begin host entries managed by external-dns - do not edit\n10.0.1.1\tb.example.org\n";
    assert!(text.contains(&format!("{BEGIN}10.0.1.1\ta.example.org\n")), "{text}");
    assert!(text.contains(begin), "{text}");
    for block in ["", " ", "a\nb", "a - b"] {
        let args = HostsArgs { hosts_file: bench.path(), hosts_block: block.to_owned() };
        let error = provider(&args).map(drop).expect_err(block);
        assert!(error.message.contains("--hosts-block"), "{error}");
    }
}

#[tokio::test]
async fn the_file_is_replaced_whole_with_its_mode_and_only_through_its_own_name() {
    let bench = Bench::with(HEAD);
    fs::set_permissions(bench.path(), fs::Permissions::from_mode(0o640)).expect("a mode");
    let real = bench.0.path().join("real");
    fs::rename(bench.path(), &real).expect("moved");
    std::os::unix::fs::symlink(&real, bench.path()).expect("a link");
    let one = ["a.example.org A 0 10.0.1.1"];
    sync(bench.provider().as_ref(), &one).await;
    assert!(bench.path().is_symlink(), "a link stays a link");
    assert_eq!(fs::metadata(&real).expect("there").mode() & 0o777, 0o640);
    let files = fs::read_dir(bench.0.path()).expect("the folder");
    let mut files: Vec<_> = files.map(|it| it.expect("an entry").file_name()).collect();
    files.sort();
    assert_eq!(files, [".external-dns.lock", "hosts", "real"]);
    // Of several names one alone would be replaced.
    fs::hard_link(&real, bench.0.path().join("other")).expect("a link");
    let inventory = bench.provider().read().await.expect("readable");
    let (_, zone) = inventory.index.iter().next().expect("one");
    assert!(zone.read_only.is_some_and(|why| why.contains("hard links")));
}

/// Two programs, twenty names each, at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_at_the_same_time_lose_nothing() {
    let bench = Bench::with(HEAD);
    let runs = ["one", "two"].map(|block| {
        let bench = &bench;
        async move {
            let mut wanted = Vec::new();
            for n in 0..20 {
                wanted.push(format!("{block}{n}.example.org A 0 10.0.1.1"));
                let outcomes = sync(bench.provider_of(block).as_ref(), &wanted).await;
                assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
            }
        }
    });
    futures::future::join_all(runs).await;
    assert_eq!(bench.text().matches(".example.org TXT").count(), 40, "{}", bench.text());
}

struct Kit(Bench);

#[async_trait]
impl Harness for Kit {
    async fn provider(&self) -> Box<dyn Provider> {
        self.0.provider()
    }

    fn zone(&self) -> Name {
        Name::as_listed("example.org")
    }

    /// Into the block, as what stands outside is read-only.
    async fn seed(&self, sets: &[RecordSet]) {
        let mut lines = String::new();
        for set in sets.iter().filter(|set| capabilities().manages(set.rtype)) {
            let name = set.name.key();
            for value in &set.targets {
                lines += &match set.rtype {
                    RecordType::Txt => format!("# {name} TXT {}\n", FORM.value(set.rtype, value)),
                    _ => format!("{value}\t{name}\n"),
                };
            }
        }
        let text = self.0.text();
        let (front, rest) = text.split_once(END).expect("a block");
        fs::write(self.0.path(), format!("{front}{lines}{END}{rest}")).expect("written");
    }

    async fn contents(&self) -> Vec<RecordSet> {
        let file = HostsFile::parse("kops", fs::read(self.0.path()).expect("read"));
        file.expect("readable").block.sets().cloned().collect()
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        let stays = |own: &RecordSet| sets.iter().all(|it| file::key(it) != file::key(own));
        let kept: Vec<RecordSet> = self.contents().await.into_iter().filter(stays).collect();
        fs::write(self.0.path(), format!("{BEGIN}{END}")).expect("written");
        self.seed(&[&kept[..], sets].concat()).await;
        true
    }

    /// Each write makes another file.
    async fn writes(&self) -> u64 {
        let facts = fs::metadata(self.0.path()).expect("there");
        facts.ino().wrapping_add(u64::try_from(facts.mtime_nsec()).unwrap_or_default())
    }

    async fn inject(&self, _: Fault) -> bool {
        false
    }

    async fn clear(&self) {}

    async fn killed(&self) {
        std::future::pending().await
    }

    fn ttl(&self) -> i64 {
        0
    }
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test]
        Kit(Bench::with(format!("{BEGIN}{END}")))
    }
}

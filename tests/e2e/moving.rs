//! `import` and `dump`: what other tools keep becomes manifests, and these make the same zone again.

use std::path::{Path, PathBuf};
use std::process::Command;

use extdns_testkit::process::{set_up, skip};
use extdns_testkit::route53::Route53Sim;

use crate::deploy::root;
use crate::guide::blocks;
use crate::program::{Bench, Run, external_dns, run};

const TYPES: [&str; 8] = ["A", "AAAA", "CNAME", "TXT", "SRV", "MX", "NS", "NAPTR"];

fn fixture(name: &str) -> PathBuf {
    root().join("tests/fixtures/moving").join(name)
}

/// Runs a command over the zone files of the bench.
fn over_zones(bench: &Bench, zone: &str, words: &[&str]) -> Run {
    let mut program = external_dns(bench.path());
    program.args(words).args(["--provider=zonefile", "--policy=sync", "--txt-owner-id=me"]);
    program.arg(format!("--zonefile-create={zone}")).arg("--txt-prefix=own-%{record_type}.");
    program.arg(format!("--zonefile-dir={}", bench.path().join("zones").display()));
    run(&mut program)
}

/// Applies manifests to a new zone, and gives the file that holds it.
fn applied(bench: &Bench, zone: &str, manifests: &str) -> PathBuf {
    let path = bench.write("imported.yaml", manifests);
    let manifests = format!("--manifests={}", path.display());
    let types = TYPES.map(|rtype| format!("--managed-record-types={rtype}"));
    let mut words = vec!["apply", "--source=crd", &manifests];
    words.extend(types.iter().map(String::as_str));
    let applied = over_zones(bench, zone, &words);
    assert_eq!(applied.code, 0, "{applied:?}");
    bench.path().join(format!("zones/{zone}.zone"))
}

/// What a transfer of the zone has, in the form of BIND: each record in a line. Without what is the zone's own, and without
/// ownership records and their absence.
fn records(zone: &str, file: &Path) -> Vec<String> {
    let mut compile = Command::new("named-compilezone");
    let path = std::env::var("PATH").unwrap_or_default();
    compile.env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"));
    compile.args(["-q", "-i", "none", "-s", "full", "-o", "-", zone]).arg(file);
    let compiled = run(&mut compile);
    assert_eq!(compiled.code, 0, "{}: {compiled:?}", file.display());
    let apex = format!("{zone}.");
    let is_own = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, _, _, rtype, ..] = fields[..] else { return true };
        rtype == "SOA" || rtype == "NS" && name == apex || line.contains("heritage=external-dns")
    };
    let lines = compiled.out.lines().filter(|line| !is_own(line));
    let mut lines: Vec<String> =
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    lines.sort();
    assert!(lines.len() > 5, "{lines:?}");
    lines
}

fn imported(file: &Path) -> String {
    let bench = Bench::new();
    let imported = run(external_dns(bench.path()).arg("import").arg(file));
    assert_eq!(imported.code, 0, "{imported:?}");
    imported.out
}

#[tokio::test]
async fn a_zone_of_bind_and_one_of_octodns_are_the_same_after_they_moved() {
    let test = "a_zone_of_bind_and_one_of_octodns_are_the_same_after_they_moved";
    if set_up("bind").await.is_none() {
        return skip(test, "bind");
    }
    let bench = Bench::new();
    let zone = fixture("example.org.zone");
    let file = applied(&bench, "example.org", &imported(&zone));
    assert_eq!(records("example.org", &file), records("example.org", &zone));

    let bench = Bench::new();
    let manifests = imported(&fixture("example.net.yaml"));
    for left in ["example.net CAA: no manifest has this type", "near.example.net A: its answers"] {
        assert!(manifests.contains(&format!("# not taken over: {left}")), "{left}: {manifests}");
    }
    let file = applied(&bench, "example.net", &manifests);
    let expected = records("example.net", &fixture("example.net.expected"));
    let expected: Vec<String> =
        expected.into_iter().filter(|line| !line.starts_with("ns1.")).collect();
    let found: Vec<String> =
        records("example.net", &file).into_iter().filter(|l| !l.starts_with("ns1.")).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_dump_has_every_record_with_its_owner_and_makes_the_same_zone_again() {
    let test = "a_dump_has_every_record_with_its_owner_and_makes_the_same_zone_again";
    if set_up("bind").await.is_none() {
        return skip(test, "bind");
    }
    let bench = Bench::new();
    let first = applied(&bench, "example.org", &imported(&fixture("example.org.zone")));
    let dumped = over_zones(&bench, "example.org", &["dump"]);
    assert_eq!(dumped.code, 0, "{dumped:?}");
    assert!(dumped.out.contains("extdns/owner: me"), "{}", dumped.out);
    assert!(!dumped.out.contains("heritage"), "ownership records are no records: {}", dumped.out);
    let other = Bench::new();
    let second = applied(&other, "example.org", &dumped.out);
    assert_eq!(records("example.org", &second), records("example.org", &first));

    let text = over_zones(&bench, "example.org", &["dump", "--as=zonefiles"]).out;
    assert!(text.contains("; zone example.org\n"), "{text}");
    let line = text.lines().find(|line| line.starts_with("www.example.org.")).expect("a record");
    let expected = "www.example.org. 3600 IN CNAME example.org. ; owner me, crd/";
    assert!(line.starts_with(expected), "{line}");
}

#[test]
fn what_cannot_be_taken_over_is_told_with_its_place() {
    let bench = Bench::new();
    let table = [
        ("notes", "", "the name of the file is no zone; name it example.org.zone or"),
        ("example.org.zone", "@ IN A 192.0.2.1\n", "the file has no SOA record"),
        ("example.org.zone", "$INCLUDE other\n", "line 1: $INCLUDE hides records"),
        ("example.org.yaml", "- a\n- b\n", "it is no zone of octoDNS"),
    ];
    for (name, content, told) in table {
        let file = bench.write(name, content);
        let refused = run(external_dns(bench.path()).arg("import").arg(&file));
        assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{name}: {refused:?}");
        assert!(refused.log.contains(told), "{told}: {refused:?}");
    }
    let missing = run(external_dns(bench.path()).args(["import", "nowhere.example.org.zone"]));
    assert!(missing.log.contains("failed to read nowhere.example.org.zone"), "{missing:?}");
}

/// Types a block of the page into a shell whose Route 53 is that of the test.
fn typed_in(bench: &Bench, route53: &Route53Sim, text: &str) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_external-dns")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", text]).current_dir(bench.path());
    bash.env_clear().env("HOME", bench.path()).env("PATH", path);
    bash.env("AWS_ENDPOINT_URL", route53.url()).env("AWS_REGION", "us-east-1");
    bash.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "secret");
    let ran = run(&mut bash);
    assert_eq!(ran.code, 0, "{text}{ran:?}");
    ran
}

/// The page, typed from its beginning to its end beside an empty zone at Route 53. A block without a name that follows a command
/// has the beginnings of lines that it prints.
#[test]
fn the_page_does_what_it_says() {
    let page = "docs/moving-in.md";
    let bench = Bench::new();
    let route53 = Route53Sim::start();
    let zone = route53.zone("example.org");
    let (mut printed, mut typed) = (String::new(), 0);
    for block in blocks(page) {
        match (block.word(0), block.word(1)) {
            ("sh", "by=moving") => {
                printed = typed_in(&bench, &route53, &block.text()).out;
                typed += block.lines.len();
                if block.text().contains("external-dns plan") {
                    assert!(zone.find("mail.example.org", "A").is_empty(), "a plan writes nothing");
                    typed_in(&bench, &route53, &block.text().replace("-dns plan", "-dns apply"));
                }
            }
            (_, file) if !file.is_empty() => drop(bench.write(file, &block.text())),
            _ => {
                let mut rest = printed.lines();
                for line in &block.lines {
                    let found = rest.any(|own| own.starts_with(line.as_str()));
                    assert!(found, "{page}: {line:?} is missing in\n{printed}");
                }
            }
        }
    }
    assert_eq!(typed, 6, "commands");
    assert_eq!(bench.read("dump.yaml").matches("extdns/owner: prod").count(), 1);
}

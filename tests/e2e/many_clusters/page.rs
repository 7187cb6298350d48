//! `docs/many-clusters.md`, typed from its beginning to its end.

use extdns_testkit::kube_sim::{Effect, Fault};
use extdns_testkit::route53::RecordSet;
use serde_json::{Value, json};

use crate::many_clusters::world::{PAGE, World, services};
use crate::program::{Run, run};

/// A part of the page.
#[derive(Debug)]
enum Part<'p> {
    Heading(&'p str),
    /// A block of shell: commands, each on one line.
    Shell(Vec<String>),
    /// A block without a language: lines that the last command prints.
    Output(&'p str),
}

fn parts(page: &'static str) -> Vec<Part<'static>> {
    let mut parts = Vec::new();
    for (number, text) in page.split("```").enumerate() {
        if number % 2 == 0 {
            let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
            parts.extend(headings.map(Part::Heading));
        } else if let Some(shell) = text.strip_prefix("sh by=many_clusters\n") {
            let shell = shell.replace("\\\n", " ");
            parts.push(Part::Shell(shell.lines().map(str::to_owned).collect()));
        } else if let Some(output) = text.strip_prefix('\n') {
            parts.push(Part::Output(output));
        }
    }
    parts
}

/// A record and its ownership record, as ExternalDNS writes them.
fn record(name: &str, address: &str, owner: &str) -> [RecordSet; 2] {
    let label = name.split('.').next().unwrap_or_default();
    let text = format!(
        "heritage=external-dns,external-dns/owner={owner},external-dns/resource=service/shop/{label}"
    );
    [RecordSet::a(name, address), RecordSet::txt(&format!("a-{name}"), &text)]
}

/// What happens before the commands of a section.
async fn enter(world: &World, heading: &str) {
    match heading {
        "Move in" => {
            for (letter, owner) in [('a', "prod-eu"), ('b', "lab")] {
                let names = (0..12).map(|n| (format!("{letter}{n:02}.example.org"), n + 1));
                let records =
                    names.flat_map(|(name, n)| record(&name, &format!("192.0.2.{n}"), owner));
                world.zone.seed(records);
                let name = format!("{letter}.corp.example.com");
                let text = "heritage=external-dns,external-dns/owner=OWNER,external-dns/resource=service/shop/corp";
                let text = format!("{:?}", text.replace("OWNER", owner));
                let set = |name: &str, kind: &str, content: &str| {
                    json!({ "name": format!("{name}."), "type": kind, "ttl": 300, "changetype": "REPLACE",
                            "records": [{ "content": content, "disabled": false }] })
                };
                let sets = [set(&name, "A", "192.0.2.50"), set(&format!("a-{name}"), "TXT", &text)];
                let (status, answer) =
                    world.pdns.patch("corp.example.com", &json!({ "rrsets": sets })).await;
                assert_eq!(status, 204, "{answer}");
            }
        }
        "A cluster goes dark" => world.prod.fail(Fault::new("*", Effect::HangUp)),
        "Too many deletes" => {
            world.prod.heal();
            services('b', 6, "example.org").for_each(|own| assert!(world.lab.delete(&own)));
        }
        "A cluster gets another name, or goes for good" => {
            world.zone.seed(record("old.example.org", "192.0.2.7", "lab-old"));
        }
        "Take records, and give them up" => {
            world.zone.seed([RecordSet::a("www.example.org", "192.0.2.80")]);
        }
        _ => {}
    }
}

/// Types a line of shell; `None` where it is not a command of the program.
fn type_in(world: &World, line: &str, last: Option<&Run>) -> Option<Run> {
    if let Some(words) = line.strip_prefix("aws ") {
        assert_ne!(world.aws(words), Value::Bool(false));
        return None;
    }
    let (line, comment) = line.split_once(" #").unwrap_or((line, ""));
    let line = line.split(" > ").next().unwrap_or_default();
    let words = line.strip_prefix("external-dns ").unwrap_or_else(|| panic!("who types {line}?"));
    let hash = last.and_then(|run| run.out.split("--plan-hash=public=").nth(1));
    let hash = hash.and_then(|rest| rest.split_whitespace().next()).unwrap_or("HASH");
    let words = words.replace("HASH", hash);
    let ran = run(world.command().args(words.split_whitespace()));
    let code = comment.trim().strip_prefix("code ").map_or(0, |code| code.parse().expect("a code"));
    assert_eq!(ran.code, code, "{line}\n{}{}", ran.out, ran.log);
    Some(ran)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_page_does_what_the_page_says() {
    let Some(world) = World::start("every_command_of_the_page").await else { return };
    world.configure("state: { dynamodb: { table: external-dns } }");
    let mut last: Option<Run> = None;
    let mut typed = 0;
    for part in parts(PAGE) {
        match part {
            Part::Heading(heading) => enter(&world, heading).await,
            Part::Shell(lines) => {
                for line in lines {
                    last = type_in(&world, &line, last.as_ref()).or(last);
                    typed += 1;
                }
            }
            Part::Output(lines) => {
                let last = last.as_ref().expect("a command");
                let told = format!("{}{}", last.out, last.log);
                for line in lines.lines() {
                    assert!(told.contains(line), "{line}\nis missing in\n{told}");
                }
            }
        }
    }
    assert_eq!(typed, 19, "commands");
    let told = last.map(|last| last.log).unwrap_or_default();
    assert!(!told.contains("it has no record"), "the other target is not for this name: {told}");
    let (public, names) = (world.public(), world.internal().await.len());
    assert_eq!((public.len(), names), (12 + 6 + 4 + 1, 2), "{public:?}");
    assert!(public.contains_key("www.example.org.") && !public.contains_key("old.example.org."));
    assert!(world.zone.find("a-www.example.org", "TXT").is_empty(), "it was released");
}

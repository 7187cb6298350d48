//! Inputs that are nearly right, for every parser: nothing ends badly, and nothing of others is lost.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use extdns_testkit::kube::Login;
use serde_json::{Value, json};

use super::liars::{cluster, reading};
use super::{BOUND, GRACE, TIMEOUT, converges, disturbed, over, task};
use crate::dice::Dice;
use crate::dns::{Dns, PROVIDERS};
use crate::judge;
use crate::lies::{DEEP, liar};
use crate::mutate;
use crate::program::{Bench, Task};
use crate::secrets;
use crate::world::{Desired, Record, strangers, zone_of};

/// The objects of a cluster as people write them.
const MANIFEST: &str = include_str!("../../../../examples/cluster/services.yaml");

/// Manifests from a file and from standard input, a kubeconfig, what an exec plugin prints, a token file.
pub(super) fn files(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::roll(dice, bench.dir(), &strangers);
    let desired = Desired::roll(dice);
    let kube = cluster(&desired);
    for _ in 0..dice.between(2, 5) {
        let task = dns.reached_by(task(dice.pick(&["plan", "apply"]))).arg(TIMEOUT);
        let task = match dice.between(1, 6) {
            1 => {
                let path = bench.write("manifest.yaml", mutate::bytes(dice, MANIFEST.as_bytes()));
                task.arg(&format!("--manifests={}", path.display()))
            }
            2 => {
                let list: Value = serde_json::from_str(&desired.list())?;
                let path = bench.write("manifest.json", mutate::json(dice, &list).to_string());
                task.arg(&format!("--manifests={}", path.display()))
            }
            3 => {
                let documents: Vec<String> =
                    desired.objects().iter().map(Value::to_string).collect();
                let documents = documents.join("\n---\n");
                task.arg("--manifests=-").input(mutate::bytes(dice, documents.as_bytes()))
            }
            4 => {
                let mut kubeconfig = kube.kubeconfig(Login::Token(secrets::TOKEN)).to_string();
                kubeconfig = mutate::text(dice, &kubeconfig);
                with_kubeconfig(task, bench, &kubeconfig)
            }
            5 => {
                let credential = json!({
                    "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                    "status": { "token": secrets::TOKEN, "expirationTimestamp": "2030-01-01T00:00:00Z" },
                });
                let printed = bench
                    .write("credential", mutate::bytes(dice, credential.to_string().as_bytes()));
                let user = json!({ "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/cat", "args": [printed],
                    "interactiveMode": "Never",
                }});
                with_kubeconfig(task, bench, &kube.kubeconfig(Login::Custom(&user)).to_string())
            }
            _ => {
                let file = bench.write("token", mutate::bytes(dice, secrets::TOKEN.as_bytes()));
                let user = json!({ "tokenFile": file });
                with_kubeconfig(task, bench, &kube.kubeconfig(Login::Custom(&user)).to_string())
            }
        };
        disturbed(&bench.run(&task, GRACE)?, &dns, &strangers)?;
    }
    Ok(())
}

fn with_kubeconfig(task: Task, bench: &Bench, kubeconfig: &str) -> Task {
    let path = bench.write("kubeconfig", kubeconfig);
    task.arg(&format!("--kubeconfig={}", path.display()))
}

/// Values for flags and variables of any meaning.
const VALUES: [&str; 34] = [
    "",
    " ",
    "\t",
    "\n",
    "\r\n",
    "a\nb",
    "-",
    "--",
    "=",
    "true",
    "false",
    "1",
    "0",
    "-1",
    "1s",
    "-5m",
    "99999h",
    "nan",
    "99999999999999999999",
    "example.org",
    "*.example.org",
    ".example.org",
    "xn--",
    "ü",
    "\u{202e}",
    "[",
    "(",
    "{{",
    "%",
    "key=value",
    "a,b,,c",
    "http://127.0.0.1:9",
    "://",
    "\"'\\",
];

/// What the SDK of AWS and the HTTP clients read.
const VARIABLES: [&str; 20] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ROUTE_53",
    "AWS_ENDPOINT_URL_STS",
    "AWS_MAX_ATTEMPTS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_RETRY_MODE",
    "AWS_ROLE_ARN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
];

/// Flags that the help names, and variables, with values that may be none.
pub(super) fn flags(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let help = bench.run(&Task::new(&["--help"]), BOUND)?;
    let names: Vec<&str> = help.written.split_whitespace().filter(|word| is_flag(word)).collect();
    anyhow::ensure!(names.len() > 50, "the help names only {} flags", names.len());
    let strangers = strangers(dice);
    let dns = Dns::roll(dice, bench.dir(), &strangers);
    let desired = Desired::roll(dice);
    for _ in 0..dice.between(3, 6) {
        let mut task =
            over(dice.pick(&["plan", "apply", "doctor", "gc"]), bench, &dns, &desired).arg(TIMEOUT);
        for _ in 0..dice.between(1, 3) {
            let name = dice
                .pick(&names)
                .trim_matches(['[', ']', ','])
                .split(['=', '['])
                .next()
                .unwrap_or_default();
            let value = value(dice);
            task = match dice.between(1, 4) {
                1 => task.arg(name),
                2 => task.arg(&odd(name, &value)),
                3 => task.var(dice.pick(&VARIABLES), &value),
                _ => {
                    let name = name.trim_start_matches('-').replace('-', "_").to_uppercase();
                    task.var(&format!("EXTERNAL_DNS_{name}"), &value)
                }
            };
        }
        let few_files = dice.once_in(8);
        if few_files {
            task = task.files(dice.between(4, 16));
        }
        let run = bench.run(&task, GRACE)?;
        if few_files {
            judge::ended(&run)?
        } else {
            judge::sound(&run)?
        }
        judge::strangers_keep(&strangers, &dns.records())?;
    }
    Ok(())
}

/// What writes files is left out: a value might be anybody's file.
fn is_flag(word: &str) -> bool {
    word.starts_with("--") && word.len() > 4 && !["--help", "--version"].contains(&word)
}

fn odd(name: &str, value: &OsString) -> OsString {
    let mut word = OsString::from(format!("{name}="));
    word.push(value);
    word
}

fn value(dice: &mut Dice) -> OsString {
    let known = dice.pick(&VALUES);
    let mut value =
        if dice.once_in(3) { mutate::bytes(dice, known.as_bytes()) } else { known.into() };
    // The system takes no zeros; a slash could lead to anybody's file.
    value.retain(|byte| ![0, b'/'].contains(byte));
    OsString::from_vec(value)
}

/// Ownership records whose texts were changed: their records are not deleted, since they are wanted.
pub(super) fn ownership(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::start(dice.pick(&PROVIDERS[..2]), bench.dir(), &strangers);
    let desired = Desired::roll(dice);
    let mut task = over("apply", bench, &dns, &desired);
    if dice.once_in(3) {
        task = task
            .arg("--txt-encrypt-enabled")
            .arg(&format!("--txt-encrypt-aes-key={}", secrets::AES_KEY));
    }
    judge::ended_with(&bench.run(&task, BOUND)?, 0)?;
    let addresses = |records: Vec<Record>| -> Vec<Record> {
        records.into_iter().filter(|record| record.rtype != "TXT").collect()
    };
    let there = addresses(dns.records());
    for ownership_record in dns.records().iter().filter(|record| record.name.starts_with("a-h")) {
        if strangers.iter().all(|theirs| theirs.name != ownership_record.name) && dice.once_in(3) {
            let text = mutate::text(dice, &ownership_record.values.concat());
            put(&dns, ownership_record, &printable(&text));
        }
    }
    for _ in 0..2 {
        let run = bench.run(&task.clone().arg(TIMEOUT), GRACE)?;
        judge::sound(&run)?;
        let now = dns.records();
        judge::strangers_keep(&strangers, &now)?;
        anyhow::ensure!(
            addresses(now.clone()) == there,
            "records changed that are wanted: {there:?} are {now:?}"
        );
    }
    Ok(())
}

fn printable(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !['"', '\\'].contains(&c);
    text.chars().map(|c| if plain(c) { c } else { ' ' }).take(200).collect()
}

/// Puts a text in the place of an ownership record, past the program.
fn put(dns: &Dns, ownership_record: &Record, text: &str) {
    match dns {
        Dns::Route53 { zones, .. } => {
            use extdns_testkit::route53::RecordSet;
            let zone = &zones[usize::from(zone_of(&ownership_record.name) == crate::world::ZONES[1])];
            zone.seed([RecordSet::txt(&ownership_record.name, text)]);
        }
        Dns::Webhook(sim) => sim.put(&json!({
            "dnsName": ownership_record.name, "recordType": "TXT", "recordTTL": 300, "targets": [format!("\"{text}\"")],
        })),
        Dns::Files(_) => {}
    }
}

/// Answers of the API server, Route 53 and webhook providers with changed bytes or members.
pub(super) fn answers(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::start(dice.pick(&PROVIDERS[..2]), bench.dir(), &strangers);
    let before = Desired::roll(dice);
    let kube = cluster(&before);
    let quiet = reading(dns.reached_by(task("apply")), &kube);
    judge::ended_with(&bench.run(&quiet, BOUND)?, 0)?;
    for _ in 0..dice.between(1, 3) {
        let garbled = liar(dice, &DEEP, |_| true);
        if dice.once_in(2) {
            kube.interfere(Some(garbled))
        } else {
            dns.interfere(Some(garbled))
        }
        let level = dice.pick(&["info", "trace"]);
        let run =
            bench.run(&quiet.clone().arg(TIMEOUT).arg(&format!("--log-level={level}")), GRACE)?;
        kube.interfere(None);
        dns.interfere(None);
        disturbed(&run, &dns, &strangers)?;
    }
    converges(bench, &dns, &quiet, &before, &strangers)
}

/// Reports of earlier runs, to be undone.
pub(super) fn reports(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::roll(dice, bench.dir(), &strangers);
    let desired = Desired::roll(dice);
    let path = bench.dir().join("report.json");
    let first = over("apply", bench, &dns, &desired).arg(&format!("--report={}", path.display()));
    judge::ended_with(&bench.run(&first, BOUND)?, 0)?;
    let report: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    for _ in 0..dice.between(2, 4) {
        let odd = match dice.once_in(2) {
            true => mutate::bytes(dice, report.to_string().as_bytes()),
            false => mutate::json(dice, &report).to_string().into_bytes(),
        };
        let odd = bench.write("odd.json", odd);
        let undo = over(dice.pick(&["plan", "apply"]), bench, &dns, &desired)
            .arg(&format!("--revert={}", odd.display()));
        let run = bench.run(&undo.arg("--no-guard"), GRACE)?;
        judge::sound(&run)?;
        judge::strangers_keep(&strangers, &dns.records())?;
    }
    Ok(())
}

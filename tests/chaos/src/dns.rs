//! Where records go: each provider with something behind it that can be looked at past the program.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use extdns_testkit::http::Interferer;
use extdns_testkit::route53::{RecordSet, Route53Sim, Zone};
use extdns_testkit::webhook_sim::WebhookSim;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::program::Task;
use crate::secrets;
use crate::world::{Record, ZONES, zone_of};

const BEGIN: &str = "; BEGIN external-dns";

/// A provider and what it writes to.
pub enum Dns {
    /// Hosted zones of Route 53.
    Route53 {
        /// The service.
        sim: Route53Sim,
        /// One for each of [`ZONES`].
        zones: Vec<Zone>,
    },
    /// A webhook provider.
    Webhook(WebhookSim),
    /// A folder of zone files.
    Files(PathBuf),
}

/// The providers by name.
pub const PROVIDERS: [&str; 3] = ["aws", "webhook", "zonefile"];

impl Dns {
    /// A provider by its name, with what strangers have. Zone files lie in `dir`.
    pub fn start(provider: &str, dir: &Path, strangers: &[Record]) -> Self {
        match provider {
            "aws" => {
                let sim = Route53Sim::start();
                let zones: Vec<Zone> = ZONES.iter().map(|name| sim.zone(name)).collect();
                for record in strangers {
                    zones[usize::from(zone_of(&record.name) == ZONES[1])].seed([hosted(record)]);
                }
                Self::Route53 { sim, zones }
            }
            "webhook" => {
                let records = strangers.iter().map(endpoint).collect();
                Self::Webhook(WebhookSim::builder().records(Value::Array(records)).start())
            }
            _ => {
                let folder = dir.join("zones");
                fs::create_dir_all(&folder).expect("a folder for zone files");
                for zone in ZONES {
                    let own = strangers.iter().filter(|record| zone_of(&record.name) == zone);
                    let lines: String = own.flat_map(lines).collect();
                    fs::write(folder.join(format!("{zone}.zone")), head(zone) + &lines)
                        .expect("a zone file");
                }
                Self::Files(folder)
            }
        }
    }

    /// One of the providers.
    pub fn roll(dice: &mut Dice, dir: &Path, strangers: &[Record]) -> Self {
        Self::start(dice.pick(&PROVIDERS), dir, strangers)
    }

    /// A folder that links to the same zone files; other providers have one way only.
    pub fn by_another_way(&self, dir: &Path) -> std::io::Result<Option<Self>> {
        let Self::Files(folder) = self else { return Ok(None) };
        let links = dir.join("links");
        fs::create_dir(&links)?;
        for zone in ZONES {
            let file = format!("{zone}.zone");
            symlink(folder.join(&file), links.join(&file))?;
        }
        Ok(Some(Self::Files(links)))
    }

    /// Adds the flags and credentials by which the program reaches it.
    pub fn reached_by(&self, task: Task) -> Task {
        match self {
            Self::Route53 { sim, .. } => task
                .arg("--provider=aws")
                .arg("--aws-batch-change-interval=1ms")
                .arg("--aws-batch-change-size=8")
                .var("AWS_ENDPOINT_URL", &sim.url())
                .var("AWS_EC2_METADATA_DISABLED", "true")
                .var("AWS_ACCESS_KEY_ID", "AKIACHAOS")
                .var("AWS_SECRET_ACCESS_KEY", secrets::AWS_KEY)
                .var("AWS_SESSION_TOKEN", secrets::AWS_SESSION),
            Self::Webhook(sim) => {
                let address = sim.url().replace("http://", "");
                let url =
                    format!("http://user:{}@{address}?token={}", secrets::PASSWORD, secrets::QUERY);
                task.arg("--provider=webhook").arg(&format!("--webhook-provider-url={url}"))
            }
            Self::Files(folder) => {
                task.arg("--provider=zonefile").arg(&format!("--zonefile-dir={}", folder.display()))
            }
        }
    }

    /// All records, sorted; without what every zone has (SOA and NS).
    pub fn records(&self) -> Vec<Record> {
        let mut records: Vec<Record> = match self {
            Self::Route53 { zones, .. } => {
                zones.iter().flat_map(Zone::own_records).map(|set| of_hosted(&set)).collect()
            }
            Self::Webhook(sim) => sim.records().iter().map(of_endpoint).collect(),
            Self::Files(folder) => ZONES
                .iter()
                .flat_map(|zone| {
                    let path = folder.join(format!("{zone}.zone"));
                    of_lines(&text_of(&path))
                })
                .collect(),
        };
        records.sort();
        records
    }

    /// A number that grows with every write, or attempt at one.
    pub fn writes(&self) -> u64 {
        match self {
            Self::Route53 { sim, .. } => sim.writes() as u64,
            Self::Webhook(sim) => sim.calls("POST", "/records"),
            Self::Files(folder) => {
                let entries = fs::read_dir(folder).expect("the folder of zone files").flatten();
                let zones =
                    entries.filter(|entry| entry.path().extension().is_some_and(|e| e == "zone"));
                zones.filter_map(|entry| modified(&entry.path())).sum()
            }
        }
    }

    /// Puts an interferer between the program and the server, or removes it. Files have none.
    pub fn interfere(&self, interferer: Option<Interferer>) {
        match self {
            Self::Route53 { sim, .. } => sim.interfere(interferer),
            Self::Webhook(sim) => sim.interfere(interferer),
            Self::Files(_) => {}
        }
    }

    /// What people wrote into the zone files, but for the serial; empty for others.
    pub fn by_hand(&self) -> String {
        let Self::Files(folder) = self else { return String::new() };
        let above = |zone: &&str| {
            let text = text_of(&folder.join(format!("{zone}.zone")));
            let above = text.split(BEGIN).next().unwrap_or_default();
            above
                .lines()
                .filter(|line| !line.contains(" SOA "))
                .map(|line| format!("{line}\n"))
                .collect()
        };
        ZONES.iter().map(above).collect::<Vec<String>>().concat()
    }
}

/// The text of a file; empty for what is none, such as a pipe, which would be waited for.
fn text_of(path: &Path) -> String {
    let bytes = if path.is_file() { fs::read(path).unwrap_or_default() } else { Vec::new() };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Nanoseconds since the epoch, cut to what a sum of few can hold.
fn modified(path: &Path) -> Option<u64> {
    let time = fs::metadata(path).ok()?.modified().ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since.as_nanos() as u64 >> 4)
}

/// The beginning of a zone file as people write it.
pub fn head(zone: &str) -> String {
    format!(
        "; kept by hand, with care\n$TTL 300\n{zone}. 300 IN SOA ns.{zone}. admin.{zone}. 7 7200 900 1209600 300\n\
         {zone}. 300 IN NS ns.{zone}.\nns.{zone}. 300 IN A 203.0.113.53\n"
    )
}

fn lines(record: &Record) -> Vec<String> {
    let data = |value: &String| match record.rtype.as_str() {
        "TXT" => format!("\"{value}\""),
        _ => value.clone(),
    };
    let line =
        |value| format!("{}. {} IN {} {}\n", record.name, record.ttl, record.rtype, data(value));
    record.values.iter().map(line).collect()
}

/// The record sets of lines as [`lines`] and the program write them.
fn of_lines(text: &str) -> Vec<Record> {
    let mut sets: BTreeMap<(String, String), Record> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.splitn(5, ' ');
        let (Some(name), Some(Ok(ttl)), Some("IN"), Some(rtype), Some(data)) =
            (words.next(), words.next().map(str::parse), words.next(), words.next(), words.next())
        else {
            continue;
        };
        if ["SOA", "NS"].contains(&rtype) || name.starts_with("ns.") {
            continue;
        }
        let name = name.trim_end_matches('.').to_owned();
        let set = sets.entry((name.clone(), rtype.to_owned())).or_insert_with(|| Record {
            name,
            rtype: rtype.to_owned(),
            ttl,
            values: Vec::new(),
        });
        set.values.push(bare(data));
        set.values.sort();
    }
    sets.into_values().collect()
}

fn hosted(record: &Record) -> RecordSet {
    let set = RecordSet::new(&record.name, &record.rtype).ttl(record.ttl);
    let quoted = record.rtype == "TXT";
    record.values.iter().fold(set, |set, value| {
        if quoted { set.value(&format!("\"{value}\"")) } else { set.value(value) }
    })
}

fn of_hosted(set: &RecordSet) -> Record {
    let mut values: Vec<String> = set.values.iter().map(|value| bare(value)).collect();
    values.sort();
    Record {
        name: set.name.trim_end_matches('.').replace("\\052", "*"),
        rtype: set.record_type.clone(),
        ttl: set.ttl.unwrap_or_default(),
        values,
    }
}

fn endpoint(record: &Record) -> Value {
    let quoted = |value: &String| match record.rtype.as_str() {
        "TXT" => format!("\"{value}\""),
        _ => value.clone(),
    };
    let targets: Vec<String> = record.values.iter().map(quoted).collect();
    json!({
        "dnsName": record.name, "recordType": record.rtype, "recordTTL": record.ttl, "targets": targets,
    })
}

fn of_endpoint(endpoint: &Value) -> Record {
    let text = |name: &str| endpoint[name].as_str().unwrap_or_default();
    let targets = endpoint["targets"].as_array().cloned().unwrap_or_default();
    let mut values: Vec<String> =
        targets.iter().map(|target| bare(target.as_str().unwrap_or_default())).collect();
    values.sort();
    Record {
        name: idna::domain_to_ascii(text("dnsName")).unwrap_or_else(|_| text("dnsName").to_owned()),
        rtype: text("recordType").to_owned(),
        ttl: endpoint["recordTTL"]
            .as_u64()
            .and_then(|ttl| u32::try_from(ttl).ok())
            .unwrap_or_default(),
        values,
    }
}

fn bare(value: &str) -> String {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value).to_owned()
}

//! Zone files pass the suite of all providers. What only a server can do wrong (throttling, lost
//! answers) is left out; a refused record, a full disk and other runs have tests of their own.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use async_trait::async_trait;
use extdns_model::{Name, RecordSet};
use tempfile::TempDir;

use super::HEAD;
use crate::conformance::{Fault, Harness};
use crate::zonefile::file::{BEGIN, END, ZoneFile};
use crate::zonefile::{Zonefile, ZonefileArgs, names, rdata};
use crate::{Context, Provider};

/// The serial of [`HEAD`]: each write adds one.
const FIRST_SERIAL: u32 = 2_026_112_401;

const CHILD: &str = "sub.example.org";

struct Kit(TempDir);

impl Kit {
    fn new() -> Self {
        let kit = Self(TempDir::new().expect("a folder"));
        fs::write(kit.path(), HEAD).expect("written");
        let child = kit.0.path().join(format!("{CHILD}.zone"));
        fs::write(child, HEAD.replace("hostmaster.example.org.", "hostmaster")).expect("written");
        kit
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("example.org.zone")
    }

    fn file(&self) -> ZoneFile {
        ZoneFile::parse(&self.zone(), fs::read(self.path()).expect("read")).expect("readable")
    }

    fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.0.path(), fs::Permissions::from_mode(mode)).expect("a mode");
    }
}

#[async_trait]
impl Harness for Kit {
    async fn provider(&self) -> Box<dyn Provider> {
        let args = ZonefileArgs {
            zonefile_dir: Some(self.0.path().to_owned()),
            ..ZonefileArgs::default()
        };
        Box::new(Zonefile::new(&args, &Context::default()).expect("a provider"))
    }

    fn zone(&self) -> Name {
        Name::as_listed("example.org")
    }

    /// Into the block, as what stands outside is read-only.
    async fn seed(&self, sets: &[RecordSet]) {
        let mut lines = String::new();
        for set in sets {
            let owner = names::to_file(&set.name).expect("a name");
            for target in &set.targets {
                let data = rdata::from_target(set.rtype, target).expect("data");
                writeln!(lines, "{owner} {} IN {} {data}", set.ttl, set.rtype).expect("a String");
            }
        }
        let text = fs::read_to_string(self.path()).expect("read");
        let text = match text.rfind(END) {
            Some(end) => format!("{}{lines}{}", &text[..end], &text[end..]),
            None => format!("{text}{BEGIN}\n{lines}{END}\n"),
        };
        fs::write(self.path(), text).expect("written");
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        let text = fs::read_to_string(self.path()).expect("read");
        let heads: Vec<String> = sets
            .iter()
            .map(|set| (names::to_file(&set.name).expect("a name"), set))
            .map(|(owner, set)| format!("{owner} {} IN {} ", set.ttl, set.rtype))
            .collect();
        let stays = |line: &&str| !heads.iter().any(|head| line.starts_with(head));
        let lines: Vec<&str> = text.lines().filter(stays).collect();
        fs::write(self.path(), lines.join("\n") + "\n").expect("written");
        let there: Vec<_> = sets.iter().filter(|set| !set.targets.is_empty()).cloned().collect();
        self.seed(&there).await;
        true
    }

    fn child(&self) -> Option<Name> {
        Some(Name::as_listed(CHILD))
    }

    async fn contents_of_child(&self) -> Vec<RecordSet> {
        let path = self.0.path().join(format!("{CHILD}.zone"));
        let text = fs::read(path).expect("read");
        let file = ZoneFile::parse(&Name::as_listed(CHILD), text).expect("readable");
        let ours = file.into_records().into_iter().filter(|it| it.read_only().is_none());
        ours.map(|record| record.set).collect()
    }

    async fn contents(&self) -> Vec<RecordSet> {
        let ours = self.file().into_records().into_iter().filter(|it| it.read_only().is_none());
        ours.map(|record| record.set).collect()
    }

    async fn writes(&self) -> u64 {
        u64::from(self.file().serial.value - FIRST_SERIAL)
    }

    async fn inject(&self, fault: Fault) -> bool {
        if let Fault::Reject(name) = &fault {
            // What is not ours stands in the way.
            let path = self.0.path().join(format!("{CHILD}.zone"));
            let text = fs::read_to_string(&path).expect("read");
            let owner = names::to_file(name).expect("a name");
            if !name.as_str().ends_with(CHILD) {
                return false;
            }
            fs::write(path, format!("{text}{owner} 60 IN CNAME elsewhere\n")).expect("written");
            return true;
        }
        if fault != Fault::Unauthorised {
            return false;
        }
        self.set_mode(0o500);
        // Nothing is forbidden to root.
        let forbidden = fs::write(self.0.path().join("probe"), "").is_err();
        if !forbidden {
            self.set_mode(0o700);
        }
        forbidden
    }

    async fn clear(&self) {
        self.set_mode(0o700);
    }

    async fn killed(&self) {
        std::future::pending().await
    }
}

crate::conformance! {
    #[tokio::test]
    Kit::new()
}

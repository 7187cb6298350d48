//! Changing a zone file: whole groups of changes into a new text.
//!
//! Each group is checked alone against the file as it is now, so one that cannot be written does not stop
//! the others. Only our block and the SOA serial change; the result is read again before it is used.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use ecow::EcoString;
use extdns_model::{
    Action, Change, ChangeGroup, Failure, FailureKind, Name, RecordSet, RecordType, Role, Ttl, Zone,
};

use super::file::{BEGIN, END, OUTSIDE, ZoneFile};
use super::library::{self, Rr};
use super::names;
use super::rdata::{self, Value};

/// The TTL of records whose endpoint has none.
pub(super) const DEFAULT_TTL: u32 = 300;

/// Types that may stand beside a CNAME: RRSIG and NSEC (RFC 4035, 2.5).
const BESIDE_CNAME: [RecordType; 2] = [RecordType::Other(46), RecordType::Other(47)];

/// A zone file under change.
pub(super) struct Editor<'f> {
    file: &'f ZoneFile,
    zone: Zone,
    block: BTreeMap<Key, Values>,
    outside: HashMap<String, Vec<(RecordType, usize)>>,
    changed: bool,
}

/// The place of a record set in the block: by name from the right, so that names of one domain
/// stand together, then by type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    labels: String,
    rtype: RecordType,
}

/// A record set as the block has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Values {
    owner: String,
    ttl: u32,
    /// Sorted, each once.
    rdata: Vec<EcoString>,
}

impl Key {
    fn of(name: &Name, rtype: RecordType) -> Self {
        Self { labels: name.key().rsplit('.').collect::<Vec<_>>().join("\0"), rtype }
    }
}

impl Values {
    fn lines(&self, rtype: RecordType) -> impl Iterator<Item = String> {
        let Self { owner, ttl, rdata } = self;
        rdata.iter().map(move |rdata| format!("{owner} {ttl} IN {rtype} {rdata}"))
    }

    /// A record set as it would stand in the block.
    fn of(set: &RecordSet) -> Result<Self, String> {
        let owner = names::to_file(&set.name)?;
        if set.targets.is_empty() {
            return Err("it has no target".to_owned());
        }
        let mut rdata = set
            .targets
            .iter()
            .map(|target| value(&owner, set.rtype, target).map(|value| value.rdata))
            .collect::<Result<Vec<_>, _>>()?;
        rdata.sort_unstable();
        rdata.dedup();
        if rdata.len() > 1 && matches!(set.rtype, RecordType::Cname | RecordType::Dname) {
            return Err(format!("a {} record has one target, not {}", set.rtype, rdata.len()));
        }
        Ok(Self { owner, ttl: set.ttl.seconds().unwrap_or(DEFAULT_TTL), rdata })
    }

    /// Whether this record set is, or would be read as, that one.
    fn is(&self, set: &RecordSet) -> bool {
        let ttl = Ttl::from_seconds(self.ttl.into());
        (ttl == set.ttl || !set.ttl.is_set())
            && Self::of(set).is_ok_and(|other| other.rdata == self.rdata)
    }
}

/// Why a record set cannot be in a zone file, without regard to other record sets.
pub(super) fn refusal(set: &RecordSet) -> Option<String> {
    Values::of(set).err()
}

/// One target in both forms, as the library reads it.
pub(super) fn value(owner: &str, rtype: RecordType, target: &str) -> Result<Value, String> {
    let rdata = rdata::from_target(rtype, target)?;
    library::read_value(owner, rtype, &rdata)
        .map_err(|problem| format!("{target:?} is no data of a {rtype} record: {problem}"))
}

impl<'f> Editor<'f> {
    pub(super) fn new(zone: &Zone, file: &'f ZoneFile) -> Self {
        let mut outside: HashMap<String, Vec<(RecordType, usize)>> = HashMap::new();
        for rr in &file.outside {
            outside.entry(rr.name.key().into_owned()).or_default().push((rr.rtype, rr.line));
        }
        Self { file, zone: zone.clone(), block: block_of(&file.inside), outside, changed: false }
    }

    /// Makes all changes of a group, or none.
    pub(super) fn apply(&mut self, group: &ChangeGroup) -> Result<(), Failure> {
        self.is_still_ours(group)?;
        let mut undo = Vec::new();
        let done = group.changes.iter().try_for_each(|change| self.change(change, &mut undo));
        let done = done.and_then(|()| {
            group.changes.iter().try_for_each(|change| self.may_stand(&change.set().name))
        });
        match done {
            Ok(()) => self.changed |= !undo.is_empty(),
            Err(_) => {
                for (key, values) in undo.into_iter().rev() {
                    self.put(key, values);
                }
            }
        }
        done
    }

    /// Whether the ownership records on which a group relies are there. A record without one is no
    /// longer ours.
    fn is_still_ours(&self, group: &ChangeGroup) -> Result<(), Failure> {
        let current = |set: &RecordSet| self.block.get(&Key::of(&set.name, set.rtype));
        let is_as_read = |set: &RecordSet| current(set).is_some_and(|own| own.is(set));
        if let Some(own) = group.requires.iter().find(|own| !is_as_read(&own.set)) {
            return Err(was_changed(&own.set));
        }
        let deleted = |role| {
            group.changes.iter().filter(move |change| change.role == role).filter_map(|change| {
                match &change.action {
                    Action::Delete(old) => Some(&old.set),
                    _ => None,
                }
            })
        };
        let is_there = deleted(Role::Record).any(|set| current(set).is_some());
        let without_ownership = deleted(Role::Ownership).find(|set| current(set).is_none());
        match without_ownership.filter(|_| is_there) {
            Some(set) => Err(was_changed(set)),
            None => Ok(()),
        }
    }

    fn change(
        &mut self,
        change: &Change,
        undo: &mut Vec<(Key, Option<Values>)>,
    ) -> Result<(), Failure> {
        let set = change.set();
        let key = Key::of(&set.name, set.rtype);
        self.check_belongs(set)?;
        let current = self.block.get(&key);
        let next = match &change.action {
            Action::Create(new) => match current {
                Some(current) if current.is(&new.set) => return Ok(()),
                Some(_) => return Err(was_changed(set)),
                None => Some(planned(&new.set)?),
            },
            Action::Update { old, new } => {
                let next = planned(&new.set)?;
                match current {
                    Some(current) if *current == next => return Ok(()),
                    Some(current) if current.is(&old.set) => Some(next),
                    _ => return Err(was_changed(set)),
                }
            }
            Action::Delete(old) => match current {
                None => return Ok(()),
                Some(current) if current.is(&old.set) => None,
                Some(_) => return Err(was_changed(set)),
            },
        };
        let before = self.put(key.clone(), next);
        undo.push((key, before));
        Ok(())
    }

    fn put(&mut self, key: Key, values: Option<Values>) -> Option<Values> {
        match values {
            Some(values) => self.block.insert(key, values),
            None => self.block.remove(&key),
        }
    }

    /// Whether the set belongs to the zone and no line outside the block has it.
    fn check_belongs(&self, set: &RecordSet) -> Result<(), Failure> {
        let key = set.name.key();
        if !self.zone.contains(&key) {
            let problem = format!("the name does not belong to zone {}", self.zone);
            return Err(failure(FailureKind::Rejected, set, &problem));
        }
        let outside = self.outside.get(key.as_ref()).into_iter().flatten();
        match outside.into_iter().find(|(rtype, _)| *rtype == set.rtype) {
            Some((_, line)) => {
                let problem = format!(
                    "read-only: it {OUTSIDE} (line {line}); remove it there if this program shall \
                     manage it"
                );
                Err(failure(FailureKind::ReadOnly, set, &problem))
            }
            None => Ok(()),
        }
    }

    /// Whether what now stands at the name may stand there together (RFC 1034, 3.6.2).
    fn may_stand(&self, name: &Name) -> Result<(), Failure> {
        let first = Key::of(name, RecordType::A);
        let ours = self
            .block
            .range(&first..)
            .take_while(|(key, _)| key.labels == first.labels)
            .map(|(key, _)| key.rtype);
        let theirs = self.outside.get(name.key().as_ref()).into_iter().flatten();
        let mut types: Vec<_> = ours.chain(theirs.map(|(rtype, _)| *rtype)).collect();
        types.retain(|rtype| !BESIDE_CNAME.contains(rtype));
        types.sort_unstable();
        types.dedup();
        if types.len() < 2 || !types.contains(&RecordType::Cname) {
            return Ok(());
        }
        let other = types.into_iter().find(|rtype| *rtype != RecordType::Cname);
        let other = other.map_or_else(String::new, |rtype| rtype.to_string());
        Err(Failure {
            kind: FailureKind::Conflict,
            message: format!("{name}: a CNAME record cannot stand beside a {other} record"),
        })
    }

    /// The new text; `None` if nothing changed.
    pub(super) fn finish(self) -> Result<Option<Vec<u8>>, String> {
        if !self.changed || self.block == block_of(&self.file.inside) {
            return Ok(None);
        }
        let text = self.render();
        let read = ZoneFile::parse(&self.zone.name, text)
            .map_err(|fault| format!("the result would not be readable, line {fault}"))?;
        if block_of(&read.inside) != self.block || !same_foreign(&read.outside, &self.file.outside)
        {
            return Err("the result would not hold what was planned".to_owned());
        }
        Ok(Some(read.text))
    }

    fn render(&self) -> Vec<u8> {
        let old = &self.file.text;
        let eol = if has_crlf(old) { "\r\n" } else { "\n" };
        let (head, tail) = match &self.file.block {
            Some(block) => (&old[..block.start], &old[block.end..]),
            None => (&old[..], &[][..]),
        };
        let mut text = head.to_vec();
        if !head.is_empty() && !head.ends_with(b"\n") {
            text.extend_from_slice(eol.as_bytes());
        }
        text.extend_from_slice(block_text(&self.block, eol).as_bytes());
        let moved = text.len();
        text.extend_from_slice(tail);
        let serial = next_serial(self.file.serial.value).to_string();
        let mut span = self.file.serial.span.clone();
        if let Some(block) = self.file.block.as_ref().filter(|block| block.end <= span.start) {
            span = (span.start - block.end + moved)..(span.end - block.end + moved);
        }
        text.splice(span, serial.into_bytes());
        text
    }
}

/// Whether the records around the block are the same, but for the SOA.
fn same_foreign(left: &[Rr], right: &[Rr]) -> bool {
    let facts = |rr: &Rr| {
        let target = rr.serial.is_none().then(|| rr.value.target.clone());
        (rr.name.clone(), rr.rtype, rr.ttl, target)
    };
    left.iter().map(facts).eq(right.iter().map(facts))
}

fn block_of(inside: &[Rr]) -> BTreeMap<Key, Values> {
    let mut block: BTreeMap<Key, Values> = BTreeMap::new();
    for rr in inside {
        let values = block.entry(Key::of(&rr.name, rr.rtype)).or_insert_with(|| Values {
            // A name that was read can be written.
            owner: names::to_file(&rr.name).unwrap_or_else(|_| format!("{}.", rr.name)),
            ttl: rr.ttl.seconds().unwrap_or(0),
            rdata: Vec::new(),
        });
        if let Err(at) = values.rdata.binary_search(&rr.value.rdata) {
            values.rdata.insert(at, rr.value.rdata.clone());
        }
    }
    block
}

fn block_text(block: &BTreeMap<Key, Values>, eol: &str) -> String {
    let mut out = format!("{BEGIN} (managed: do not edit between these two lines){eol}");
    for (key, values) in block {
        for line in values.lines(key.rtype) {
            // Writing to a String cannot fail.
            let _ = write!(out, "{line}{eol}");
        }
    }
    out + END + eol
}

/// The lines of a record set, without their ends.
///
/// # Errors
/// When a zone file cannot hold it.
pub(super) fn lines(set: &RecordSet) -> Result<impl Iterator<Item = String>, String> {
    let values = Values::of(set)?;
    let rtype = set.rtype;
    Ok(values.lines(rtype).collect::<Vec<_>>().into_iter())
}

/// The next serial (RFC 1982); zero is left out, as some secondaries take it for "not set".
fn next_serial(serial: u32) -> u32 {
    serial.wrapping_add(1).max(1)
}

fn has_crlf(text: &[u8]) -> bool {
    text.iter().position(|byte| *byte == b'\n').is_some_and(|at| at > 0 && text[at - 1] == b'\r')
}

fn planned(set: &RecordSet) -> Result<Values, Failure> {
    Values::of(set).map_err(|problem| failure(FailureKind::Rejected, set, &problem))
}

fn was_changed(set: &RecordSet) -> Failure {
    let problem = "it was changed since it was read; the next run sees how it is now";
    failure(FailureKind::Conflict, set, problem)
}

fn failure(kind: FailureKind, set: &RecordSet, problem: &str) -> Failure {
    Failure { kind, message: format!("{} {}: {problem}", set.name, set.rtype) }
}

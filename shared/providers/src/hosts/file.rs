//! The text of a hosts file: the block, and what stands around it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use extdns_model::{ChangeGroup, Name, RecordSet, RecordType, Targets, Ttl};

use super::FORM;
use crate::engine::Sets;
use crate::{ErrorKind, ProviderError};

/// The first and last line of a block, in the words of protokube.
fn guards(block: &str) -> [String; 2] {
    [
        format!("# Begin host entries managed by {block} - do not edit"),
        format!("# End host entries managed by {block}"),
    ]
}

/// What stands between the name and the text of an ownership record, which is a comment.
const TXT: &str = " TXT ";

/// Where a file cannot be read, and why.
#[derive(Debug)]
pub(super) struct Fault {
    line: usize,
    problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.problem)
    }
}

/// A hosts file, taken apart.
pub(super) struct HostsFile {
    old: Vec<u8>,
    guards: [String; 2],
    /// The bytes of the block with its two lines.
    span: Option<Range<usize>>,
    /// The record sets of the block.
    pub(super) block: Sets,
    /// Those around it.
    pub(super) outside: Vec<RecordSet>,
}

/// What a name has of a type.
type Key = (String, RecordType);

pub(super) fn key(set: &RecordSet) -> Key {
    (set.name.key().into_owned(), set.rtype)
}

/// Record sets by their keys, while lines are read.
#[derive(Default)]
struct Entries(BTreeMap<Key, RecordSet>);

impl Entries {
    fn add(&mut self, name: &str, rtype: RecordType, value: &str) {
        let new = RecordSet::new(Name::as_listed(name), rtype, Ttl::UNSET, Targets::new());
        let set = self.0.entry(key(&new)).or_insert(new);
        let value = FORM.read(rtype, value);
        if !set.targets.iter().any(|own| *own == value) {
            set.targets.push(value);
        }
    }

    /// The entries of a line. An address has its type by its form.
    fn line(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            if let Some((name, text)) = comment.trim().split_once(TXT) {
                self.add(name, RecordType::Txt, text);
            }
            return Ok(());
        }
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(address) = words.next() else { return Ok(()) };
        let rtype = match address.parse() {
            Ok(IpAddr::V4(_)) => RecordType::A,
            Ok(IpAddr::V6(_)) => RecordType::Aaaa,
            Err(_) => {
                return Err(format!("{address:?} is no address; write it, or remove the line"));
            }
        };
        words.for_each(|name| self.add(name, rtype, address));
        Ok(())
    }
}

impl HostsFile {
    /// Takes a file apart that has at most one block of this name.
    pub(super) fn parse(block: &str, old: Vec<u8>) -> Result<Self, Fault> {
        let guards = guards(block);
        let (mut inside, mut outside) = (Entries::default(), Entries::default());
        let (mut begin, mut span, mut at) = (None, None, 0);
        for (line, bytes) in (1..).zip(old.split_inclusive(|byte| *byte == b'\n')) {
            let fault = |problem: String| Fault { line, problem };
            let text = String::from_utf8_lossy(bytes);
            let (start, end) = (at, at + bytes.len());
            at = end;
            let is = |guard: &String| text.trim() == guard;
            match begin {
                None if is(&guards[0]) && span.is_some() => {
                    return Err(fault("a second block begins; only one is managed".to_owned()));
                }
                None if is(&guards[0]) => begin = Some((line, start)),
                None if is(&guards[1]) => {
                    return Err(fault(format!(
                        "the block that ends here has no line {:?}",
                        guards[0]
                    )));
                }
                // What cannot be read there is somebody else's.
                None => drop(outside.line(&text)),
                Some((first, _)) if is(&guards[0]) => {
                    return Err(fault(format!("a block begins inside that of line {first}")));
                }
                Some((_, start)) if is(&guards[1]) => {
                    (begin, span) = (None, Some(start..end));
                }
                Some(_) => inside.line(&text).map_err(fault)?,
            }
        }
        if let Some((line, _)) = begin {
            let problem = format!("the block that begins here has no line {:?}", guards[1]);
            return Err(Fault { line, problem });
        }
        // A comment outside the block is none of ours.
        outside.0.retain(|(_, rtype), _| *rtype != RecordType::Txt);
        let outside = outside.0.into_values().collect();
        Ok(Self { old, guards, span, block: Sets::of(inside.0.into_values()), outside })
    }

    /// Makes all changes of groups, or none.
    ///
    /// # Errors
    /// When the file is not as the groups say, or a name stands outside the block.
    pub(super) fn apply(&mut self, groups: &[&ChangeGroup]) -> Result<(), ProviderError> {
        let outside: BTreeSet<Key> = self.outside.iter().map(key).collect();
        let changes = || groups.iter().flat_map(|group| &group.changes);
        if let Some(change) = changes().find(|it| outside.contains(&key(it.set()))) {
            let set = change.set();
            let message = format!("{} {} {}", set.rtype, set.name, super::OUTSIDE);
            return Err(ProviderError::new(ErrorKind::Conflict(vec![set.name.clone()]), message));
        }
        self.block.apply(groups)
    }

    /// The text with the block as it is now: in its place, or behind everything else.
    pub(super) fn text(&self) -> Vec<u8> {
        let has_crlf = self.old.windows(2).any(|pair| pair == b"\r\n");
        let end = if has_crlf { "\r\n" } else { "\n" };
        let block = self.lines().iter().flat_map(|line| [line.as_str(), end]).collect::<String>();
        let (front, behind) = match &self.span {
            Some(span) => (&self.old[..span.start], &self.old[span.end..]),
            None => (&self.old[..], &[][..]),
        };
        let apart = match (&self.span, front) {
            (Some(_), _) | (None, []) => String::new(),
            (None, [.., b'\n']) => end.to_owned(),
            (None, _) => format!("{end}{end}"),
        };
        [front, apart.as_bytes(), block.as_bytes(), behind].concat()
    }

    /// The lines of the block: each address with its names, then the ownership records, each sorted.
    fn lines(&self) -> Vec<String> {
        let mut by_address: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut texts = BTreeSet::new();
        for set in self.block.sets() {
            let name = set.name.key();
            for value in &set.targets {
                if set.rtype == RecordType::Txt {
                    texts.insert(format!("# {name}{TXT}{}", FORM.value(set.rtype, value)));
                } else {
                    by_address.entry(value).or_default().insert(name.clone().into_owned());
                }
            }
        }
        let line = |(address, names): (&str, BTreeSet<String>)| {
            format!("{address}\t{}", names.into_iter().collect::<Vec<_>>().join(" "))
        };
        let mut addresses: Vec<String> = by_address.into_iter().map(line).collect();
        addresses.sort_unstable();
        let [begin, end] = self.guards.clone();
        [begin].into_iter().chain(addresses).chain(texts).chain([end]).collect()
    }
}

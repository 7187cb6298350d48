//! One zone file: its records, and the block that may be changed.

use std::collections::HashMap;
use std::ops::Range;

use extdns_model::{Name, Opaque, Record, RecordSet, RecordType, Targets};

use super::library::{Library, Rr};
use super::names;
use super::scan::{Entry, Fault, Item, Scanner};

/// How the line begins that opens our block; the rest of the line is for people.
pub(super) const BEGIN: &str = "; BEGIN external-dns";
/// How the line begins that closes it.
pub(super) const END: &str = "; END external-dns";

/// Why a record set outside the block stays as it is; reads after "it".
pub(super) const OUTSIDE: &str = "has records outside the managed block of its zone file";

/// A signature (RFC 4034, 3).
const RRSIG: RecordType = RecordType::Other(46);

/// Bytes that the library buffers of a file.
const BUFFER: usize = 1 << 16;

/// A zone file, taken apart.
#[derive(Debug)]
pub(super) struct ZoneFile {
    pub(super) text: Vec<u8>,
    /// Our block with its two marker lines.
    pub(super) block: Option<Range<usize>>,
    pub(super) serial: Serial,
    /// The records around the block.
    pub(super) outside: Vec<Rr>,
    /// Our records.
    pub(super) inside: Vec<Rr>,
    /// Whether there are signatures (RRSIG, RFC 4034, 3), which any change would break.
    pub(super) signed: bool,
}

/// The serial of the SOA.
#[derive(Debug, Clone)]
pub(super) struct Serial {
    pub(super) span: Range<usize>,
    pub(super) value: u32,
}

/// The part of the file that an entry stands in.
#[derive(Clone, Copy)]
enum Region {
    Head,
    /// In the block that began at this line and byte.
    Block(usize, usize),
    Tail {
        /// Whether an owner was written since the block.
        owner: bool,
        /// Whether a TTL was written since the block.
        ttl: bool,
    },
}

impl ZoneFile {
    /// Takes the file of a zone apart.
    pub(super) fn parse(zone: &Name, text: Vec<u8>) -> Result<Self, Fault> {
        let origin = names::to_file(zone).map_err(|problem| Fault::new(1, problem))?;
        let library = Library::new(&origin, BUFFER).map_err(|problem| Fault::new(1, problem))?;
        let mut reading = Reading {
            zone: extdns_model::Zone::new("", zone.clone()),
            text: &text,
            library,
            region: Region::Head,
            default_ttl: false,
            block: None,
            serial: None,
            outside: Vec::new(),
            inside: Vec::new(),
        };
        let mut scanner = Scanner::new(&text);
        while let Some(item) = scanner.next()? {
            match item {
                Item::Comment { line, span } => reading.comment(line, span)?,
                Item::Entry(entry) => reading.entry(&entry)?,
            }
        }
        if let Region::Block(line, _) = reading.region {
            return Err(Fault::new(
                line,
                format!("the block that begins here has no {END:?} line"),
            ));
        }
        let Reading { block, serial, outside, inside, .. } = reading;
        let serial = serial.ok_or_else(|| {
            Fault::new(1, "the file has no SOA record; is it whole, and a zone file?")
        })?;
        let signed = outside.iter().chain(&inside).any(|rr| rr.rtype == RRSIG);
        Ok(Self { text, block, serial, outside, inside, signed })
    }

    /// The record sets of the file, in the order of their first records; those with a record
    /// outside the block are read-only.
    pub(super) fn into_records(self) -> Vec<Record> {
        let mut records: Vec<Record> = Vec::new();
        let mut positions: HashMap<(String, RecordType), usize> = HashMap::new();
        let outside = self.outside.into_iter().map(|rr| (rr, Some(OUTSIDE)));
        for (rr, read_only) in outside.chain(self.inside.into_iter().map(|rr| (rr, None))) {
            let position =
                positions.entry((rr.name.key().into_owned(), rr.rtype)).or_insert_with(|| {
                    let set = RecordSet::new(rr.name, rr.rtype, rr.ttl, Targets::new());
                    let mut record = Record::new(set, Opaque::none());
                    record.set_read_only(read_only);
                    records.push(record);
                    records.len() - 1
                });
            let targets = &mut records[*position].set.targets;
            if !targets.iter().any(|target| *target == rr.value.target) {
                targets.push(rr.value.target);
            }
        }
        records
    }
}

/// The state of taking a file apart.
struct Reading<'a> {
    zone: extdns_model::Zone,
    text: &'a [u8],
    library: Library,
    region: Region,
    /// Whether a `$TTL` is in force.
    default_ttl: bool,
    block: Option<Range<usize>>,
    serial: Option<Serial>,
    outside: Vec<Rr>,
    inside: Vec<Rr>,
}

impl Reading<'_> {
    fn comment(&mut self, line: usize, span: Range<usize>) -> Result<(), Fault> {
        let comment = &self.text[span.clone()];
        if is_marker(comment, BEGIN) {
            self.region = match self.region {
                Region::Head => Region::Block(line, span.start),
                Region::Block(begin, _) => {
                    return Err(Fault::new(
                        line,
                        format!("a block begins inside that of line {begin}"),
                    ));
                }
                Region::Tail { .. } => {
                    return Err(Fault::new(line, "a second block begins; only one is managed"));
                }
            };
        } else if is_marker(comment, END) {
            let Region::Block(_, begin) = self.region else {
                return Err(Fault::new(
                    line,
                    format!("the block that ends here has no {BEGIN:?} line"),
                ));
            };
            self.block = Some(begin..span.end);
            self.region = Region::Tail { owner: false, ttl: false };
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), Fault> {
        if entry.is_directive(self.text) {
            self.directive(entry)?;
        } else {
            self.needs_nothing_of_the_block(entry)?;
        }
        let Some(rr) = self.library.read(self.text, entry)? else { return Ok(()) };
        if let Some(serial) = rr.serial {
            self.soa(entry, &rr, serial)?;
        }
        let belongs = self.zone.contains(&rr.name.key());
        match self.region {
            Region::Block(..) if !belongs => {
                let problem =
                    format!("{} in the block does not belong to zone {}", rr.name, self.zone);
                Err(Fault::new(rr.line, problem))
            }
            Region::Block(..) => {
                self.inside.push(rr);
                Ok(())
            }
            // Name servers skip them too.
            _ if !belongs => Ok(()),
            _ => {
                self.outside.push(rr);
                Ok(())
            }
        }
    }

    fn directive(&mut self, entry: &Entry) -> Result<(), Fault> {
        let name = String::from_utf8_lossy(entry.token(self.text, 0)).to_ascii_uppercase();
        match (name.as_str(), self.region) {
            ("$INCLUDE" | "$GENERATE", _) => Err(Fault::new(
                entry.line,
                format!("{name} hides records from this program; write them out in this file"),
            )),
            (_, Region::Block(..)) => Err(Fault::new(
                entry.line,
                format!("{name} must not stand in the block; move it above"),
            )),
            ("$TTL", _) => {
                self.default_ttl = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What stands behind the block must not take its owner or TTL from the block's last record,
    /// which changes.
    fn needs_nothing_of_the_block(&mut self, entry: &Entry) -> Result<(), Fault> {
        let fields = entry.fields(self.text);
        let default_ttl = self.default_ttl;
        let Region::Tail { owner, ttl } = &mut self.region else { return Ok(()) };
        *owner |= !entry.blank_owner;
        *ttl |= fields.ttl.is_some();
        if !*owner {
            let problem =
                "the record has a blank owner, which is that of the block above; write its name";
            return Err(Fault::new(entry.line, problem));
        }
        if !*ttl && !default_ttl {
            let problem = "the record has no TTL and would take that of the block above; \
                           write its TTL or a $TTL at the top";
            return Err(Fault::new(entry.line, problem));
        }
        Ok(())
    }

    fn soa(&mut self, entry: &Entry, rr: &Rr, value: u32) -> Result<(), Fault> {
        let fault = |problem: String| Err(Fault::new(rr.line, problem));
        if let Region::Block(..) = self.region {
            return fault("a SOA record must not stand in the block; move it above".to_owned());
        }
        if self.serial.is_some() {
            return fault("a second SOA record; a zone has one".to_owned());
        }
        if rr.name.key() != self.zone.name.key() {
            return fault(format!(
                "the SOA record is of {}, while the name of the file says {}",
                rr.name, self.zone
            ));
        }
        let at = entry.fields(self.text).rtype.map_or(0, |rtype| rtype + 3);
        let Some(token) = entry.tokens.get(at) else {
            return fault("the SOA record has no serial".to_owned());
        };
        self.serial = Some(Serial { span: token.span.clone(), value });
        Ok(())
    }
}

/// Whether a comment line begins with these words.
fn is_marker(comment: &[u8], marker: &str) -> bool {
    comment
        .strip_prefix(marker.as_bytes())
        .is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

//! What an entry of a zone file means, as the DNS library reads it.
//!
//! The `domain` crate of NLnet Labs reads DNAME, the DNSSEC types and RFC 3597 notation. It is
//! handed one entry at a time, so that each record keeps its place in the file, and each entry in
//! plain form: what name servers read and the crate does not is rewritten for it. That is TTLs with units
//! (`1d`), bytes beyond ASCII, and types of which the crate has only the name.

use std::str::FromStr as _;

use domain::base::iana::Rtype;
use domain::rdata::ZoneRecordData;
use domain::zonefile::inplace::{Entry as Read, ScannedRecord, Zonefile};
use ecow::EcoString;
use extdns_model::{Name, RecordType, Ttl};

use super::names;
use super::rdata::Value;
use super::scan::{Entry, Fault, Fields};

/// The types whose own notation the library reads; any other is read in RFC 3597 notation only.
const NOTATIONS: [Rtype; 35] = [
    Rtype::A,
    Rtype::AAAA,
    Rtype::CAA,
    Rtype::CDNSKEY,
    Rtype::CDS,
    Rtype::CNAME,
    Rtype::DNAME,
    Rtype::DNSKEY,
    Rtype::DS,
    Rtype::HINFO,
    Rtype::HTTPS,
    Rtype::IPSECKEY,
    Rtype::MB,
    Rtype::MD,
    Rtype::MF,
    Rtype::MG,
    Rtype::MINFO,
    Rtype::MR,
    Rtype::MX,
    Rtype::NAPTR,
    Rtype::NS,
    Rtype::NSEC,
    Rtype::NSEC3,
    Rtype::NSEC3PARAM,
    Rtype::OPENPGPKEY,
    Rtype::PTR,
    Rtype::RP,
    Rtype::RRSIG,
    Rtype::SOA,
    Rtype::SRV,
    Rtype::SSHFP,
    Rtype::SVCB,
    Rtype::TLSA,
    Rtype::TXT,
    Rtype::ZONEMD,
];

/// A record as the library read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rr {
    pub(super) name: Name,
    pub(super) rtype: RecordType,
    pub(super) ttl: Ttl,
    pub(super) value: Value,
    /// The serial of a SOA.
    pub(super) serial: Option<u32>,
    /// The line on which it begins.
    pub(super) line: usize,
}

/// Reads entry by entry: origin, default TTL and last owner carry over.
pub(super) struct Library {
    zonefile: Zonefile,
    /// The origin that is in force: the library knows `@` as an owner, but not in data.
    origin: String,
    buffer: Vec<u8>,
}

impl Library {
    /// For a file whose relative names lie below this absolute name; the capacity is that of the
    /// buffers that the library fills.
    pub(super) fn new(origin: &str, capacity: usize) -> Result<Self, String> {
        let mut zonefile = Zonefile::with_capacity(capacity);
        zonefile.set_default_class(domain::base::iana::Class::IN);
        let mut library = Self { zonefile, origin: origin.to_owned(), buffer: Vec::new() };
        library.buffer.extend_from_slice(format!("$ORIGIN {origin}\n").as_bytes());
        library.next()?;
        Ok(library)
    }

    /// Reads a directive or a record; a directive gives nothing.
    pub(super) fn read(&mut self, text: &[u8], entry: &Entry) -> Result<Option<Rr>, Fault> {
        let fault = |problem: String| Fault::new(entry.line, problem);
        let fields = if entry.is_directive(text) { Fields::default() } else { entry.fields(text) };
        let foreign = fields.rtype.and_then(|at| foreign_notation(text, entry, at));
        self.buffer.clear();
        write_plain(&mut self.buffer, text, entry, &fields, (foreign, &self.origin));
        self.follow_origin(text, entry);
        let Some(record) = self.next().map_err(fault)? else { return Ok(None) };
        let data = fields.rtype.map_or(0, |at| at + 1);
        if let Some(name) = empty_label(text, entry, &fields, record.rtype()) {
            return Err(fault(format!("the name {name:?} has an empty label")));
        }
        let serial = match record.data() {
            ZoneRecordData::Soa(soa) => Some(soa.serial().into_int()),
            _ => None,
        };
        Ok(Some(Rr {
            name: Name::as_listed(&names::to_text(record.owner())),
            rtype: record_type(record.rtype()),
            ttl: Ttl::from_seconds(record.ttl().as_secs().into()),
            value: Value::of(record.data(), || raw(text, entry, data)),
            serial,
            line: entry.line,
        }))
    }

    /// `$ORIGIN sub` is below the origin that was in force, `$ORIGIN sub.example.org.` is not.
    fn follow_origin(&mut self, text: &[u8], entry: &Entry) {
        if !entry.is_directive(text) || !entry.token(text, 0).eq_ignore_ascii_case(b"$ORIGIN") {
            return;
        }
        let mut name = Vec::new();
        write_ascii(&mut name, entry.token(text, 1));
        let name = String::from_utf8_lossy(&name);
        self.origin = match &*name {
            "" | "@" => return,
            name if name.ends_with('.') => name.to_owned(),
            name if self.origin == "." => format!("{name}."),
            name => format!("{name}.{}", self.origin),
        };
    }

    /// Hands over the buffer, which holds one entry.
    fn next(&mut self) -> Result<Option<ScannedRecord>, String> {
        self.zonefile.extend_from_slice(&self.buffer);
        match self.zonefile.next_entry() {
            Ok(Some(Read::Record(record))) => Ok(Some(record)),
            Ok(Some(Read::Include { .. })) => Err("$INCLUDE is not followed".to_owned()),
            Ok(None) => Ok(None),
            // The library's own line and column count what it was handed, not the file.
            Err(error) => {
                let text = error.to_string();
                Err(text.splitn(3, ':').nth(2).map_or(text.as_str(), str::trim).to_owned())
            }
        }
    }
}

/// One value of a record set, read by the library as if it stood in a file.
pub(super) fn read_value(name: &str, rtype: RecordType, rdata: &str) -> Result<Value, String> {
    let line = format!("{name} 0 IN {rtype} {rdata}\n");
    let text = line.as_bytes();
    let mut scanner = super::scan::Scanner::new(text);
    let (Ok(Some(super::scan::Item::Entry(entry))), Ok(None)) = (scanner.next(), scanner.next())
    else {
        return Err("the value does not fit on a line of a zone file".to_owned());
    };
    match Library::new(".", text.len())?.read(text, &entry).map_err(|fault| fault.problem)? {
        Some(rr) => Ok(rr.value),
        None => Err("the name is no owner of a record".to_owned()),
    }
}

/// The type of which the library has only the name, if the entry is of one.
fn foreign_notation(text: &[u8], entry: &Entry, at: usize) -> Option<Rtype> {
    let name = std::str::from_utf8(entry.token(text, at)).ok()?;
    let rtype = Rtype::from_str(name).ok()?;
    let known = NOTATIONS.contains(&rtype) || entry.token(text, at + 1) == b"\\#";
    (!known).then_some(rtype)
}

/// Writes the entry on one line, in a form that the library reads.
fn write_plain(
    out: &mut Vec<u8>,
    text: &[u8],
    entry: &Entry,
    fields: &Fields,
    (foreign, origin): (Option<Rtype>, &str),
) {
    let rtype = fields
        .rtype
        .and_then(|at| Rtype::from_str(std::str::from_utf8(entry.token(text, at)).ok()?).ok());
    let names = rtype.map_or(0..0, |rtype| names_in_data(fields, rtype));
    if entry.blank_owner {
        out.push(b' ');
    }
    let is_ttl = |index: usize| match fields.rtype {
        None => index == 1 && entry.token(text, 0).eq_ignore_ascii_case(b"$TTL"),
        Some(rtype) => {
            fields.ttl == Some(index)
                || (index >= rtype + 4 && entry.token(text, rtype).eq_ignore_ascii_case(b"SOA"))
        }
    };
    for (index, token) in entry.tokens.iter().enumerate() {
        let touches = index > 0 && entry.tokens[index - 1].span.end == token.span.start;
        if index > 0 && !touches {
            out.push(b' ');
        }
        if let (Some(rtype), true) = (foreign, fields.rtype == Some(index)) {
            out.extend_from_slice(format!("TYPE{} \\# 0", rtype.to_int()).as_bytes());
            break;
        }
        let bytes = &text[token.span.clone()];
        if bytes == b"@" && names.contains(&index) {
            out.extend_from_slice(origin.as_bytes());
            continue;
        }
        match seconds(bytes).filter(|_| is_ttl(index)) {
            Some(seconds) => out.extend_from_slice(seconds.to_string().as_bytes()),
            None => write_ascii(out, bytes),
        }
    }
    out.push(b'\n');
}

/// The token with every byte beyond printable ASCII escaped.
fn write_ascii(out: &mut Vec<u8>, token: &[u8]) {
    let mut bytes = token.iter();
    while let Some(byte) = bytes.next() {
        let (byte, escaped) = match (byte, bytes.as_slice().first()) {
            (b'\\', Some(next)) => {
                bytes.next();
                (next, true)
            }
            _ => (byte, false),
        };
        if !matches!(byte, 0x20..=0x7e) {
            out.extend_from_slice(format!("\\{byte:03}").as_bytes());
        } else if escaped {
            out.extend_from_slice(&[b'\\', *byte]);
        } else {
            out.push(*byte);
        }
    }
}

/// The tokens that are names in the data of a record.
fn names_in_data(fields: &Fields, rtype: Rtype) -> std::ops::Range<usize> {
    let data = fields.rtype.map_or(0, |at| at + 1);
    // How many tokens stand before the names, and how many names there are.
    let (before, count) = match rtype {
        Rtype::CNAME | Rtype::DNAME | Rtype::NS | Rtype::PTR => (0, 1),
        Rtype::SOA => (0, 2),
        Rtype::MX => (1, 1),
        Rtype::SRV => (3, 1),
        Rtype::NAPTR => (5, 1),
        _ => (0, 0),
    };
    (data + before)..(data + before + count)
}

/// The first name of a record with an empty label, which the library lets pass.
fn empty_label(text: &[u8], entry: &Entry, fields: &Fields, rtype: Rtype) -> Option<String> {
    fields
        .owner
        .into_iter()
        .chain(names_in_data(fields, rtype))
        .map(|index| entry.token(text, index))
        .find(|name| {
            (name.len() > 1 && name.starts_with(b"."))
                || name
                    .windows(2)
                    .enumerate()
                    .any(|(at, pair)| pair == b".." && (at == 0 || name[at - 1] != b'\\'))
        })
        .map(|name| String::from_utf8_lossy(name).into_owned())
}

/// The data as it stands in the file, on one line.
fn raw(text: &[u8], entry: &Entry, from: usize) -> EcoString {
    let mut out = Vec::new();
    for (index, token) in entry.tokens.iter().enumerate().skip(from) {
        if index > from && entry.tokens[index - 1].span.end != token.span.start {
            out.push(b' ');
        }
        write_ascii(&mut out, &text[token.span.clone()]);
    }
    EcoString::from(String::from_utf8_lossy(&out))
}

/// The seconds of a TTL with units, as in `1h30m`.
fn seconds(token: &[u8]) -> Option<u32> {
    let (mut total, mut number) = (0u32, None);
    for byte in token {
        if byte.is_ascii_digit() {
            let digit = u32::from(byte - b'0');
            number = Some(number.unwrap_or(0u32).checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let unit = match byte.to_ascii_lowercase() {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    total.checked_add(number.unwrap_or(0))
}

fn record_type(rtype: Rtype) -> RecordType {
    match rtype {
        Rtype::A => RecordType::A,
        Rtype::AAAA => RecordType::Aaaa,
        Rtype::CNAME => RecordType::Cname,
        Rtype::TXT => RecordType::Txt,
        Rtype::SRV => RecordType::Srv,
        Rtype::NS => RecordType::Ns,
        Rtype::PTR => RecordType::Ptr,
        Rtype::MX => RecordType::Mx,
        Rtype::NAPTR => RecordType::Naptr,
        Rtype::DNAME => RecordType::Dname,
        other => RecordType::Other(other.to_int()),
    }
}

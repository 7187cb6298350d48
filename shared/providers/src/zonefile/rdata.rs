//! The data of one record: as a zone file has it, and as the target of a record set.
//!
//! Host names have a final dot in the file; as targets only those of SRV and NAPTR keep it, as
//! everywhere in this program. The strings of a TXT record are one text, which as a target stands
//! in quotes; a target without quotes is taken as it is.

use domain::base::name::ToName;
use domain::rdata::ZoneRecordData;
use domain::zonefile::inplace::ScannedRecordData;
use ecow::{EcoString, eco_format};
use extdns_model::{Name, RecordType, target_ip};

use super::names;
use super::scan::{Item, Scanner};
use crate::engine::text;

/// Most bytes of one string (RFC 1035, 3.3).
const MAX_STRING: usize = 255;

/// The data of one record, in both forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// In the file: absolute names, one line.
    pub(super) rdata: EcoString,
    /// As a target.
    pub(super) target: EcoString,
}

impl Value {
    /// Both forms of what the library read; `raw` is the data as it stands in the file, for types
    /// that are kept but not managed.
    pub(super) fn of(data: &ScannedRecordData, raw: impl FnOnce() -> EcoString) -> Self {
        match data {
            ZoneRecordData::A(a) => Self::same(eco_format!("{}", a.addr())),
            ZoneRecordData::Aaaa(aaaa) => Self::same(eco_format!("{}", aaaa.addr())),
            ZoneRecordData::Cname(cname) => Self::host("", cname.cname()),
            ZoneRecordData::Dname(dname) => Self::host("", dname.dname()),
            ZoneRecordData::Ns(ns) => Self::host("", ns.nsdname()),
            ZoneRecordData::Ptr(ptr) => Self::host("", ptr.ptrdname()),
            ZoneRecordData::Mx(mx) => Self::host(&format!("{} ", mx.preference()), mx.exchange()),
            ZoneRecordData::Srv(srv) => {
                let numbers = format!("{} {} {} ", srv.priority(), srv.weight(), srv.port());
                Self::host_with_dot(&numbers, srv.target())
            }
            ZoneRecordData::Naptr(naptr) => {
                let mut head = format!("{} {} ", naptr.order(), naptr.preference());
                for string in [naptr.flags(), naptr.services(), naptr.regexp()] {
                    push_string(&mut head, string.as_slice());
                    head.push(' ');
                }
                Self::host_with_dot(&head, naptr.replacement())
            }
            ZoneRecordData::Txt(txt) => {
                let text: Vec<u8> = txt.iter().flatten().copied().collect();
                Self { rdata: strings(&text).into(), target: quoted_target(&text).into() }
            }
            _ => Self::same(raw()),
        }
    }

    fn same(text: EcoString) -> Self {
        Self { rdata: text.clone(), target: text }
    }

    fn host(head: &str, host: &impl ToName) -> Self {
        let text = names::to_text(host);
        // The root is a host of its own: no mail, no service.
        let text = if text.is_empty() { EcoString::from(".") } else { text };
        Self {
            rdata: eco_format!("{head}{}", names::absolute(host)),
            target: eco_format!("{head}{text}"),
        }
    }

    fn host_with_dot(head: &str, host: &impl ToName) -> Self {
        Self {
            rdata: eco_format!("{head}{}", names::absolute(host)),
            target: eco_format!("{head}{}.", names::to_text(host)),
        }
    }
}

/// A target as data for the library to read.
pub(super) fn from_target(rtype: RecordType, target: &str) -> Result<String, String> {
    let fields: Vec<&str> = target.split_whitespace().collect();
    match (rtype, &fields[..]) {
        (RecordType::A, [text]) if target_ip(text).is_some_and(|ip| ip.is_ipv4()) => {
            Ok((*text).to_owned())
        }
        (RecordType::Aaaa, [text]) if target_ip(text).is_some_and(|ip| ip.is_ipv6()) => {
            Ok((*text).to_owned())
        }
        (RecordType::A, _) => Err(format!("{target:?} is no IPv4 address")),
        (RecordType::Aaaa, _) => Err(format!("{target:?} is no IPv6 address")),
        (RecordType::Cname | RecordType::Dname | RecordType::Ns | RecordType::Ptr, [name]) => {
            host(name)
        }
        (RecordType::Mx, [preference, name]) => Ok(format!("{preference} {}", host(name)?)),
        (RecordType::Srv, [priority, weight, port, name]) => {
            Ok(format!("{priority} {weight} {port} {}", host(name)?))
        }
        (RecordType::Naptr, _) => naptr(target),
        (RecordType::Txt, _) => Ok(strings(&text_of(target))),
        (RecordType::Other(_), _) => Err("records of this type are not managed".to_owned()),
        _ => Err(format!("{target:?} is no data of a {rtype} record")),
    }
}

fn host(text: &str) -> Result<String, String> {
    names::to_file(&Name::as_listed(text))
}

/// Order, preference, flags, services, regexp as they are, and the replacement as a host.
fn naptr(target: &str) -> Result<String, String> {
    let no_data = || format!("{target:?} is no data of a NAPTR record");
    let text = target.as_bytes();
    let mut scanner = Scanner::new(text);
    let (Ok(Some(Item::Entry(entry))), Ok(None)) = (scanner.next(), scanner.next()) else {
        return Err(no_data());
    };
    let (6, Some(last)) = (entry.tokens.len(), entry.tokens.last()) else {
        return Err(no_data());
    };
    let replacement = target.get(last.span.clone()).ok_or_else(no_data)?;
    let mut out = String::new();
    for token in &entry.tokens[..5] {
        out.push_str(target.get(token.span.clone()).ok_or_else(no_data)?);
        out.push(' ');
    }
    out.push_str(&host(replacement)?);
    Ok(out)
}

/// The bytes that a TXT target stands for: its quoted strings joined, or itself where it has no
/// quotes around. In an ownership value nothing is escaped.
fn text_of(target: &str) -> Vec<u8> {
    if let Some(value) = text::ownership(target) {
        return value.as_bytes().to_vec();
    }
    match (text::strings(target), target.as_bytes()) {
        (Some(strings), _) => strings.concat(),
        (None, [b'"', inner @ .., b'"']) => inner.to_vec(),
        (None, bytes) => bytes.to_vec(),
    }
}

/// A text as strings of a zone file, at least one.
fn strings(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    if text.is_empty() {
        push_string(&mut out, text);
    }
    for chunk in text.chunks(MAX_STRING) {
        if !out.is_empty() {
            out.push(' ');
        }
        push_string(&mut out, chunk);
    }
    out
}

fn push_string(out: &mut String, string: &[u8]) {
    out.push('"');
    for byte in string {
        match byte {
            b' ' => out.push(' '),
            _ => names::push(out, *byte, b"\"\\"),
        }
    }
    out.push('"');
}

/// A text as a target: in quotes, readable where it is UTF-8. An ownership value is as it was
/// written, with nothing escaped.
fn quoted_target(text: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(text) {
        let value = format!("\"{text}\"");
        if text::ownership(&value).is_some() {
            return value;
        }
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    text::escape(text, &mut out);
    out.push('"');
    out
}

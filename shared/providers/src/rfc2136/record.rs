//! Names and the data of records, both ways.

use std::net::{Ipv4Addr, Ipv6Addr};

use extdns_model::fields::{Mx, Naptr, Srv};
use extdns_model::{Name as ModelName, RecordType};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NAPTR, NS, NULL, PTR, SRV, TXT};
use hickory_proto::rr::{Name, RData, RecordType as WireType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinEncodable as _};

use crate::engine::text;

/// The types that are written and read, here and in the DNS library.
const TYPES: [(RecordType, WireType); 10] = [
    (RecordType::A, WireType::A),
    (RecordType::Aaaa, WireType::AAAA),
    (RecordType::Cname, WireType::CNAME),
    (RecordType::Dname, DNAME),
    (RecordType::Mx, WireType::MX),
    (RecordType::Naptr, WireType::NAPTR),
    (RecordType::Ns, WireType::NS),
    (RecordType::Ptr, WireType::PTR),
    (RecordType::Srv, WireType::SRV),
    (RecordType::Txt, WireType::TXT),
];

/// The library knows the number of this type, and not its data.
const DNAME: WireType = WireType::DNAME;

/// A type on the wire.
pub(super) fn wire_type(rtype: RecordType) -> WireType {
    let known = TYPES.iter().find(|(own, _)| *own == rtype);
    known.map_or(WireType::Unknown(0), |(_, wire)| *wire)
}

/// The type of data that was read, if it is one that is managed.
pub(super) fn managed_type(wire: WireType) -> Option<RecordType> {
    TYPES.iter().find(|(_, other)| *other == wire).map(|(own, _)| *own)
}

/// A name on the wire: lower-case A-labels, absolute. Its escapes are those of RFC 1035, 5.1.
///
/// # Errors
/// When it is no name of DNS, in words.
pub(super) fn name(name: &ModelName) -> Result<Name, String> {
    let key = name.key();
    let key = key.as_ref();
    let labels = labels(key).ok_or_else(|| format!("{key:?} is no name of DNS"))?;
    let labels: Vec<&[u8]> = labels.iter().map(Vec::as_slice).collect();
    let mut name =
        Name::from_labels(labels).map_err(|error| format!("{key:?} is no name of DNS: {error}"))?;
    name.set_fqdn(true);
    Ok(name)
}

fn labels(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut labels = Vec::new();
    let mut label = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'.' => labels.push(std::mem::take(&mut label)),
            b'\\' => {
                let first = bytes.next()?;
                if !first.is_ascii_digit() {
                    label.push(first);
                    continue;
                }
                let digits = [first, bytes.next()?, bytes.next()?];
                label.push(std::str::from_utf8(&digits).ok()?.parse().ok()?);
            }
            byte => label.push(byte),
        }
    }
    if !text.is_empty() {
        labels.push(label);
    }
    labels.iter().all(|label| !label.is_empty()).then_some(labels)
}

/// A name as the rest of the program knows it, without a final dot.
pub(super) fn text_of(name: &Name) -> String {
    let mut text = String::new();
    for label in name.iter() {
        if !text.is_empty() {
            text.push('.');
        }
        for byte in label {
            match byte {
                b'.' | b'\\' => text.extend(['\\', char::from(*byte)]),
                0x21..=0x7e => text.push(char::from(*byte)),
                byte => text.push_str(&format!("\\{byte:03}")),
            }
        }
    }
    text
}

/// The data of one value, which is in the form that the wire form of this provider gives it.
///
/// # Errors
/// When it is no value of its type, in words.
pub(super) fn data(rtype: RecordType, value: &str) -> Result<RData, String> {
    let bad = || format!("the target {value:?} is no {rtype} value");
    let host = |text: &str| name(&ModelName::as_listed(text)).map_err(|_| bad());
    if value.trim().is_empty() && rtype != RecordType::Txt {
        return Err(bad());
    }
    Ok(match rtype {
        RecordType::A => RData::A(A(value.parse::<Ipv4Addr>().map_err(|_| bad())?)),
        RecordType::Aaaa => RData::AAAA(AAAA(value.parse::<Ipv6Addr>().map_err(|_| bad())?)),
        RecordType::Cname => RData::CNAME(CNAME(host(value)?)),
        RecordType::Ns => RData::NS(NS(host(value)?)),
        RecordType::Ptr => RData::PTR(PTR(host(value)?)),
        RecordType::Dname => {
            let bytes = host(value)?.to_bytes().map_err(|_| bad())?;
            RData::Unknown { code: DNAME, rdata: NULL::with(bytes) }
        }
        RecordType::Mx => {
            let Mx { preference, exchange } = Mx::parse(value).ok_or_else(bad)?;
            RData::MX(MX::new(preference, host(&exchange)?))
        }
        RecordType::Srv => {
            let Srv { priority, weight, port, target } = Srv::parse(value).ok_or_else(bad)?;
            RData::SRV(SRV::new(priority, weight, port, host(&target)?))
        }
        RecordType::Naptr => naptr(Naptr::parse(value).ok_or_else(bad)?).ok_or_else(bad)?,
        RecordType::Txt => {
            let strings = text::strings(value).ok_or_else(bad)?;
            let strings = strings.iter().map(AsRef::as_ref).collect();
            RData::TXT(TXT::from_bytes(strings))
        }
        RecordType::Other(_) => return Err(format!("{rtype} records are not written")),
    })
}

fn naptr(fields: Naptr) -> Option<RData> {
    let Naptr { order, preference, flags, services, regexp, replacement } = fields;
    let string = |text: &str| -> Option<Box<[u8]>> {
        Some(text::strings(&format!("\"{text}\""))?.concat().into())
    };
    let replacement = name(&ModelName::as_listed(&replacement)).ok()?;
    let [flags, services, regexp] = [string(&flags)?, string(&services)?, string(&regexp)?];
    Some(RData::NAPTR(NAPTR::new(order, preference, flags, services, regexp, replacement)))
}

/// Data as a value in presentation format; `None` if it is of a type that is not managed.
pub(super) fn value(data: &RData) -> Option<String> {
    let host = |name: &Name| format!("{}.", text_of(name));
    let string = |bytes: &[u8]| text::quote(bytes);
    Some(match data {
        RData::A(A(address)) => address.to_string(),
        RData::AAAA(AAAA(address)) => address.to_string(),
        RData::CNAME(CNAME(name)) | RData::NS(NS(name)) | RData::PTR(PTR(name)) => host(name),
        RData::Unknown { code, rdata } if *code == DNAME => {
            host(&Name::from_bytes(&rdata.anything).ok()?)
        }
        RData::MX(mx) => format!("{} {}", mx.preference, host(&mx.exchange)),
        RData::SRV(srv) => {
            let target = host(&srv.target);
            format!("{} {} {} {target}", srv.priority, srv.weight, srv.port)
        }
        RData::NAPTR(naptr) => {
            let [flags, services, regexp] =
                [&naptr.flags, &naptr.services, &naptr.regexp].map(|it| string(it));
            let next = host(&naptr.replacement);
            format!("{} {} {flags} {services} {regexp} {next}", naptr.order, naptr.preference)
        }
        RData::TXT(txt) => string(&txt.txt_data.concat()),
        _ => return None,
    })
}

//! Transfers of whole zones (AXFR, RFC 5936). What is not a whole zone is an error, never a smaller zone.

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::answer::Purpose;
use super::servers::{Answer, lost};
use crate::{ErrorKind, ProviderError};

/// The question for a zone.
pub(super) fn question(zone: &Name) -> Message {
    let mut message = Message::query();
    message.add_query(Query::query(zone.clone(), RecordType::AXFR));
    message
}

/// The records of a zone but its SOA, from an answer of as many messages as it takes.
///
/// # Errors
/// When the server refuses, or the answer is not the whole zone.
pub(super) async fn records(
    answer: &mut Answer,
    zone: &Name,
) -> Result<Vec<Record>, ProviderError> {
    let mut stream = Transfer::new(zone);
    while !stream.is_complete() {
        let message = answer.next().await?;
        match message.metadata.response_code {
            ResponseCode::NoError => {}
            code => return Err(Purpose::Transfer.refused(code)),
        }
        for record in message.answers {
            stream.take(record)?;
        }
    }
    if !answer.is_verified() {
        return Err(lost("the end of the transfer has no signature".to_owned()));
    }
    stream.end()
}

/// A zone on its way: its SOA, its records, its SOA again.
struct Transfer<'z> {
    zone: &'z Name,
    first: Option<SOA>,
    records: Vec<Record>,
    complete: bool,
}

impl<'z> Transfer<'z> {
    fn new(zone: &'z Name) -> Self {
        Self { zone, first: None, records: Vec::new(), complete: false }
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn take(&mut self, record: Record) -> Result<(), ProviderError> {
        if self.complete {
            return Err(broken("records follow its end"));
        }
        match (&self.first, &record.data) {
            (None, RData::SOA(soa)) if record.name == *self.zone => self.first = Some(soa.clone()),
            (None, _) => return Err(broken("it does not begin with the SOA of the zone")),
            (Some(first), RData::SOA(soa)) if first.serial == soa.serial => self.complete = true,
            // An incremental answer (RFC 1995) has older ones in between.
            (Some(_), RData::SOA(_)) => {
                return Err(broken("it has changes, or the zone changed on the way"));
            }
            (Some(_), _) if record.dns_class != DNSClass::IN => {}
            (Some(_), _) if !self.zone.zone_of(&record.name) => {
                return Err(broken("a record lies outside the zone"));
            }
            (Some(_), _) => self.records.push(record),
        }
        Ok(())
    }

    /// A zone has name servers at least: two SOAs alone are the answer of a server that says "nothing new".
    fn end(self) -> Result<Vec<Record>, ProviderError> {
        if self.records.is_empty() {
            return Err(broken("it has nothing but the SOA"));
        }
        Ok(self.records)
    }
}

fn broken(problem: &str) -> ProviderError {
    let message = format!("the transfer is not the whole zone: {problem}");
    ProviderError::new(ErrorKind::Transient, message)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use hickory_proto::rr::rdata::A;

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).expect("a name")
    }

    fn soa(serial: u32) -> Record {
        let zone = name("example.org.");
        let soa = SOA::new(zone.clone(), zone.clone(), serial, 1, 1, 1, 1);
        Record::from_rdata(zone, 60, RData::SOA(soa))
    }

    fn a(owner: &str) -> Record {
        Record::from_rdata(name(owner), 60, RData::A(A(Ipv4Addr::LOCALHOST)))
    }

    /// The number of records, `None` of a transfer that is not at its end.
    fn transfer(records: &[Record]) -> Result<Option<usize>, String> {
        let zone = name("example.org.");
        let mut stream = Transfer::new(&zone);
        for record in records {
            stream.take(record.clone()).map_err(|error| error.message)?;
        }
        match stream.is_complete() {
            true => stream.end().map(|all| Some(all.len())).map_err(|error| error.message),
            false => Ok(None),
        }
    }

    /// Records that came, and how many of them are those of the zone; `None` while more are awaited.
    type Came<'a> = (&'a [Record], Result<Option<usize>, &'a str>);

    #[test]
    fn only_a_whole_zone_is_one() {
        let a = || a("www.example.org.");
        let whole = "the transfer is not the whole zone: ";
        let table: [Came<'_>; 9] = [
            (&[soa(1), a(), a(), soa(1)], Ok(Some(2))),
            (&[soa(1), a()], Ok(None)),
            // "Nothing new", as an answer to IXFR: not at its end, so that more is waited for.
            (&[soa(1)], Ok(None)),
            (&[soa(1), soa(1)], Err("it has nothing but the SOA")),
            (&[], Ok(None)),
            (&[a(), soa(1)], Err("it does not begin with the SOA of the zone")),
            (
                &[soa(2), soa(1), a(), soa(2), a(), soa(2)],
                Err("it has changes, or the zone changed on the way"),
            ),
            (&[soa(1), a(), soa(1), a()], Err("records follow its end")),
            (
                &[soa(1), super::tests::a("www.example.net."), soa(1)],
                Err("a record lies outside the zone"),
            ),
        ];
        for (records, expected) in table {
            let expected = expected.map_err(|problem| format!("{whole}{problem}"));
            assert_eq!(transfer(records), expected, "{records:?}");
        }
    }
}

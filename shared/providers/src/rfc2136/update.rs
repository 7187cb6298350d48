//! Updates (RFC 2136): the changes of groups as one message, which is applied whole or not at all.

use extdns_model::{Action, ChangeGroup, Name as ModelName, RecordSet, RecordType, Stored};
use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType as WireType};

use super::record;
use crate::engine::wire::Form;
use crate::{ErrorKind, ProviderError};

/// The data of a record set as it was read, where ours would be written otherwise. A server removes only
/// what has exactly this data.
pub(super) struct AsRead(pub(super) Vec<RData>);

/// The sections of a message.
pub(super) struct Update<'f> {
    form: &'f Form,
    /// Whether the server compares what was read with what is there.
    conditional: bool,
    prerequisites: Vec<Record>,
    removed: Vec<Record>,
    added: Vec<Record>,
}

impl<'f> Update<'f> {
    /// What makes these changes.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] with the name of a record set that cannot be written.
    pub(super) fn of(
        groups: &[&ChangeGroup],
        form: &'f Form,
        conditional: bool,
    ) -> Result<Self, ProviderError> {
        let mut update = Self { conditional, ..Self::default_of(form) };
        let changes = || groups.iter().flat_map(|group| &group.changes);
        let leaving: Vec<&RecordSet> = changes()
            .filter_map(|change| match &change.action {
                Action::Delete(old) => Some(&old.set),
                Action::Create(_) | Action::Update { .. } => None,
            })
            .collect();
        for group in groups {
            for own in &group.requires {
                update.expect_set(own)?;
            }
        }
        for change in changes() {
            match &change.action {
                Action::Create(new) => {
                    update.expect_room(&new.set, &leaving)?;
                    update.add(&new.set)?;
                }
                Action::Update { old, new } => {
                    update.remove(old)?;
                    update.add(&new.set)?;
                }
                Action::Delete(old) => update.remove(old)?,
            }
        }
        Ok(update)
    }

    /// One that changes nothing.
    pub(super) fn default_of(form: &'f Form) -> Self {
        let (prerequisites, removed, added) = (Vec::new(), Vec::new(), Vec::new());
        Self { form, conditional: false, prerequisites, removed, added }
    }

    /// The message. What goes stands first, so that it is not in the way of what comes.
    pub(super) fn message(self, zone: &Name) -> Message {
        let mut message = Message::new(rand::random(), MessageType::Query, OpCode::Update);
        message.add_query(Query::query(zone.clone(), WireType::SOA));
        message.add_answers(self.prerequisites);
        message.add_authorities(self.removed.into_iter().chain(self.added));
        message
    }

    fn add(&mut self, set: &RecordSet) -> Result<(), ProviderError> {
        let ttl = self.form.ttl(set.ttl);
        let data = data(set, self.form).map_err(|problem| rejected(&set.name, &problem))?;
        let name = owner(&set.name)?;
        let added = data.into_iter().map(|data| Record::from_rdata(name.clone(), ttl, data));
        self.added.extend(added);
        Ok(())
    }

    fn remove(&mut self, old: &Stored) -> Result<(), ProviderError> {
        self.expect_set(old)?;
        self.removed.extend(of_class(old, self.form, DNSClass::NONE)?);
        Ok(())
    }

    /// The record set is exactly as it was read (RFC 2136, 2.4.2).
    fn expect_set(&mut self, own: &Stored) -> Result<(), ProviderError> {
        if self.conditional {
            self.prerequisites.extend(of_class(own, self.form, DNSClass::IN)?);
        }
        Ok(())
    }

    /// There is no such record set yet, and none that a server would silently keep in its place (RFC 2136,
    /// 3.4.2.2): nothing beside a CNAME, and no CNAME beside something else.
    fn expect_room(
        &mut self,
        set: &RecordSet,
        leaving: &[&RecordSet],
    ) -> Result<(), ProviderError> {
        if !self.conditional {
            return Ok(());
        }
        let name = owner(&set.name)?;
        let mut absent = |rtype: WireType| {
            let mut record = Record::from_rdata(name.clone(), 0, RData::Update0(rtype));
            record.dns_class = DNSClass::NONE;
            self.prerequisites.push(record);
        };
        let key = set.name.key();
        let mut of_name = leaving.iter().filter(|other| other.name.key() == key);
        match set.rtype {
            RecordType::Cname if of_name.next().is_none() => absent(WireType::ANY),
            RecordType::Cname => absent(WireType::CNAME),
            rtype => {
                absent(record::wire_type(rtype));
                if !of_name.any(|other| other.rtype == RecordType::Cname) {
                    absent(WireType::CNAME);
                }
            }
        }
        Ok(())
    }
}

/// The records of a set as they were read, with this class and without a TTL.
fn of_class(own: &Stored, form: &Form, class: DNSClass) -> Result<Vec<Record>, ProviderError> {
    let name = owner(&own.set.name)?;
    let data = match own.origin.get::<AsRead>() {
        Some(AsRead(data)) => data.clone(),
        None => data(&own.set, form).map_err(|problem| rejected(&own.set.name, &problem))?,
    };
    let record = |data| {
        let mut record = Record::from_rdata(name.clone(), 0, data);
        record.dns_class = class;
        record
    };
    Ok(data.into_iter().map(record).collect())
}

/// The data of a record set.
///
/// # Errors
/// When a value is none of its type, in words.
pub(super) fn data(set: &RecordSet, form: &Form) -> Result<Vec<RData>, String> {
    let one = |target: &ecow::EcoString| record::data(set.rtype, &form.value(set.rtype, target));
    set.targets.iter().map(one).collect()
}

fn owner(name: &ModelName) -> Result<Name, ProviderError> {
    record::name(name).map_err(|problem| rejected(name, &problem))
}

fn rejected(name: &ModelName, problem: &str) -> ProviderError {
    ProviderError::new(ErrorKind::Rejected(vec![name.clone()]), problem)
}

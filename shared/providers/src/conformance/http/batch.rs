//! Several changes in one call.

use std::collections::BTreeMap;

use extdns_model::RecordType;
use serde_json::Value;

use super::{HttpServer, Refusal, State};
use crate::conformance::dialect::{HttpBatch, HttpChange, HttpRecord};

impl HttpServer {
    /// Makes the changes one after another. The answer says of several that are refused the first.
    pub(super) fn batch(
        &self,
        state: &mut State,
        batch: &HttpBatch,
        zone: &str,
        body: &Value,
    ) -> Result<(u16, Value), Refusal> {
        let changes = (batch.read)(body).map_err(|problem| (self.dialect.refused.0, problem))?;
        if changes.len() > batch.most {
            return Err((self.dialect.refused.0, format!("a call takes {} changes", batch.most)));
        }
        let before = state.records.clone();
        let record = |id| BTreeMap::from([("zone", zone.to_owned()), ("id", id)]);
        let mut refused = None;
        for change in changes {
            let made = match change {
                HttpChange::Create(body) => self.create(state, zone, &body),
                HttpChange::Update(id, body) => self.update(state, &record(id), &body),
                HttpChange::Delete(id) => self.delete(state, &record(id)),
                HttpChange::Replace(body) => self.replace(state, zone, &body),
                HttpChange::Drop(name, rtype) => self.delete(state, &set(zone, name, rtype)),
                HttpChange::Remove(body) => self.remove_equal(state, zone, &body),
            };
            refused = refused.or(made.err());
        }
        let Some((status, problem)) = refused else { return Ok((200, (batch.done)())) };
        if batch.is_atomic {
            state.records = before;
        }
        // The path names the zone alone, so 404 would say that the zone is gone.
        let status = if status == 404 { self.dialect.refused.0 } else { status };
        Err((status, problem))
    }

    /// Puts a record set in the place of the one of its name and type.
    fn replace(
        &self,
        state: &mut State,
        zone: &str,
        body: &Value,
    ) -> Result<(u16, Value), Refusal> {
        let own = self.accept(zone, body, None)?;
        self.update(state, &set(zone, own.name, own.rtype), body)
    }

    /// Removes a record set, if it is there with exactly this TTL and these values.
    fn remove_equal(
        &self,
        state: &mut State,
        zone: &str,
        body: &Value,
    ) -> Result<(u16, Value), Refusal> {
        let own = self.accept(zone, body, None)?;
        let records = state.zone(&BTreeMap::from([("zone", zone.to_owned())]))?;
        let is_own = |it: &HttpRecord| it.name == own.name && it.rtype == own.rtype;
        let at = records.iter().position(is_own).ok_or((404, "no such record".to_owned()))?;
        let sorted = |record: &HttpRecord| {
            let mut values = record.values.clone();
            values.sort();
            values
        };
        if records[at].ttl != own.ttl || sorted(&records[at]) != sorted(&own) {
            return Err((412, "Precondition not met".to_owned()));
        }
        records.remove(at);
        Ok((self.dialect.done.2, Value::Null))
    }
}

/// What names a record set.
fn set(zone: &str, name: String, rtype: RecordType) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("zone", zone.to_owned()), ("name", name), ("type", rtype.to_string())])
}

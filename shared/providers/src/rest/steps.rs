//! The calls of an API that stores single values with ids below the path of the records of their zone, and those of one that
//! stores record sets.

use extdns_model::{Action, ChangeGroup, RecordSet, Stored};
use reqwest::Method;
use serde::Serialize;

use super::{Id, Request, Rest, origin};
use crate::engine::ByKind;
use crate::{ProviderError, Step, Transport};

/// The operations of [`Rest::step`], by their names.
pub const RECORD_OPERATIONS: &[&str] = &[CREATE, UPDATE, DELETE];

/// The operations of [`Rest::step_of_set`], by their names.
pub const SET_STEPS: &[&str] = &[CREATE_SET, UPDATE_SET, DELETE_SET];

/// The operations of [`Rest::set_by_set`], by their names.
pub const SET_OPERATIONS: &[&str] = &[ADD_SETS, REPLACE_SET, DELETE_SET];

const CREATE_SET: &str = "create record set";
const UPDATE_SET: &str = "update record set";
const ADD_SETS: &str = "add record sets";
const REPLACE_SET: &str = "replace record set";
const DELETE_SET: &str = "delete record set";

/// The operation that makes a record.
pub const CREATE: &str = "create record";
/// The operation that changes a record.
pub const UPDATE: &str = "update record";
/// The operation that takes a record away.
pub const DELETE: &str = "delete record";

impl Rest {
    /// Makes a step with one call: `POST` to the path of the records for what is new, this method at the path with the id
    /// for what changes, `DELETE` there for what goes. The id is the origin of the record, an [`Id`]. `body` makes
    /// what is sent of the set with its one value.
    ///
    /// # Errors
    /// As [`send`](Self::send), and when the record has no id.
    pub async fn step<B: Serialize>(
        &self,
        via: &Transport,
        step: &Step,
        (update, records): (Method, &[&str]),
        body: impl Fn(&RecordSet) -> B,
    ) -> Result<super::Answer, ProviderError> {
        let at = |method: Method, old: &Stored| -> Result<Request, ProviderError> {
            let id: &Id = origin(old)?;
            Ok(self.request(method, &[records, &[id.as_str()]].concat()))
        };
        let (operation, request) = match &step.action {
            Action::Create(new) => (CREATE, self.post(records).json(&body(&new.set))?),
            Action::Update { old, new } => (UPDATE, at(update, old)?.json(&body(&new.set))?),
            Action::Delete(old) => (DELETE, at(Method::DELETE, old)?),
        };
        self.send(via, operation, &request).await
    }

    /// Makes a step of a whole record set with this call.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn step_of_set(
        &self,
        via: &Transport,
        step: &Step,
        request: &Request,
    ) -> Result<super::Answer, ProviderError> {
        let operation = match step.action {
            Action::Create(_) => CREATE_SET,
            Action::Update { .. } => UPDATE_SET,
            Action::Delete(_) => DELETE_SET,
        };
        self.send(via, operation, request).await
    }

    /// Makes the changes of a batch: `DELETE` for each set that goes and `PUT` for each that changes, with requests of `at`,
    /// and one call for all that are new. What goes comes first, so that a name can change its type: a CNAME excludes every
    /// other record. `body` makes what is sent of one set, `all` of several.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn set_by_set<B: Serialize, A: Serialize>(
        &self,
        via: &Transport,
        groups: &[&ChangeGroup],
        (at, body): (impl Fn(Method, &Stored) -> Request, impl Fn(&RecordSet) -> B),
        (add, all): (Request, impl Fn(&[&RecordSet]) -> A),
    ) -> Result<(), ProviderError> {
        let ByKind { added, changed, gone } = ByKind::of(groups);
        for old in gone {
            self.remove(via, DELETE_SET, &at(Method::DELETE, old)).await?;
        }
        for (old, new) in changed {
            let request = at(Method::PUT, old).json(&body(&new.set))?;
            self.send(via, REPLACE_SET, &request).await?;
        }
        if added.is_empty() {
            return Ok(());
        }
        let request = add.json(&all(&added))?;
        self.send(via, ADD_SETS, &request).await.map(drop)
    }
}

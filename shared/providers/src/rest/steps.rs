//! The calls of an API that stores single values with ids, below the path of the records of their zone.

use extdns_model::{Action, RecordSet, Stored};
use reqwest::Method;
use serde::Serialize;

use super::{Id, Request, Rest, origin};
use crate::{ProviderError, Step, Transport};

/// The operations of [`Rest::step`], by their names.
pub const RECORD_OPERATIONS: &[&str] = &[CREATE, UPDATE, DELETE];

const CREATE: &str = "create record";
const UPDATE: &str = "update record";
const DELETE: &str = "delete record";

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
}

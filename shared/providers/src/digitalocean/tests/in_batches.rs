//! A service that keeps records as DigitalOcean does and takes several changes in a call, as others do:
//! single values with ids in batches, which are atomic or not.

use async_trait::async_trait;
use extdns_model::{Action, ChangeGroup, Stored};
use serde_json::{Value, json};

use super::super::*;
use super::{ARGS, DIALECT};
use crate::conformance::{Dialect, HttpBatch, HttpChange, OverHttp, SECRET, only};
use crate::rest::{Id, origin};
use crate::{BatchLimits, BatchWriter, Batching};

const CHANGE: &str = "change records";
const MOST: usize = 50;

const BATCH: HttpBatch = HttpBatch {
    path: "/v2/domains/{zone}/records/batch",
    most: MOST,
    read,
    is_atomic: true,
    done: || json!({}),
};
const ATOMIC: Dialect = Dialect { batch: Some(BATCH), ..DIALECT };
const IN_PART: Dialect =
    Dialect { batch: Some(HttpBatch { is_atomic: false, ..BATCH }), ..DIALECT };

/// Deletes come first, then what is replaced, then what is new.
fn read(body: &Value) -> Result<Vec<HttpChange>, String> {
    only(body, &["deletes", "puts", "posts"])?;
    let list = |name: &str| body[name].as_array().cloned().ok_or(format!("no {name}"));
    let id = |record: &mut Value| {
        let id = record.as_object_mut().and_then(|record| record.remove("id"));
        id.map(|id| id.to_string()).ok_or("no id")
    };
    let mut changes = Vec::new();
    for mut record in list("deletes")? {
        changes.push(HttpChange::Delete(id(&mut record)?));
    }
    for mut record in list("puts")? {
        changes.push(HttpChange::Update(id(&mut record)?, record));
    }
    changes.extend(list("posts")?.into_iter().map(HttpChange::Create));
    Ok(changes)
}

/// The provider of such a service.
struct InBatches(DigitalOcean);

#[async_trait]
impl ZoneReader for InBatches {
    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        self.0.zones(via).await
    }

    async fn page(
        &self,
        via: &Transport,
        zone: &Zone,
        from: PageFrom,
    ) -> Result<Page, ProviderError> {
        self.0.page(via, zone, from).await
    }
}

#[async_trait]
impl BatchWriter for InBatches {
    async fn send(
        &self,
        via: &Transport,
        zone: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        let (mut deletes, mut puts, mut posts) = (Vec::new(), Vec::new(), Vec::new());
        let id = |old: &Stored| {
            origin::<Id>(old).map(|id| id.as_str().parse::<u64>().expect("a number"))
        };
        for change in groups.iter().flat_map(|group| &group.changes) {
            match &change.action {
                Action::Delete(old) => deletes.push(json!({ "id": id(old)? })),
                Action::Update { old, new } => {
                    let mut put = json!(RECORD.body(&FORM, zone, &new.set));
                    put["id"] = id(old)?.into();
                    puts.push(put);
                }
                Action::Create(new) => posts.push(json!(RECORD.body(&FORM, zone, &new.set))),
            }
        }
        let body = json!({ "deletes": deletes, "puts": puts, "posts": posts });
        let path = ["domains", &zone.id, "records", "batch"];
        let request = self.0.0.rest.post(&path).json(&body)?;
        self.0.0.rest.send(via, CHANGE, &request).await.map(drop)
    }
}

fn make(url: &str, batches: Batching) -> Box<dyn Provider> {
    let base = format!("{url}/v2");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    let capabilities = Capabilities {
        rate_limit: None,
        request_time: None,
        batches,
        batch_limits: BatchLimits::changes(MOST),
        mutating_operations: &[CHANGE],
        ..capabilities(&ARGS)
    };
    let account = Context::default().account(rest.expect("a client"), capabilities);
    Box::new(account.batched(|account| InBatches(DigitalOcean(account))))
}

mod atomic {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(ATOMIC, |url| make(url, Batching::Whole)).uncounted()
    }
}

mod in_part {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(IN_PART, |url| make(url, Batching::InPart)).uncounted()
    }
}

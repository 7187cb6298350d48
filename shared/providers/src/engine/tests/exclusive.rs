//! Members of a name that swap what only one of them may have.

use async_trait::async_trait;
use extdns_model::{Surroundings, Zone};

use super::*;
use crate::conformance::RrsetApi;
use crate::{
    BatchWriter as _, Batching, Capabilities, Page, PageFrom, ProviderError, RecordWriter, Step,
    ZoneReader,
};

/// The record sets of the fake, one change a call.
struct OneByOne(RrsetApi);

#[async_trait]
impl ZoneReader for OneByOne {
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

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        self.0.refusal(set, around)
    }
}

#[async_trait]
impl RecordWriter for OneByOne {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        self.0.send(via, zone, &[&group(0, ZoneKey(0), vec![step.clone()])]).await
    }
}

fn member(id: &str, region: &str) -> RecordSet {
    let region = [("fake/region", region)].into_iter().collect();
    a("web.example.org").with_set_identifier(id).with_properties(region)
}

/// A server where each change takes effect for itself, and the group that swaps its two regions.
fn swap() -> (RrsetServer, ChangeGroup) {
    let server = RrsetServer::new(&[ZONE]).with(|can| can.batches = Batching::InPart);
    let mut changes = Vec::new();
    for (id, before, after) in
        [("east", "us-east-1", "us-west-2"), ("west", "us-west-2", "us-east-1")]
    {
        server.put(ZONE, member(id, before));
        let old =
            Stored { labels: Labels::new(), origin: Default::default(), set: member(id, before) };
        let new = planned(member(id, after));
        changes.push(Change { role: Role::Record, action: Action::Update { old, new } });
    }
    (server, group(0, ZoneKey(0), changes))
}

fn regions(server: &RrsetServer) -> Vec<(String, String)> {
    let region =
        |set: &RecordSet| set.properties().get("fake/region").unwrap_or_default().to_owned();
    server.zone(ZONE).iter().map(|set| (set.set_identifier().to_owned(), region(set))).collect()
}

fn swapped() -> Vec<(String, String)> {
    [("east", "us-west-2"), ("west", "us-east-1")]
        .map(|(id, region)| (id.into(), region.into()))
        .into()
}

#[tokio::test(start_paused = true)]
async fn they_arrive_where_a_batch_is_applied_in_part() {
    let (server, group) = swap();
    let outcomes = apply(&rrsets(&server), &[group], Deadline::none()).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(regions(&server), swapped());
}

#[tokio::test(start_paused = true)]
async fn they_arrive_where_each_change_is_a_call() {
    let (server, group) = swap();
    let api = OneByOne(server.api());
    let via = Transport::new(api.capabilities());
    let outcomes = apply(&stepped(api, via), &[group], Deadline::none()).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(regions(&server), swapped());
    assert_eq!(server.faults().writes(), 4, "two go before two come");
}

/// The server refuses both orders of the updates, as services do.
#[tokio::test(start_paused = true)]
async fn no_order_of_their_updates_is_taken() {
    let (server, group) = swap();
    for change in &group.changes {
        let single = super::group(0, ZoneKey(0), vec![change.clone()]);
        let outcomes = apply(&rrsets(&server), &[single], Deadline::none()).await;
        assert_eq!(kinds(&outcomes), ["rejected"]);
    }
}

/// The answer to the one call is lost: what is there is not deleted again.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_found_out() {
    let (server, group) = swap();
    server.faults().inject(crate::conformance::Fault::Lose(crate::conformance::Lost::Done));
    let outcomes = apply(&rrsets(&server), &[group], Deadline::none()).await;
    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(regions(&server), swapped());
}

//! The fakes pass the suite.

use async_trait::async_trait;
use extdns_model::{Name, RecordSet};

use super::*;
use crate::engine::{batched, stepped};
use crate::{Batching, Provider, Stores, Transport, Updates, ZoneReader};

const ZONE: &str = "example.org";
const CHILD: &str = "sub.example.org";

fn transport(api: &impl ZoneReader) -> Transport {
    Transport::with_secrets(api.capabilities(), [SECRET.to_owned()])
}

#[async_trait]
impl Harness for RrsetServer {
    async fn provider(&self) -> Box<dyn Provider> {
        let api = self.api();
        let via = transport(&api);
        Box::new(batched(api, via))
    }

    fn zone(&self) -> Name {
        Name::as_listed(ZONE)
    }

    async fn seed(&self, sets: &[RecordSet]) {
        sets.iter().for_each(|set| self.put(ZONE, set.clone()));
    }

    async fn contents(&self) -> Vec<RecordSet> {
        self.zone(ZONE)
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        for set in sets {
            self.remove(ZONE, set);
            if !set.targets.is_empty() {
                self.put(ZONE, set.clone());
            }
        }
        true
    }

    fn child(&self) -> Option<Name> {
        Some(Name::as_listed(CHILD))
    }

    async fn contents_of_child(&self) -> Vec<RecordSet> {
        self.zone(CHILD)
    }

    async fn writes(&self) -> u64 {
        self.faults().writes()
    }

    async fn inject(&self, fault: Fault) -> bool {
        self.faults().inject(fault);
        true
    }

    async fn clear(&self) {
        self.faults().clear();
    }

    async fn killed(&self) {
        self.faults().killed().await;
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

#[async_trait]
impl Harness for RecordServer {
    async fn provider(&self) -> Box<dyn Provider> {
        let api = self.api();
        let via = transport(&api);
        match api.capabilities().batches {
            Batching::None => Box::new(stepped(api, via)),
            _ => Box::new(batched(api, via)),
        }
    }

    fn zone(&self) -> Name {
        Name::as_listed(ZONE)
    }

    async fn seed(&self, sets: &[RecordSet]) {
        sets.iter().for_each(|set| self.put(ZONE, set));
    }

    async fn contents(&self) -> Vec<RecordSet> {
        self.zone(ZONE)
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        for set in sets {
            self.remove(ZONE, set);
            if !set.targets.is_empty() {
                self.put(ZONE, set);
            }
        }
        true
    }

    fn child(&self) -> Option<Name> {
        Some(Name::as_listed(CHILD))
    }

    async fn contents_of_child(&self) -> Vec<RecordSet> {
        self.zone(CHILD)
    }

    async fn writes(&self) -> u64 {
        self.faults().writes()
    }

    async fn inject(&self, fault: Fault) -> bool {
        self.faults().inject(fault);
        true
    }

    async fn clear(&self) {
        self.faults().clear();
    }

    async fn killed(&self) {
        self.faults().killed().await;
    }

    async fn lag(&self) {
        self.lag();
    }

    async fn settle(&self) {
        self.settle();
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

mod rrsets {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        RrsetServer::new(&[ZONE, CHILD, "example.net"])
    }
}

mod rrsets_without_names {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        RrsetServer::new(&[ZONE, CHILD]).without_names().with(|capabilities| {
            capabilities.batch_limits.changes = 30;
            capabilities.starts_at_name = false;
        })
    }
}

mod rrsets_in_part {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        RrsetServer::new(&[ZONE, CHILD]).without_names().with(|capabilities| {
            capabilities.batches = Batching::InPart;
        })
    }
}

mod records {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        RecordServer::new(&[ZONE, CHILD, "example.net"])
    }
}

mod records_without_updates {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        RecordServer::new(&[ZONE, CHILD]).without_duplicates().with(|capabilities| {
            capabilities.stores = Stores::Values(Updates::DeleteAndCreate);
            capabilities.parallel_writes = 4;
        })
    }
}

mod records_in_batches {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        RecordServer::new(&[ZONE, CHILD, "example.net"]).in_batches()
    }
}

mod records_in_batches_without_updates {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        RecordServer::new(&[ZONE, CHILD]).in_batches().without_duplicates().with(|capabilities| {
            capabilities.stores = Stores::Values(Updates::DeleteAndCreate);
        })
    }
}

use extdns_model::{Name, RecordType, ZoneKey};
use tokio::time::Instant;

use super::*;
use crate::conformance::{Fault, SECRET};
use crate::{Capabilities, Cursor, ErrorKind, Page, PageFrom, ProviderError, RateLimit};

#[tokio::test(start_paused = true)]
async fn a_zone_that_cannot_be_read_keeps_its_place() {
    let server = RrsetServer::new(&[ZONE, "sub.example.org", "example.net"]);
    server.put(ZONE, a("www.example.org"));
    server.faults().inject(Fault::UnreadableZone("sub.example.org".to_owned()));
    let inventory = rrsets(&server).read().await.expect("the list of zones is complete");
    assert_eq!(inventory.index.len(), 3);
    let unreadable: Vec<_> = inventory.unreadable().collect();
    let [(zone, why)] = unreadable[..] else { panic!("one zone: {unreadable:?}") };
    assert_eq!(why.zone, "sub.example.org");
    assert!(why.reason.contains("access denied"), "{why}");
    let routed = inventory.index.route("www.sub.example.org", None);
    assert_eq!(routed.as_slice(), [zone], "its names do not fall to the parent");
    assert_eq!(inventory.records().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_list_of_zones_is_an_error() {
    let server = RrsetServer::new(&[ZONE]);
    server.faults().inject(Fault::Throttle { calls: u32::MAX, retry_after: None });
    let error = rrsets(&server).read().await.expect_err("no zones");
    assert!(matches!(error.kind, ErrorKind::Throttled { .. }), "{error:?}");
    assert!(!error.message.contains(SECRET));
}

#[tokio::test(start_paused = true)]
async fn reading_costs_a_call_for_the_zones_and_one_for_each_page() {
    let server = RrsetServer::new(&["a.org", "b.org", "c.org"]);
    for n in 0..250 {
        server.put("a.org", a(&format!("n{n}.a.org")));
    }
    let provider = rrsets(&server);
    provider.read().await.expect("readable");
    assert_eq!(calls(&provider, "list zones"), 1);
    assert_eq!(calls(&provider, "list record sets"), 3 + 1 + 1);
    assert_eq!(server.faults().reads(), 6);
}

#[tokio::test(start_paused = true)]
async fn zones_are_read_side_by_side_within_one_budget() {
    let zones: Vec<String> = (0..8).map(|n| format!("z{n}.org")).collect();
    let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
    let second = std::time::Duration::from_secs(1);
    let time = async |edit: fn(&mut Capabilities)| {
        let server = RrsetServer::new(&zones).with(edit);
        server.faults().inject(Fault::Slow(second));
        let start = Instant::now();
        rrsets(&server).read().await.expect("readable");
        start.elapsed()
    };
    assert_eq!(time(|capabilities| capabilities.parallel_zones = 1).await, second * 9);
    assert_eq!(time(|capabilities| capabilities.parallel_zones = 4).await, second * 3);
    let bounded = time(|capabilities| {
        capabilities.parallel_zones = 4;
        let one = std::num::NonZeroU32::MIN;
        capabilities.rate_limit = Some(RateLimit { per_second: one, burst: one });
    });
    assert!(bounded.await >= second * 8, "nine calls at one per second");
}

#[tokio::test(start_paused = true)]
async fn values_are_folded_and_names_are_readable() {
    let server = RecordServer::new(&[ZONE]);
    for target in ["192.0.2.1", "192.0.2.2", "192.0.2.1"] {
        server.put(ZONE, &set("bücher.example.org", RecordType::A, target));
    }
    server.put(ZONE, &set(ZONE, RecordType::Txt, "\"apex\""));
    let inventory = records(&server).read().await.expect("readable");
    let sets: Vec<_> = inventory.records().map(|(_, record)| record.set.to_string()).collect();
    assert_eq!(
        sets,
        [
            "bücher.example.org 300 IN A  192.0.2.1;192.0.2.2;192.0.2.1 []",
            "example.org 300 IN TXT  apex []",
        ]
    );
}

/// An API whose list never ends.
struct Endless(Capabilities);

#[async_trait::async_trait]
impl ZoneReader for Endless {
    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    async fn zones(&self, _: &Transport) -> Result<Vec<extdns_model::Zone>, ProviderError> {
        Ok(vec![extdns_model::Zone::new("Z1", Name::as_listed(ZONE))])
    }

    async fn page(
        &self,
        _: &Transport,
        _: &extdns_model::Zone,
        _: PageFrom,
    ) -> Result<Page, ProviderError> {
        Ok(Page { records: Vec::new(), next: Some(Cursor::of("again")) })
    }
}

#[tokio::test]
async fn a_list_that_does_not_end_is_not_read_for_ever() {
    let api = Endless(Capabilities::new("endless"));
    let via = Transport::new(&api.0);
    let inventory = super::super::read::inventory(&api, &via).await.expect("zones");
    assert!(!inventory.is_readable(ZoneKey(0)));
}

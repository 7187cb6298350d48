//! Azure over a server that speaks as it does.

mod cases;
mod contract;
mod support;

use super::dialect::{PRIVATE_ZONES, PUBLIC_ZONES};
use super::*;
use crate::conformance::{OverHttp, SECRET};

fn own_group() -> Vec<String> {
    vec!["subscriptions/sub-1/resourceGroups/dns".to_owned()]
}

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn unbounded(kind: &Kind) -> Capabilities {
    Capabilities { rate_limit: None, request_time: None, ..kind.capabilities("azure") }
}

fn make_with(
    url: &str,
    kind: &'static Kind,
    groups: Vec<String>,
    filter: ZoneFilter,
) -> Box<dyn Provider> {
    let rest = Context::default().rest(&kind.service, Some(url), Auth::bearer(SECRET));
    Box::new(over(rest.expect("a client"), kind, groups, unbounded(kind), filter))
}

fn public(url: &str) -> Box<dyn Provider> {
    make_with(url, &PUBLIC, own_group(), ZoneFilter::default())
}

fn private(url: &str) -> Box<dyn Provider> {
    make_with(url, &PRIVATE, own_group(), ZoneFilter::default())
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(PUBLIC_ZONES, public)
    }
}

mod kit_of_private_zones {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(PRIVATE_ZONES, private)
    }
}

//! Cloudflare over a server that speaks as it does. The numbered cases are those of the specification.

mod access;
mod attributes;
mod batches;
mod beside;
mod contract;
mod support;
mod values;

use super::dialect::DIALECT;
use super::*;
use crate::conformance::{OverHttp, SECRET};
use crate::rest::Auth;

fn args() -> CloudflareArgs {
    CloudflareArgs {
        cloudflare_proxied: false,
        cloudflare_dns_records_per_page: 100,
        cloudflare_record_comment: String::new(),
        cloudflare_custom_hostnames: false,
        cloudflare_custom_hostnames_min_tls_version: "1.0".to_owned(),
        cloudflare_custom_hostnames_certificate_authority: "none".to_owned(),
        cloudflare_regional_services: false,
        cloudflare_region_key: String::new(),
        cloudflare_zones_per_page: 50,
    }
}

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make_with(url: &str, args: CloudflareArgs) -> Box<dyn Provider> {
    over(url, args, unbounded())
}

fn over(url: &str, args: CloudflareArgs, capabilities: Capabilities) -> Box<dyn Provider> {
    let base = format!("{url}/client/v4");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    let (rest, filter) = (rest.expect("a client"), ZoneFilter::default());
    let via = rest.transport(&capabilities);
    Box::new(batched(Cloudflare { rest, args, capabilities, filter }, via))
}

fn unbounded() -> Capabilities {
    Capabilities { rate_limit: None, request_time: None, ..capabilities() }
}

fn make(url: &str) -> Box<dyn Provider> {
    make_with(url, args())
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(DIALECT, make)
    }
}

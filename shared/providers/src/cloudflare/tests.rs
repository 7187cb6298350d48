//! Cloudflare over a server that speaks as it does.

mod beside;
mod cases;
mod contract;
mod support;

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
    let base = format!("{url}/client/v4");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    Box::new(over(rest.expect("a client"), args, unbounded(), ZoneFilter::default()))
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

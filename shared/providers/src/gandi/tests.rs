//! Gandi over a server that speaks as it does.

use super::dialect::DIALECT;
use super::*;
use crate::conformance::SECRET;
use crate::conformance::over_http::OverHttp;

/// Without the budget: the tests make more calls than a run.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v5");
    let rest = Rest::new(&SERVICE, Some(&base), Auth::bearer(SECRET), &HttpOptions::default());
    let capabilities = Capabilities { rate_limit: None, ..capabilities() };
    Box::new(over(rest.expect("a client"), capabilities, DomainFilter::default()))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test]
        OverHttp::start(DIALECT, make)
    }
}

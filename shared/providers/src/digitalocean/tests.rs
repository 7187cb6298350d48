//! DigitalOcean over a server that speaks as it does.

use super::dialect::DIALECT;
use super::*;
use crate::conformance::SECRET;
use crate::conformance::over_http::OverHttp;

const ARGS: DigitaloceanArgs = DigitaloceanArgs { digitalocean_api_page_size: 50 };

/// Without the budget: the tests make more calls than a run.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v2");
    let rest = Rest::new(&SERVICE, Some(&base), Auth::bearer(SECRET), &HttpOptions::default());
    let capabilities = Capabilities { rate_limit: None, ..capabilities(&ARGS) };
    Box::new(over(rest.expect("a client"), capabilities, DomainFilter::default()))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test]
        OverHttp::start(DIALECT, make)
    }
}

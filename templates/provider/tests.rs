//! Newapi over a server that speaks as it does.

use super::dialect::DIALECT;
use super::*;
use crate::ErrorKind;
use crate::conformance::{OverHttp, SECRET};

const ARGS: NewapiArgs = NewapiArgs { newapi_api_page_size: 100 };

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v1");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities(&ARGS) };
    Box::new(Context::default().account(rest.expect("a client"), capabilities).stepped(Newapi))
}

#[cfg(not(test))] // template: the kit fails until the provider is finished
mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(DIALECT, make)
    }
}

#[test]
fn without_a_token_there_is_no_provider() {
    let Err(error) = provider(&ARGS, &Context::default()) else { panic!("a token is needed") };
    assert_eq!(error.kind, ErrorKind::Config);
    assert_eq!(error.message, "NEWAPI_TOKEN is not set; it holds a token of the API of Newapi");
}

// template: what follows is about the template itself
/// So each case of the kit that reads fails, and says what is to be written next.
#[tokio::test(start_paused = true)]
async fn a_new_provider_says_what_is_to_be_written() {
    use crate::conformance::Harness as _;

    let kit = OverHttp::start(DIALECT, make);
    let Err(error) = kit.provider().await.read().await else { panic!("nothing can be read yet") };
    assert_eq!(
        error.message,
        "the provider newapi is not finished: write ZONE, the members of a zone"
    );
}

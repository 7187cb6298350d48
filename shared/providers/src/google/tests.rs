//! Google Cloud DNS over a server that speaks as it does.

mod cases;
mod contract;
mod support;

use clap::Parser as _;

use super::dialect::DIALECT;
use super::*;
use crate::conformance::{OverHttp, SECRET};

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: GoogleArgs,
}

fn args(flags: &[&str]) -> GoogleArgs {
    Cli::try_parse_from(["test"].iter().chain(flags)).expect("flags").args
}

fn make_with(url: &str, flags: &[&str], filter: ZoneFilter) -> Box<dyn Provider> {
    let base = format!("{url}/dns/v1/projects");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    Box::new(over(rest.expect("a client"), "example-project".to_owned(), &args(flags), filter))
}

fn make(url: &str) -> Box<dyn Provider> {
    make_with(url, &[], ZoneFilter::default())
}

/// Without the bound of a request: the clock that the kit stops runs ahead while an answer is on its way.
fn unbounded(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/dns/v1/projects");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET)).expect("one");
    let rest = rest.always("prettyPrint", Some("false"));
    let capabilities = Capabilities { request_time: None, ..capabilities(&args(&[])) };
    let via = rest.transport(&capabilities);
    let google = Google {
        rest,
        project: "example-project".to_owned(),
        capabilities,
        filter: ZoneFilter::default(),
        all_of_domain: false,
        routed: Noted::default(),
    };
    Box::new(batched(google, via))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(DIALECT, unbounded)
    }
}

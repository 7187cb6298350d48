//! The suite that every provider passes, and three fakes that are as unlike as APIs get.
//!
//! * [`RrsetServer`]: record sets, batches that are applied whole or not at all, limits, pages that
//!   can start at a name; it names the offenders of a batch or keeps them to itself.
//! * [`RecordServer`]: single records with ids, one change per call, pages, reads that lag behind
//!   writes, equal records side by side.
//! * [`RecordServer::in_batches`]: the same with several changes per call, of which some may be made
//!   and others refused.
//!
//! * [`HttpServer`]: any of them over HTTP, in the [`Dialect`] of a service.
//!
//! All keep their state in memory, are shared by clones, and have [`Faults`]: throttling, refusals,
//! lost answers, and a switch that kills the run after its n-th write. A test makes a provider of
//! them, as often as it wants to start a run:
//!
//! ```
//! use extdns_providers::conformance::RecordServer;
//! use extdns_providers::engine::stepped;
//! use extdns_providers::{Provider, Transport, ZoneReader};
//!
//! let server = RecordServer::new(&["example.org"]);
//! let api = server.api();
//! let via = Transport::new(api.capabilities());
//! let provider: Box<dyn Provider> = Box::new(stepped(api, via));
//! # let _ = provider;
//! ```
//!
//! A provider passes the suite by a [`Harness`] and one macro call, see
//! [`conformance!`](crate::conformance!). What a harness cannot provoke ([`Harness::inject`] answers
//! false) is left out.

mod calls;
#[cfg(test)]
pub(crate) mod contract;
mod dialect;
mod faults;
mod harness;
mod http;
mod over_http;
mod promises;
#[cfg(test)]
pub(crate) mod recorded;
mod records;
mod rrsets;
mod simple_plan;
mod strict;
pub mod suite;
#[cfg(test)]
mod tests;

pub use calls::{CALLS, calls_of};
pub use dialect::{
    Dialect, HttpAnswer, HttpBatch, HttpChange, HttpHeaders, HttpPage, HttpRecord, HttpRequest,
    WHOLE, only,
};
pub use faults::{Fault, Faults, Lost, SECRET};
pub use harness::Harness;
pub use http::HttpServer;
pub use over_http::{Front, HttpSim, OverHttp};
pub use records::{RecordApi, RecordServer, StoredRecord};
pub use rrsets::{RrsetApi, RrsetServer};
pub use simple_plan::{is_ownership_record, ownership_name, plan};

/// Makes one test per check of the [suite], each with a fresh harness.
///
/// ```ignore
/// mod kit {
///     extdns_providers::conformance! {
///         #[tokio::test]
///         MyHarness::start().await
///     }
/// }
/// ```
#[macro_export]
macro_rules! conformance {
    (#[$test:meta] $harness:expr) => {
        $crate::conformance! {
            @each (#[$test]) ($harness)
            reads_what_is_there
            creates
            updates
            deletes
            applies_twice
            pages
            waits_when_throttled
            gives_up_when_throttled_for_long
            rejects_one_of_many
            refuses_what_is_too_large
            finds_out_about_lost_answers
            plans_without_writing
            tells_missing_rights
            survives_death_after_every_write
            leaves_what_changed_meanwhile
            moves_a_name_to_its_new_zone
            keeps_what_is_not_replaced
            swaps_an_alias
            keeps_its_promises
            stores_every_kind
            heals_values_that_disagree
            keeps_child_zones_apart
            stops_creates_in_a_full_zone
            leaves_an_api_alone_that_is_down
            ends_with_the_deadline
            makes_no_more_calls
        }
    };
    (@each $test:tt $harness:tt $check:ident $($rest:ident)*) => {
        $crate::conformance! { @one $test $harness $check }
        $crate::conformance! { @each $test $harness $($rest)* }
    };
    (@each $test:tt $harness:tt) => {};
    (@one (#[$test:meta]) ($harness:expr) $check:ident) => {
        #[$test]
        async fn $check() {
            $crate::conformance::suite::$check(async || $harness).await;
        }
    };
}

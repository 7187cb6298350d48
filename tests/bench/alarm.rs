//! The alarm: a run that costs a tenth more than when the baseline was taken fails the tests.
//!
//! It counts the program as the tests build it, without optimisation: that needs no second build, and the counts are the
//! same on every machine. What the optimised program costs is `make bench`'s to say.

use std::path::Path;

use extdns_bench::baseline::{Alarm, Baseline, PATH};
use extdns_bench::valgrind;
use extdns_testkit::process::{set_up, skip};

const SERVICES: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_10_000_services_costs_at_most_a_tenth_more_than_before() {
    let Some(valgrind) = set_up("valgrind").await else {
        return skip(
            "a_run_over_10_000_services_costs_at_most_a_tenth_more_than_before",
            "valgrind",
        );
    };
    let program = Path::new(env!("CARGO_BIN_EXE_external-dns"));
    let now =
        valgrind::count(&valgrind, program, SERVICES).unwrap_or_else(|error| panic!("{error:#}"));
    let base = Baseline::read().expect("the baseline").alarm;
    let Alarm { instructions, peak_heap } = now;
    for (what, now, base) in [
        ("instructions", instructions, base.instructions),
        ("bytes of heap", peak_heap, base.peak_heap),
    ] {
        assert!(
            now * 10 <= base * 11,
            "a run over {SERVICES} Services costs {now} {what}, above 110 % of {base}. \
             Make it cheaper, or, if the cost is worth it, put into {PATH}:\n\
             [alarm]\ninstructions = {instructions}\npeak_heap = {peak_heap}"
        );
    }
}

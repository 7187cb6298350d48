//! Ten thousand reviews, one after the other, as Lambda gives them to one process.

use crate::support::*;

#[test]
fn a_burst_of_reviews_is_answered_every_time_and_is_one_message_a_window() {
    const ALL: usize = 10_000;
    let mut bench = Bench::with(&[("EXTERNAL_DNS_RELAY_WINDOW", "1h")]);
    for number in 0..ALL {
        let (status, answer) = bench.call(&call(&path(), &review(number)));
        assert_eq!(status, 200);
        assert_eq!(answer["response"]["allowed"], true);
        assert_eq!(answer["response"]["uid"], review(number)["request"]["uid"]);
    }
    assert!((1..=2).contains(&bench.sent().len()), "an hour may have ended meanwhile");
    assert_eq!(bench.function.starts(), 1);
}

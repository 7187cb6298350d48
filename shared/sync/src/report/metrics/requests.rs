//! How long HTTP requests took, under upstream's name: a summary, whose quantiles are those of the last requests.

use super::{Kind, Page};
use crate::report::Report;

/// What upstream's library calls the handler of all its clients.
const HANDLER: &str = "instrumented_http";

/// The requests of the process so far.
pub(super) fn of_requests(page: &mut Page, report: &Report) {
    if report.run.requests.times.is_empty() {
        return;
    }
    let help = "How long HTTP requests took until the head of the answer was there.";
    let metric = page.metric("http_request_duration_seconds", Kind::Summary, help);
    for own in &report.run.requests.times {
        let kind = &own.kind;
        let labels = [
            ("handler", HANDLER),
            ("scheme", &kind.scheme),
            ("host", &kind.host),
            ("path", &kind.path),
            ("method", &kind.method),
            ("status", &kind.status),
        ];
        for (part, took) in own.quantiles {
            let part = part.to_string();
            let labels: Vec<_> = labels.into_iter().chain([("quantile", part.as_str())]).collect();
            metric.sample(&labels, took.as_secs_f64());
        }
        metric.sample_of("_sum", &labels, own.sum.as_secs_f64());
        metric.sample_of("_count", &labels, own.count);
    }
}

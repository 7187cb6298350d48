//! Metrics of a run that nobody can scrape, because its process ends.

use std::collections::BTreeMap;

use extdns_auth::Url;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::as_json;
use crate::report::{Metric, Report, Sample, metrics_of, render_metrics};

/// The service in OTLP, and the job at a Pushgateway.
const NAME: &str = "external-dns";

/// Where metrics go.
#[derive(Debug)]
pub(super) enum Push {
    /// OTLP over HTTP in JSON: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
    Otlp(Url),
    /// <https://github.com/prometheus/pushgateway#api>: what the last run of the job pushed is replaced.
    Gateway(Url),
}

impl Push {
    /// The path of OTLP is always the same; any other URL is that of a Pushgateway.
    pub(super) fn to(url: Url) -> Self {
        let path = url.path().trim_end_matches('/');
        if path.ends_with("/v1/metrics") {
            return Self::Otlp(url);
        }
        let mut own = url.clone();
        if !path.contains("/metrics/job/") {
            own.set_path(&format!("{path}/metrics/job/{NAME}"));
        }
        Self::Gateway(own)
    }

    pub(super) fn request(&self, client: &Client, report: &Report) -> RequestBuilder {
        match self {
            Self::Otlp(url) => as_json(client.post(url.clone()), &otlp(report)),
            Self::Gateway(url) => {
                let request = client.put(url.clone());
                request
                    .header(CONTENT_TYPE, "text/plain; version=0.0.4")
                    .body(render_metrics(report))
            }
        }
    }
}

fn otlp(report: &Report) -> Value {
    let time = report.run.finished.unwrap_or_else(jiff::Timestamp::now).as_nanosecond();
    let time = time.to_string();
    let all = metrics_of(report);
    let metrics: Vec<Value> = all.iter().flat_map(|metric| gauges(metric, &time)).collect();
    let version = env!("CARGO_PKG_VERSION");
    let resource = [attribute("service.name", NAME), attribute("service.version", version)];
    json!({ "resourceMetrics": [{
        "resource": { "attributes": resource },
        "scopeMetrics": [{ "scope": { "name": NAME, "version": version }, "metrics": metrics }],
    }] })
}

/// A metric as gauges, one for each of its parts: the process has no counters that outlive it. One without samples is left out.
fn gauges(metric: &Metric, time: &str) -> Vec<Value> {
    let mut parts: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for Sample { part, labels, value } in &metric.samples {
        let attributes: Vec<Value> =
            labels.iter().map(|(key, value)| attribute(key, value)).collect();
        let point = json!({ "timeUnixNano": time, "asDouble": value, "attributes": attributes });
        parts.entry(part).or_default().push(point);
    }
    let gauge = |(part, points): (&str, Vec<Value>)| {
        json!({
            "name": format!("{}{part}", metric.name),
            "description": metric.help,
            "gauge": { "dataPoints": points },
        })
    };
    parts.into_iter().map(gauge).collect()
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Kind;

    #[test]
    fn samples_become_points_with_their_labels() {
        let sample = |part, labels: &[(&'static str, &str)], value| Sample {
            part,
            labels: labels.iter().map(|(key, text)| (*key, (*text).to_owned())).collect(),
            value,
        };
        let metric = |samples| Metric {
            name: "external_dns_a".to_owned(),
            kind: Kind::Summary,
            help: "What it is.".to_owned(),
            samples,
        };
        let labels = [("zone", "x.org"), ("about", "a \"b\"\\,c")];
        let samples =
            vec![sample("", &labels, 2.5), sample("_sum", &[], 3.0), sample("", &[], 1.0)];
        let gauges_of_it = gauges(&metric(samples), "7");
        assert_eq!(gauges_of_it.len(), 2, "{gauges_of_it:#?}");
        assert_eq!(gauges_of_it[0]["name"], "external_dns_a");
        assert_eq!(gauges_of_it[0]["description"], "What it is.");
        let points = &gauges_of_it[0]["gauge"]["dataPoints"];
        assert_eq!(points.as_array().map(Vec::len), Some(2));
        assert_eq!(
            (&points[0]["asDouble"], &points[0]["timeUnixNano"]),
            (&2.5.into(), &"7".into())
        );
        assert_eq!(points[0]["attributes"][1]["key"], "about");
        assert_eq!(points[0]["attributes"][1]["value"]["stringValue"], "a \"b\"\\,c");
        assert_eq!(gauges_of_it[1]["name"], "external_dns_a_sum");
        assert_eq!(gauges(&metric(Vec::new()), "7"), Vec::<Value>::new());
    }

    #[test]
    fn a_url_tells_what_it_expects() {
        let url = |text: &str| match Push::to(Url::parse(text).expect("a URL")) {
            Push::Otlp(url) => format!("OTLP {url}"),
            Push::Gateway(url) => format!("gateway {url}"),
        };
        let table = [
            ("http://collector:4318/v1/metrics", "OTLP http://collector:4318/v1/metrics"),
            ("http://gateway:9091", "gateway http://gateway:9091/metrics/job/external-dns"),
            ("http://gateway/sub/", "gateway http://gateway/sub/metrics/job/external-dns"),
            (
                "http://gateway/metrics/job/dns/instance/a",
                "gateway http://gateway/metrics/job/dns/instance/a",
            ),
        ];
        for (given, expected) in table {
            assert_eq!(url(given), expected);
        }
    }
}

//! Metrics of a run that nobody can scrape, because its process ends.

use extdns_auth::Url;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::as_json;
use crate::report::{Report, render_metrics};

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
        let text = render_metrics(report);
        match self {
            Self::Otlp(url) => as_json(client.post(url.clone()), &otlp(&text, report)),
            Self::Gateway(url) => {
                let request = client.put(url.clone());
                request.header(CONTENT_TYPE, "text/plain; version=0.0.4").body(text)
            }
        }
    }
}

/// Each metric as a gauge: the process has no counters that outlive it.
fn otlp(text: &str, report: &Report) -> Value {
    let time = report.run.finished.unwrap_or_else(jiff::Timestamp::now).as_nanosecond();
    let time = time.to_string();
    let mut metrics: Vec<Value> = Vec::new();
    for line in text.lines() {
        if let Some(about) = line.strip_prefix("# HELP ") {
            let (name, help) = about.split_once(' ').unwrap_or((about, ""));
            metrics
                .push(json!({ "name": name, "description": help, "gauge": { "dataPoints": [] } }));
        } else if let Some((labels, value)) = sample(line) {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            // The sum and the count of a summary have no lines of their own that tell of them.
            if metrics.last().is_none_or(|own| own["name"] != name) {
                metrics.push(json!({ "name": name, "gauge": { "dataPoints": [] } }));
            }
            let point = json!({ "timeUnixNano": time, "asDouble": value, "attributes": labels });
            let points =
                metrics.last_mut().and_then(|own| own["gauge"]["dataPoints"].as_array_mut());
            points.into_iter().for_each(|points| points.push(point.clone()));
        }
    }
    metrics.retain(|own| own["gauge"]["dataPoints"].as_array().is_some_and(|own| !own.is_empty()));
    let attribute =
        |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let version = env!("CARGO_PKG_VERSION");
    json!({ "resourceMetrics": [{
        "resource": { "attributes": [attribute("service.name", NAME), attribute("service.version", version)] },
        "scopeMetrics": [{ "scope": { "name": NAME, "version": version }, "metrics": metrics }],
    }] })
}

/// The labels and the value of a sample: `name{label="value"} 1`.
fn sample(line: &str) -> Option<(Vec<Value>, f64)> {
    if line.starts_with('#') {
        return None;
    }
    let (head, value) = line.rsplit_once(' ')?;
    let labels = head.split_once('{').map_or("", |(_, rest)| rest.trim_end_matches('}'));
    Some((attributes(labels), value.parse().ok()?))
}

/// `a="b",c="d"`, in which `\`, `"` and line ends are escaped.
fn attributes(mut text: &str) -> Vec<Value> {
    let mut all = Vec::new();
    while let Some((key, rest)) = text.split_once("=\"") {
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let mut end = rest.len();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, other)) => value.push(other),
                    None => {}
                },
                other => value.push(other),
            }
        }
        all.push(json!({ "key": key.trim_start_matches(','), "value": { "stringValue": value } }));
        text = &rest[end..];
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_become_points_with_their_labels() {
        let text = "# HELP external_dns_a What it is.\n# TYPE external_dns_a gauge\n\
                    external_dns_a{zone=\"x.org\",about=\"a \\\"b\\\"\\\\,c\"} 2.5\nexternal_dns_a{zone=\"y.org\"} 1\n\
                    external_dns_a_sum 3\n# HELP external_dns_b Nothing.\n";
        let value = otlp(text, &Report::default());
        let metrics = &value["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
        assert_eq!(metrics.as_array().map(Vec::len), Some(2), "{metrics:#}");
        assert_eq!(metrics[0]["name"], "external_dns_a");
        assert_eq!(metrics[0]["description"], "What it is.");
        let point = &metrics[0]["gauge"]["dataPoints"][0];
        assert_eq!(point["asDouble"], 2.5);
        assert_eq!(point["attributes"][1]["key"], "about");
        assert_eq!(point["attributes"][1]["value"]["stringValue"], "a \"b\"\\,c");
        assert_eq!(metrics[1]["name"], "external_dns_a_sum");
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

//! The speed table: N Services and N/2 Ingresses, 3N records behind the webhook protocol, nothing to change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use extdns_testkit::kube::{ADMIN_TOKEN, Login};
use extdns_testkit::kube_sim::{Builder, KubeSim, User, WORKLOAD_OWNER};
use extdns_testkit::webhook_sim::WebhookSim;

use crate::figures::Task;
use crate::pages;
use crate::row::{Bar, Calls};

/// The numbers of Services of the table.
pub const SIZES: [usize; 4] = [100, 1_000, 10_000, 50_000];

/// A cluster and a provider of one size, for one run.
pub struct Speed {
    n: usize,
    in_pages: bool,
    kube: KubeSim,
    webhook: WebhookSim,
    kubeconfig: PathBuf,
}

impl Speed {
    /// Starts both simulators, on free ports.
    #[must_use]
    pub fn start(n: usize) -> Self {
        Self::over(n, KubeSim::builder(), false)
    }

    /// The same with an API server that streams no lists.
    #[must_use]
    pub fn in_pages(n: usize) -> Self {
        Self::over(n, KubeSim::builder().pages_only(), true)
    }

    /// The same with an API server that speaks TLS.
    #[must_use]
    pub fn over_tls(n: usize) -> Self {
        Self::over(n, KubeSim::builder().tls(), false)
    }

    fn over(n: usize, kube: Builder, in_pages: bool) -> Self {
        let kube = kube.workload(n).user(User::admin("admin", ADMIN_TOKEN)).start();
        let kubeconfig = kube.write_kubeconfig(&kube.kubeconfig(Login::Token(ADMIN_TOKEN)));
        let webhook = WebhookSim::builder().workload(n).start();
        Self { n, in_pages, kube, webhook, kubeconfig }
    }

    /// The flags of the run, those of the measured runs of upstream.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        vec![
            "--once".into(),
            "--source=service".into(),
            "--source=ingress".into(),
            "--registry=txt".into(),
            format!("--txt-owner-id={WORKLOAD_OWNER}"),
            "--policy=sync".into(),
            "--provider=webhook".into(),
            format!("--webhook-provider-url={}", self.webhook.url()),
            format!("--kubeconfig={}", self.kubeconfig.display()),
        ]
    }

    /// The run of a program.
    #[must_use]
    pub fn task(&self, program: &Path) -> Task {
        let arguments = self.arguments().into_iter().map(Into::into);
        let command = [program.into()].into_iter().chain(arguments).collect();
        Task { command, variables: Vec::new() }
    }

    /// The calls so far: both lists; what the webhook takes, what it has, what it
    /// makes of the desired endpoints.
    #[must_use]
    pub fn calls(&self) -> Calls {
        Calls {
            made: self.kube.requests().len() + self.webhook.requests().len(),
            least: self.needed().into_values().sum::<usize>() + 3,
        }
    }

    /// The calls that list the objects: a stream of each kind; or, after a stream was refused for each, pages.
    fn needed(&self) -> BTreeMap<(&'static str, &'static str), usize> {
        let lists = [("services", self.n), ("ingresses", self.n / 2)];
        let streams = lists.map(|(plural, _)| (("watch", plural), 1));
        let pages = lists.map(|(plural, n)| (("list", plural), pages(n)));
        streams.into_iter().chain(pages.into_iter().filter(|_| self.in_pages)).collect()
    }

    /// What was asked for without need, or changed although nothing had to be, in one run.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let needed = self.needed();
        let calls = self.kube.all_calls();
        let mut faults: Vec<String> = calls
            .iter()
            .filter(|((verb, resource), count)| {
                needed.get(&(verb.as_str(), resource.as_str())).map(|own| *own as u64)
                    != Some(**count)
            })
            .map(|((verb, resource), count)| format!("calls to {verb} {resource}: {count}"))
            .collect();
        if calls.len() < needed.len() {
            faults.push("lists not everything".to_owned());
        }
        let writes = self.webhook.calls("POST", "/records");
        if writes > 0 {
            faults.push(format!("calls to change records: {writes}"));
        }
        faults
    }
}

/// Bars by the number of Services; linear between them.
type Points = &'static [(usize, f64)];

/// Seconds of processor time.
const CPU: Points = &[(10_000, 0.3), (50_000, 1.6)];
/// MiB at the peak.
const PEAK: Points = &[(100, 14.0), (10_000, 22.0), (50_000, 63.0)];
/// Seconds from start to end at the default request rate, where lists are streamed.
const STREAMED: Points = &[(10_000, 0.9), (50_000, 4.0)];
/// The same where they are read in pages.
const IN_PAGES: Points = &[(10_000, 1.5), (50_000, 6.0)];

/// The most that a run over `n` Services may cost.
#[must_use]
pub fn bar(n: usize, in_pages: bool) -> Bar {
    let wall = if in_pages { IN_PAGES } else { STREAMED };
    Bar { cpu: at(n, CPU), peak: Some(at(n, PEAK)), wall: Some(at(n, wall)) }
}

#[expect(clippy::cast_precision_loss, reason = "clusters have less than 2^53 Services")]
fn at(n: usize, points: Points) -> f64 {
    let above = points.iter().position(|(own, _)| n <= *own).unwrap_or(points.len() - 1);
    let ((least, low), (most, high)) = (points[above.saturating_sub(1)], points[above]);
    let share = n.saturating_sub(least) as f64 / (most - least).max(1) as f64;
    low + (high - low) * share.min(1.0)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;

    const STREAM: &str = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";

    fn get(url: &str, path: &str, status: u16) {
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!("host: {host}\r\nauthorization: Bearer {ADMIN_TOKEN}");
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }

    #[test]
    fn a_call_too_many_and_one_too_few_are_faults() {
        let speed = Speed::in_pages(2);
        let url = speed.kube.url();
        assert_eq!(speed.faults(), ["lists not everything"]);
        let refused = |path: &str| get(&url, &format!("{path}?{STREAM}"), 422);
        refused("/api/v1/services");
        get(&url, "/api/v1/services", 200);
        refused("/apis/networking.k8s.io/v1/ingresses");
        get(&url, "/apis/networking.k8s.io/v1/ingresses", 200);
        assert_eq!(speed.faults(), Vec::<String>::new());
        assert_eq!(speed.calls(), Calls { made: 4, least: 7 });
        get(&url, "/api/v1/pods", 200);
        get(&url, "/api/v1/services", 200);
        assert_eq!(speed.faults(), ["calls to list pods: 1", "calls to list services: 2"]);
    }

    #[test]
    fn bars() {
        for (n, cpu, peak) in
            [(100, 0.3, 14.0), (10_000, 0.3, 22.0), (30_000, 0.95, 42.5), (50_000, 1.6, 63.0)]
        {
            let bar = bar(n, false);
            assert!((bar.cpu - cpu).abs() < 1e-9 && bar.peak == Some(peak), "{n}: {bar:?}");
        }
        let walls = [(10_000, false), (10_000, true), (50_000, false), (50_000, true)];
        let walls = walls.map(|(n, in_pages)| bar(n, in_pages).wall);
        assert_eq!(walls, [Some(0.9), Some(1.5), Some(4.0), Some(6.0)]);
    }
}

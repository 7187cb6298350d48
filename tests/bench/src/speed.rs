//! The speed table: N Services and N/2 Ingresses, 3N records behind the webhook protocol, nothing to change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use extdns_testkit::kube::{ADMIN_TOKEN, Login};
use extdns_testkit::kube_sim::{KubeSim, User, WORKLOAD_OWNER};
use extdns_testkit::webhook_sim::WebhookSim;

use crate::figures::Task;
use crate::list_calls;
use crate::row::{Bar, Calls};

/// The numbers of Services of the table.
pub const SIZES: [usize; 4] = [100, 1_000, 10_000, 50_000];

/// A cluster and a provider of one size, for one run.
pub struct Speed {
    n: usize,
    kube: KubeSim,
    webhook: WebhookSim,
    kubeconfig: PathBuf,
}

impl Speed {
    /// Starts both simulators, on free ports.
    #[must_use]
    pub fn start(n: usize) -> Self {
        let kube = KubeSim::builder().workload(n).user(User::admin("admin", ADMIN_TOKEN)).start();
        let kubeconfig = kube.write_kubeconfig(&kube.kubeconfig(Login::Token(ADMIN_TOKEN)));
        let webhook = WebhookSim::builder().workload(n).start();
        Self { n, kube, webhook, kubeconfig }
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

    /// The calls so far: both lists page by page; what the webhook takes, what it has, what it
    /// makes of the desired endpoints.
    #[must_use]
    pub fn calls(&self) -> Calls {
        Calls {
            made: self.kube.requests().len() + self.webhook.requests().len(),
            least: list_calls(self.n) + list_calls(self.n / 2) + 3,
        }
    }

    /// What was asked for without need, or changed although nothing had to be, in one run.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let needed: BTreeMap<(&str, &str), u64> = [
            (("list", "services"), list_calls(self.n) as u64),
            (("list", "ingresses"), list_calls(self.n / 2) as u64),
        ]
        .into();
        let calls = self.kube.all_calls();
        let mut faults: Vec<String> = calls
            .iter()
            .filter(|((verb, resource), count)| {
                needed.get(&(verb.as_str(), resource.as_str())) != Some(*count)
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

/// At most 0.3 s CPU and 40 MiB up to 10,000 Services, 1.6 s and 120 MiB at 50,000, linear between them.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "clusters have less than 2^53 Services")]
pub fn bar(n: usize) -> Bar {
    let beyond = (n.saturating_sub(10_000)) as f64 / 40_000.0;
    Bar { cpu: 0.3 + 1.3 * beyond, peak: Some(40.0 + 80.0 * beyond) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;

    fn get(url: &str, path: &str) {
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!("host: {host}\r\nauthorization: Bearer {ADMIN_TOKEN}");
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[test]
    fn a_call_too_many_and_one_too_few_are_faults() {
        let speed = Speed::start(2);
        let url = speed.kube.url();
        assert_eq!(speed.faults(), ["lists not everything"]);
        get(&url, "/api/v1/services");
        get(&url, "/apis/networking.k8s.io/v1/ingresses");
        assert_eq!(speed.faults(), Vec::<String>::new());
        assert_eq!(speed.calls(), Calls { made: 2, least: 5 });
        get(&url, "/api/v1/pods");
        get(&url, "/api/v1/services");
        assert_eq!(speed.faults(), ["calls to list pods: 1", "calls to list services: 2"]);
    }

    #[test]
    fn bars() {
        for (n, cpu, peak) in
            [(100, 0.3, 40.0), (10_000, 0.3, 40.0), (30_000, 0.95, 80.0), (50_000, 1.6, 120.0)]
        {
            let bar = bar(n);
            assert!((bar.cpu - cpu).abs() < 1e-9 && bar.peak == Some(peak), "{n}: {bar:?}");
        }
    }
}

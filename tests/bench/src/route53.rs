//! Runs through Route 53.

use std::path::{Path, PathBuf};

use extdns_testkit::kube::{ADMIN_TOKEN, Login};
use extdns_testkit::kube_sim::{KubeSim, User, WORKLOAD_OWNER, WORKLOAD_ZONE};
use extdns_testkit::route53::{Action, Route53Sim, Zone};

use crate::figures::Task;
use crate::row::Calls;

/// Values in one batch, and characters in all its values. An upsert counts twice.
const BATCH: (usize, usize) = (1_000, 32_000);
/// Record sets on one page.
const PAGE: usize = 300;

/// A cluster and an account with one zone, for one run.
pub struct Route53 {
    services: usize,
    kube: KubeSim,
    kubeconfig: PathBuf,
    dns: Route53Sim,
    zone: Zone,
    /// Record sets of the zone before the run.
    before: usize,
}

impl Route53 {
    /// So many Services, and a zone with so many record sets, its own two among them.
    #[must_use]
    pub fn start(services: usize, records: usize) -> Self {
        let user = User::admin("admin", ADMIN_TOKEN);
        let kube = KubeSim::builder().workload(services).user(user).start();
        let kubeconfig = kube.write_kubeconfig(&kube.kubeconfig(Login::Token(ADMIN_TOKEN)));
        let dns = Route53Sim::start();
        let zone = dns.zone(WORKLOAD_ZONE);
        zone.quota(100_000).fill(records.saturating_sub(zone.len()));
        let before = zone.len();
        Self { services, kube, kubeconfig, dns, zone, before }
    }

    /// The run of a program.
    #[must_use]
    pub fn task(&self, program: &Path) -> Task {
        let flags = [
            "--once".into(),
            "--source=service".into(),
            "--registry=txt".into(),
            format!("--txt-owner-id={WORKLOAD_OWNER}"),
            "--policy=sync".into(),
            "--provider=aws".into(),
            format!("--kubeconfig={}", self.kubeconfig.display()),
        ];
        let url = self.dns.url();
        let variables = [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        Task {
            command: [program.into()]
                .into_iter()
                .chain(flags.into_iter().map(Into::into))
                .collect(),
            variables: variables.map(|(name, value)| (name.into(), value.into())).into(),
        }
    }

    /// Calls to both APIs. The least: the stream of Services, one list of zones, the pages of the zone as it was, and as few batches as the values
    /// that were written fill.
    #[must_use]
    pub fn calls(&self) -> Calls {
        let (mut values, mut characters) = (0, 0);
        for change in
            self.dns.calls().iter().filter(|call| call.succeeded()).flat_map(|call| &call.changes)
        {
            let times = if change.action == Action::Upsert { 2 } else { 1 };
            values += times * change.record_set.values.len();
            characters += times
                * change.record_set.values.iter().map(|value| value.chars().count()).sum::<usize>();
        }
        let batches = values.div_ceil(BATCH.0).max(characters.div_ceil(BATCH.1));
        Calls {
            made: self.kube.requests().len() + self.dns.calls().len(),
            least: 1 + 1 + self.before.div_ceil(PAGE) + batches,
        }
    }

    /// What is not there after the run: an A record and its ownership for each Service, and all that was there before.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let (found, wanted) = (self.zone.len(), self.before + 2 * self.services);
        if found == wanted {
            Vec::new()
        } else {
            vec![format!("leaves {found} record sets, not {wanted}")]
        }
    }
}

//! Route 53 passes the suite of all providers, over its simulator. What only Route 53 has is in
//! `tests/it/aws`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use clap::Parser;
use extdns_auth::AwsIdentity;
use extdns_model::{Name, RecordSet, RecordType, Ttl};
use extdns_testkit::route53::{self as sim, ACCOUNT, Moment, Route53Sim, Zone};
use tokio::sync::Notify;

use super::names::decoded;
use super::{AwsArgs, Login, over};
use crate::conformance::{Fault, Harness, Lost, SECRET};
use crate::{Context, Provider};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    aws: AwsArgs,
}

/// A simulator, a zone of it, and flags.
struct Kit {
    sim: Route53Sim,
    zone: Zone,
    child: Zone,
    flags: &'static [&'static str],
    /// Whether refusals name the records that are refused.
    names_offenders: bool,
    death: Arc<Notify>,
}

impl Kit {
    fn new(flags: &'static [&'static str], names_offenders: bool) -> Self {
        let sim = Route53Sim::start();
        let (zone, child) = (sim.zone("example.org"), sim.zone("sub.example.org"));
        sim.zone("example.net");
        Self { sim, zone, child, flags, names_offenders, death: Arc::default() }
    }

    /// The last write that counts takes effect; its answer never comes, and nothing comes behind it.
    fn kill_after(&self, writes: u64) {
        self.sim.fault(sim::Fault::hang_up().on_writes().at(writes + 1).always());
        let (arrived, answered) = (AtomicU64::new(0), AtomicU64::new(0));
        let death = Arc::clone(&self.death);
        self.sim.on_call(move |moment, call| {
            if !call.operation.is_write() {
                return;
            }
            let over = match moment {
                Moment::Arrived => arrived.fetch_add(1, Ordering::SeqCst) >= writes,
                Moment::Answering => answered.fetch_add(1, Ordering::SeqCst) + 1 == writes,
            };
            if over {
                death.notify_one();
            }
        });
    }

    fn refusal(&self, name: &Name) -> sim::Fault {
        let text = if self.names_offenders {
            format!("RRSet with DNS name {}. is not permitted in this zone", name.key())
        } else {
            "Invalid Resource Record".to_owned()
        };
        sim::Fault::invalid_batch(&text).changing(&name.key()).always()
    }
}

#[async_trait]
impl Harness for Kit {
    async fn provider(&self) -> Box<dyn Provider> {
        let usual = ["test", "--aws-batch-change-interval=0s", "--aws-requests-per-second=1000"];
        let secret = format!("--aws-assume-role-external-id={SECRET}");
        let words = usual.into_iter().chain([&*secret]).chain(self.flags.iter().copied());
        let args = Cli::try_parse_from(words).expect("valid flags").aws;
        let credentials = Credentials::new("AKIATEST", SECRET, None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.sim.url())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .build();
        let identity = AwsIdentity { config, account: ACCOUNT.to_owned() };
        let logins = vec![Login::new("default", &identity)];
        Box::new(over(logins, &args, &Context::default()))
    }

    fn zone(&self) -> Name {
        Name::as_listed("example.org")
    }

    async fn seed(&self, sets: &[RecordSet]) {
        self.zone.seed(sets.iter().map(|set| {
            let ttl = set.ttl.seconds().unwrap_or(300);
            let empty = sim::RecordSet::new(&set.name.key(), &set.rtype.to_string()).ttl(ttl);
            set.targets.iter().fold(empty, |own, target| own.value(target))
        }));
    }

    async fn contents(&self) -> Vec<RecordSet> {
        contents(&self.zone)
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        for set in sets {
            self.zone.remove(&set.name.key());
        }
        let there: Vec<_> = sets.iter().filter(|set| !set.targets.is_empty()).cloned().collect();
        self.seed(&there).await;
        true
    }

    fn child(&self) -> Option<Name> {
        Some(Name::as_listed("sub.example.org"))
    }

    async fn contents_of_child(&self) -> Vec<RecordSet> {
        contents(&self.child)
    }

    async fn writes(&self) -> u64 {
        u64::try_from(self.sim.writes()).unwrap_or(u64::MAX)
    }

    async fn inject(&self, fault: Fault) -> bool {
        let fault = match fault {
            Fault::Throttle { calls, retry_after } => {
                let fault = sim::Fault::throttling().times(match calls {
                    u32::MAX => u64::MAX,
                    few => u64::from(few),
                });
                match retry_after {
                    Some(pause) => fault.retry_after(pause),
                    None => fault,
                }
            }
            Fault::Reject(name) => self.refusal(&name),
            Fault::Lose(Lost::Done) => sim::Fault::hang_up().after_applying().on_writes(),
            Fault::Lose(Lost::NotDone) => sim::Fault::hang_up().on_writes(),
            Fault::Unauthorised => {
                let text = format!("User: {SECRET} is not authorized to perform this");
                sim::Fault::error(403, "AccessDenied", &text).on_writes().always()
            }
            // Whether anything was done is looked up, and the batch is sent twice more.
            Fault::Down => sim::Fault::unavailable().on_writes().always(),
            Fault::Full(most) => {
                // The NS and the SOA of a zone count too.
                self.zone.quota(most + 2);
                return true;
            }
            Fault::Hang => sim::Fault::hang().on_writes().always(),
            Fault::KillAfter(writes) => {
                self.kill_after(writes);
                return true;
            }
            _ => return false,
        };
        self.sim.fault(fault);
        true
    }

    async fn clear(&self) {
        self.sim.heal();
        self.zone.quota(10_000);
        self.sim.on_call(|_, _| {});
    }

    async fn killed(&self) {
        self.death.notified().await;
    }

    fn sends_when_down(&self, _: u32) -> u32 {
        3
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

fn contents(zone: &Zone) -> Vec<RecordSet> {
    let own = zone.own_records().into_iter();
    own.map(|set| {
        let rtype: RecordType = set.record_type.parse().expect("a type");
        let ttl = set.ttl.map_or(Ttl::UNSET, |ttl| Ttl::from_seconds(i64::from(ttl)));
        let targets = set.values.iter().map(String::as_str).collect();
        RecordSet::new(Name::as_listed(&decoded(&set.name)), rtype, ttl, targets)
    })
    .collect()
}

/// Full batches; refusals name the records that are refused.
mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test]
        Kit::new(&[], true)
    }
}

/// Batches of two records and their ownership records; offenders have to be found.
mod kit_of_small_batches {
    use super::*;

    crate::conformance! {
        #[tokio::test]
        {
            let kit = Kit::new(&["--aws-batch-change-size=4"], false);
            kit.sim.batch_errors(sim::BatchErrorForm::ErrorResponse);
            kit
        }
    }
}

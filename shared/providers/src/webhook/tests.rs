//! A webhook provider passes the suite of all providers.

use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{Name, Opaque, RecordSet};
use extdns_testkit::webhook_sim::{Failure, WebhookSim};
use serde_json::Value;

use super::wire::received::Received;
use super::wire::sent::Sent;
use super::{Webhook, WebhookArgs};
use crate::conformance::{Fault, Harness, Lost};
use crate::{Context, Provider};

const ALWAYS: usize = usize::MAX;

struct Kit(WebhookSim);

#[async_trait]
impl Harness for Kit {
    async fn provider(&self) -> Box<dyn Provider> {
        let args = WebhookArgs {
            webhook_provider_url: self.0.url(),
            // The clock of these tests stands still while a server works.
            webhook_provider_read_timeout: Duration::ZERO,
            webhook_provider_write_timeout: Duration::ZERO,
            webhook_provider_max_body_size: 0,
        };
        Box::new(Webhook::new(&args, &Context::default()).expect("a provider"))
    }

    fn zone(&self) -> Name {
        Name::as_listed("example.org")
    }

    async fn seed(&self, sets: &[RecordSet]) {
        for set in sets {
            let record = extdns_model::Record::new(set.clone(), Opaque::none());
            let sent = serde_json::to_value(Sent::with(&record.set, &record.labels));
            self.0.put(&sent.expect("a record"));
        }
    }

    async fn contents(&self) -> Vec<RecordSet> {
        let set = |record: Value| {
            let received: Received = serde_json::from_value(record).expect("an endpoint");
            received.into_set().expect("usable").0
        };
        self.0.records().into_iter().map(set).collect()
    }

    async fn alter(&self, sets: &[RecordSet]) -> bool {
        for set in sets {
            let record = extdns_model::Record::new(set.clone(), Opaque::none());
            let sent = serde_json::to_value(Sent::with(&record.set, &record.labels));
            let sent = sent.expect("a record");
            if set.targets.is_empty() { self.0.remove(&sent) } else { self.0.put(&sent) }
        }
        true
    }

    async fn writes(&self) -> u64 {
        self.0.calls("POST", "/records")
    }

    async fn inject(&self, fault: Fault) -> bool {
        match fault {
            // A negotiation is not repeated then: the protocol calls 429 final there.
            Fault::Throttle { calls, retry_after } => {
                let throttled = Failure::Throttled(retry_after.map(|wait| wait.as_secs()));
                for method in ["GET", "POST"] {
                    let calls = usize::try_from(calls).unwrap_or(ALWAYS);
                    self.0.fail(method, "/records", calls, throttled);
                }
            }
            Fault::Reject(name) => self.0.poison(name.as_str()),
            Fault::Lose(Lost::Done) => self.0.fail("POST", "/records", 1, Failure::LostAnswer),
            Fault::Lose(Lost::NotDone) => self.0.fail("POST", "/records", 1, Failure::HangUp),
            Fault::Unauthorised => self.0.fail("POST", "/records", ALWAYS, Failure::Status(403)),
            Fault::KillAfter(0) => {
                self.0.fail("POST", "/records", 1, Failure::Silence { done: false });
            }
            Fault::KillAfter(writes) => {
                let skip = usize::try_from(writes - 1).expect("few");
                self.0.fail_later("POST", "/records", skip, 1, Failure::Silence { done: true });
            }
            // There is one zone, and a slow server is the subject of other tests.
            Fault::UnreadableZone(_)
            | Fault::KillAt(_)
            | Fault::Slow(_)
            | Fault::Unfinished
            | Fault::Full(_)
            | Fault::Unreachable => return false,
            Fault::Down => self.0.fail("POST", "/records", ALWAYS, Failure::Status(500)),
            Fault::Hang => {
                self.0.fail("POST", "/records", ALWAYS, Failure::Silence { done: false });
            }
        }
        true
    }

    async fn clear(&self) {
        self.0.heal();
    }

    async fn killed(&self) {
        self.0.silence().await;
    }
}

proptest::proptest! {
    /// With any owner id and any text: what is sent is what is received.
    #[test]
    fn every_printable_text_survives(text in "[ -~]{0,300}") {
        for target in [text.clone(), format!("\"heritage=external-dns,external-dns/owner={text}\"")] {
            let targets = [target.as_str()].into_iter().collect();
            let name = Name::as_listed("a.example.org");
            let set = RecordSet::new(name, extdns_model::RecordType::Txt, extdns_model::Ttl::UNSET, targets);
            let json = serde_json::to_string(&Sent::with(&set, &extdns_model::Labels::new()));
            let received: Received = serde_json::from_str(&json.expect("JSON")).expect("an endpoint");
            proptest::prop_assert_eq!(received.into_set().expect("usable").0, set);
        }
    }
}

mod kit {
    use super::{Kit, WebhookSim};

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        Kit(WebhookSim::builder().start())
    }
}

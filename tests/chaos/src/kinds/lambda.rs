//! The function: odd events, servers that lie, too little time. It always answers, in time, and never dies.

use std::time::{Duration, Instant};

use extdns_testkit::lambda::Lambda;
use serde_json::{Value, json};

use super::liars::cluster;
use crate::dice::Dice;
use crate::dns::Dns;
use crate::judge;
use crate::lies::{DEEP, Lie, PLAIN, liar};
use crate::mutate;
use crate::program::Bench;
use crate::secrets;
use crate::world::{Desired, OWNER, strangers};
use extdns_testkit::kube::Login;

/// What the service lets the function work for: it keeps ten seconds of it for its answer.
const TIME: Duration = Duration::from_millis(11_500);

/// What the function may say of an event that it refuses.
const REFUSED: &str = "Event";

pub(super) fn play(dice: &mut Dice, bench: &Bench) -> anyhow::Result<()> {
    let strangers = strangers(dice);
    let dns = Dns::start("aws", bench.dir(), &strangers);
    let Dns::Route53 { sim, .. } = &dns else { unreachable!("Route 53 was asked for") };
    let kube = cluster(&Desired::roll(dice));
    let kubeconfig = kube.write_kubeconfig(&kube.kubeconfig(Login::Token(secrets::TOKEN)));
    let variables = [
        ("EXTERNAL_DNS_SOURCE", "service\ningress\ncrd".to_owned()),
        ("EXTERNAL_DNS_KUBECONFIG", kubeconfig.display().to_string()),
        ("EXTERNAL_DNS_PROVIDER", "aws".to_owned()),
        ("EXTERNAL_DNS_REGISTRY", "txt".to_owned()),
        ("EXTERNAL_DNS_TXT_OWNER_ID", OWNER.to_owned()),
        ("EXTERNAL_DNS_POLICY", "sync".to_owned()),
        ("EXTERNAL_DNS_LOG_FORMAT", "json".to_owned()),
        ("EXTERNAL_DNS_LOG_LEVEL", dice.pick(&["info", "trace"]).to_owned()),
        ("EXTERNAL_DNS_AWS_BATCH_CHANGE_INTERVAL", "1ms".to_owned()),
        ("AWS_ENDPOINT_URL", sim.url()),
        ("AWS_SECRET_ACCESS_KEY", secrets::AWS_KEY.to_owned()),
        ("AWS_SESSION_TOKEN", secrets::AWS_SESSION.to_owned()),
    ];
    let mut function = Lambda::new(bench.function(), variables);
    let lies: Vec<Lie> = PLAIN.into_iter().chain(DEEP).collect();
    for _ in 0..dice.between(2, 4) {
        if dice.once_in(3) {
            dns.interfere(Some(liar(dice, &lies, |_| true)));
        }
        if dice.once_in(4) {
            kube.interfere(Some(liar(dice, &lies, |_| true)));
        }
        let event = event(dice);
        let (begin, writes) = (Instant::now(), dns.writes());
        let answer = function.invoke(&event, TIME);
        anyhow::ensure!(
            begin.elapsed() < TIME,
            "{event}: the answer came after {:?}",
            begin.elapsed()
        );
        dns.interfere(None);
        kube.interfere(None);
        match answer {
            Ok(answer) => {
                let answer = answer.json();
                bench.count(&answer["exitCode"].to_string());
                let only_plans = answer["mode"] == "plan" || event["action"] == "plan";
                let wrote = dns.writes() > writes;
                anyhow::ensure!(
                    !(wrote && only_plans),
                    "{event}: a plan wrote something: {answer}"
                );
            }
            Err(error) if error.error_type == REFUSED => bench.count("refused"),
            Err(error) => anyhow::bail!("{event}: {error:?}\n{}", function.log()),
        }
        let now = dns.records();
        judge::strangers_keep(&strangers, &now)?;
        judge::all_owned(&strangers, &now)?;
    }
    let found = secrets::found_in(&function.log());
    anyhow::ensure!(found.is_none(), "has the secret {found:?} in its log");
    anyhow::ensure!(!function.log().contains("panicked"), "it panicked:\n{}", function.log());
    anyhow::ensure!(function.starts() == 1, "it was started {} times", function.starts());
    Ok(())
}

fn event(dice: &mut Dice) -> Value {
    let schedule = json!({
        "version": "0", "id": "53dc4d37", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "111111111111", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:111111111111:rule/schedule"], "detail": {},
    });
    let mut planned = schedule.clone();
    planned["action"] = json!("plan");
    let known = [
        schedule,
        planned,
        json!({}),
        json!({ "action": "plan" }),
        json!({ "action": "apply" }),
        json!({ "action": "apply", "targets": ["aws"], "allowDeletes": { "aws": null }, "allowEmpty": ["default"] }),
        json!({ "action": "apply", "planHash": "0".repeat(64) }),
        json!({ "Records": [{ "eventSource": "aws:sqs", "body": "{}" }] }),
    ];
    let known = dice.pick(&known);
    if dice.once_in(2) { mutate::json(dice, &known) } else { known }
}

//! The webhook protocol over real HTTP.

use std::time::Duration;

use extdns_model::{
    Action, Change, ChangeGroup, GroupId, Hints, Labels, Name, Outcome, Permit, Planned, RecordSet,
    RecordType, Role, Ttl, ZoneKey,
};
use extdns_providers::webhook::{Webhook, WebhookArgs};
use extdns_providers::{Deadline, Provider as _, Reader as _};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::webhook_sim::{Applies, Failure, MEDIA_TYPE, WebhookSim};

fn webhook(url: String, limit: i64) -> Webhook {
    let args = WebhookArgs {
        webhook_provider_url: url,
        webhook_provider_read_timeout: Duration::from_secs(5),
        webhook_provider_write_timeout: Duration::from_secs(5),
        webhook_provider_max_body_size: limit,
    };
    Webhook::new(&args).expect("a URL")
}

fn creates(n: u32) -> Vec<ChangeGroup> {
    let create = |id| {
        let name = Name::as_listed(&format!("h{id}.example.org"));
        let targets = ["192.0.2.1"].into_iter().collect();
        let set = RecordSet::new(name.clone(), RecordType::A, Ttl::UNSET, targets);
        let new = Planned { set, labels: Labels::new(), hints: Hints::default() };
        let change = Change { role: Role::Record, action: Action::Create(new) };
        ChangeGroup { id: GroupId(id), zone: ZoneKey(0), name, changes: vec![change], after: None }
    };
    (0..n).map(create).collect()
}

async fn apply(provider: &Webhook, groups: &[ChangeGroup]) -> Vec<Outcome> {
    let index = provider.read().await.expect("readable").index;
    let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
    writer.apply(groups, Deadline::none()).await
}

#[tokio::test]
async fn one_bad_group_costs_few_posts_and_blocks_no_other() {
    for applies in [Applies::Atomically, Applies::UpToTheFirstFailure] {
        let sim = WebhookSim::builder().start();
        sim.applies(applies);
        sim.poison("h37.example.org");
        let outcomes = apply(&webhook(sim.url(), 0), &creates(64)).await;
        for (id, outcome) in outcomes.iter().enumerate() {
            assert_eq!(matches!(outcome, Outcome::Applied), id != 37, "{id}: {outcome:?}");
        }
        assert_eq!(sim.records().len(), 63);
        let posts = sim.calls("POST", "/records");
        assert!(posts <= 14, "{applies:?}: {posts} POSTs");
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_not_sent_again() {
    let sim = WebhookSim::builder().start();
    sim.fail("POST", "/records", 1, Failure::LostAnswer);
    let outcomes = apply(&webhook(sim.url(), 0), &creates(3)).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied)), "{outcomes:?}");
    assert_eq!(sim.calls("POST", "/records"), 1);
}

#[tokio::test]
async fn the_base_path_is_kept_and_the_limit_is_exact() {
    let body = r#"[{"DNSNAME":"a.example.org","recordtype":"A","Targets":["192.0.2.1"],"x":1}]"#;
    for (limit, fits) in [(body.len(), true), (body.len() - 1, false)] {
        let answer =
            |body: &'static str| Reply::new(200).header("content-type", MEDIA_TYPE).body(body);
        let server = ScriptedServer::sequence([
            ("GET", "/base/", answer("{}")),
            ("GET", "/base/records", answer(body)),
        ]);
        let provider = webhook(format!("{}/base", server.url()), limit.try_into().expect("small"));
        let read = provider.read().await;
        assert_eq!(read.is_ok(), fits, "{read:?}");
        for request in server.requests() {
            assert_eq!(request.headers["accept"], MEDIA_TYPE);
        }
    }
}

//! Who may call, how often, and what fails on demand.

use super::*;

#[test]
fn rates_are_kept_per_account() {
    let sim = Route53Sim::start();
    sim.freeze_time();
    sim.throttle(5.0, 3);
    sim.retry_after(Duration::from_secs(1));
    let other = sim.account("222222222222");
    other.access_key("AKIDOTHER");
    other.throttle_changes(10.0, 2);
    let zone = other.zone("other.test");
    let client = Client::of(&sim);
    let statuses =
        |count: usize| Vec::from_iter((0..count).map(|_| client.get("hostedzone").status));
    assert_eq!(statuses(4), [200, 200, 200, 400]);
    let answer = client.get("hostedzone");
    assert_eq!(answer.error(), (400, "Throttling".into(), "Rate exceeded".into()));
    assert!(answer.head.contains("retry-after: 1\r\n"), "{}", answer.head);
    sim.advance(Duration::from_millis(400));
    assert_eq!(statuses(3), [200, 200, 400]);
    // STS and other accounts have limits of their own.
    assert_eq!(client.sts("Action=GetCallerIdentity").status, 200);
    let other = client.with_key("AKIDOTHER");
    let sets = ["x.other.test", "y.other.test", "z.other.test"]
        .map(|name| create(RecordSet::a(name, "192.0.2.1")));
    assert_eq!(other.change(&zone, &sets).error().1, "Throttling");
    assert_eq!(other.change(&zone, &sets[..2]).status, 200);
    assert_eq!(sim.refused("Throttling"), 4);
    assert_eq!(sim.calls()[5].at - sim.calls()[4].at, Duration::from_millis(400));
}

#[test]
fn a_zone_takes_one_change_at_a_time() {
    let sim = Route53Sim::start();
    sim.freeze_time();
    sim.changes_take(Duration::from_secs(30));
    let (one, two) = (sim.zone("example.org"), sim.private_zone("example.org"));
    let client = Client::of(&sim);
    let first = client.change(&one, &[create(a("x"))]);
    let id = first.text("Id").unwrap();
    let text = "The request was rejected because Route 53 was still processing a prior request.";
    assert_eq!(
        client.change(&one, &[create(a("y"))]).error(),
        (400, "PriorRequestNotComplete".into(), text.into())
    );
    assert_eq!(client.change(&two, &[create(a("y"))]).status, 200);
    let status = || client.get(id.trim_start_matches('/')).text("Status").unwrap();
    assert_eq!(status(), "PENDING");
    sim.advance(Duration::from_secs(30));
    assert_eq!(status(), "INSYNC");
    assert_eq!(client.change(&one, &[create(a("y"))]).status, 200);
    assert_eq!((one.own_records().len(), two.own_records().len()), (2, 1));
    assert_eq!(client.get("change/C9").error().1, "NoSuchChange");
}

#[test]
fn a_signature_must_be_there_and_whole() {
    let sim = Route53Sim::start();
    let client = Client::of(&sim);
    let good = client.authorization("route53");
    let table = [
        (String::new(), 403, "MissingAuthenticationToken"),
        (good.replace("AWS4-HMAC-SHA256", "Basic"), 400, "IncompleteSignature"),
        (good.replace("Signature=0", "Signature=z"), 400, "IncompleteSignature"),
        (good.replace("host;x-amz-date", "host"), 400, "IncompleteSignature"),
        (good.replace("/aws4_request", ""), 400, "IncompleteSignature"),
        (good.replace("us-east-1", "eu-west-1"), 403, "SignatureDoesNotMatch"),
        (good.replace("/route53/", "/s3/"), 403, "SignatureDoesNotMatch"),
        (good.replace("x-amz-date: ", "x-amz-date: 1"), 403, "SignatureDoesNotMatch"),
    ];
    for (headers, status, code) in table {
        let answer = client.send("GET", "/2013-04-01/hostedzone", &headers, "").unwrap();
        assert_eq!(
            (answer.status, answer.text("Code").as_deref()),
            (status, Some(code)),
            "{headers}"
        );
    }
    let answer = client.get("hostedzone");
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.contains("x-amzn-requestid: 00000000-0000-4000-8000-000000000009"),
        "{}",
        answer.head
    );
    sim.only_known_keys();
    assert_eq!(client.get("hostedzone").error().1, "InvalidClientTokenId");
    sim.account(ACCOUNT).access_key("AKIDTEST");
    assert_eq!(client.get("hostedzone").status, 200);
    assert_eq!(client.send("DELETE", "/2013-04-01/hostedzone/Z1", &good, "").unwrap().status, 404);
}

#[test]
fn clocks_that_differ() {
    let sim = Route53Sim::start();
    let client = Client::of(&sim);
    let late = Client { ahead: -600, ..client.clone() };
    let early = Client { ahead: 600, ..client.clone() };
    for (client, start, end) in [
        (&late, "Signature expired: ", " - 5 min.)"),
        (&early, "Signature not yet current: ", " + 5 min.)"),
    ] {
        let (status, code, message) = client.get("hostedzone").error();
        assert_eq!((status, code.as_str()), (403, "SignatureDoesNotMatch"));
        assert!(message.starts_with(start) && message.ends_with(end), "{message}");
    }
    sim.skew_clock(ClockSkew::of(600));
    let refused = client.get("hostedzone");
    assert_eq!(refused.status, 403);
    let ahead = (Timestamp::now() + SignedDuration::from_secs(600))
        .strftime("date: %a, %d %b %Y %H:")
        .to_string();
    assert!(refused.head.contains(&ahead), "{} lacks {ahead}", refused.head);
    assert_eq!(early.get("hostedzone").status, 200, "signed by the service's clock");
    sim.skew_clock(ClockSkew::of(600).once());
    assert_eq!([early.get("hostedzone").status, client.get("hostedzone").status], [403, 200]);
    sim.skew_clock(ClockSkew::of(-600).always().as_request_time_too_skewed());
    for client in [&late, &early, &client, &late] {
        assert_eq!(client.get("hostedzone").error().1, "RequestTimeTooSkewed");
    }
    assert_eq!(late.sts("Action=GetCallerIdentity").status, 403);
}

#[test]
fn roles_and_accounts() {
    let sim = Route53Sim::start();
    let mine = sim.zone("mine.test");
    let dns = sim.account("222222222222");
    let theirs = dns.zone("theirs.test");
    let role = dns.role("path/dns", Some("secret-id"));
    let client = Client::of(&sim);
    assert_eq!(
        client.sts("Action=GetCallerIdentity").text("Arn").unwrap(),
        "arn:aws:iam::111111111111:user/AKIDTEST"
    );
    assert_eq!(client.get(&format!("hostedzone/{}/rrset", theirs.id())).error().1, "AccessDenied");
    let assume = |rest: &str| {
        client.sts(&format!("Action=AssumeRole&Version=2011-06-15&RoleSessionName=dns-run{rest}"))
    };
    for (rest, code) in [
        ("", "ValidationError"),
        ("&RoleArn=arn:aws:iam::222222222222:role/none", "AccessDenied"),
        (&format!("&RoleArn={role}"), "AccessDenied"),
        (&format!("&RoleArn={role}&ExternalId=wrong"), "AccessDenied"),
        (&format!("&RoleArn={role}&ExternalId=secret-id&DurationSeconds=1"), "ValidationError"),
    ] {
        let answer = assume(rest);
        assert_eq!(answer.text("Code").as_deref(), Some(code), "{rest}");
        assert!(answer.body.contains(sts::NAMESPACE));
    }
    let answer = assume(&format!("&RoleArn={role}&ExternalId=secret-id"));
    let session = Client {
        token: answer.text("SessionToken"),
        ..client.with_key(&answer.text("AccessKeyId").unwrap())
    };
    let identity = session.sts("Action=GetCallerIdentity");
    assert_eq!(identity.text("Arn").unwrap(), "arn:aws:sts::222222222222:assumed-role/dns/dns-run");
    assert_eq!(identity.text("Account").unwrap(), "222222222222");
    assert_eq!(session.get("hostedzone").texts("Name"), ["theirs.test."]);
    assert_eq!(client.get("hostedzone").texts("Name"), ["mine.test."]);
    assert_eq!(session.get(&format!("hostedzone/{}/rrset", mine.id())).error().1, "AccessDenied");
    let without_token = Client { token: None, ..session.clone() };
    assert_eq!(without_token.get("hostedzone").error().1, "InvalidClientTokenId");
    let accounts: Vec<String> =
        sim.calls().into_iter().rev().take(4).map(|call| call.account).collect();
    assert_eq!(accounts, ["", "222222222222", "111111111111", "222222222222"]);
    assert_eq!((sim.reads(), sim.count(Operation::AssumeRole)), (5, 6));
}

#[test]
fn policies_refuse_what_they_do_not_grant() {
    let sim = Route53Sim::start();
    let (open, closed) = (sim.zone("open.test"), sim.zone("closed.test"));
    let role = sim.account(ACCOUNT).role("reader", None);
    let user = sim.account(ACCOUNT).user("AKIDTEST");
    let open_arn = format!("arn:aws:route53:::hostedzone/{}", open.id());
    sim.allow_only(
        &user,
        [
            ("route53:List*", "arn:aws:route53:::hostedzone/*"),
            ("route53:ChangeResourceRecordSets", open_arn.as_str()),
        ],
    );
    let client = Client::of(&sim);
    let (status, code, message) = client.get("hostedzone").error();
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    assert_eq!(
        message,
        "User: arn:aws:iam::111111111111:user/AKIDTEST is not authorized to perform: route53:ListHostedZones because no \
         identity-based policy allows the route53:ListHostedZones action"
    );
    let set = |name: &str| [create(RecordSet::a(name, "192.0.2.1"))];
    assert_eq!(client.change(&open, &set("x.open.test")).status, 200);
    let (_, code, message) = client.change(&closed, &set("x.closed.test")).error();
    assert_eq!(code, "AccessDenied");
    let on = format!(
        "route53:ChangeResourceRecordSets on resource: arn:aws:route53:::hostedzone/{} because",
        closed.id()
    );
    assert!(message.contains(&on), "{message}");
    assert_eq!(client.get(&format!("hostedzone/{}/rrset", closed.id())).status, 200);
    assert_eq!(
        client.sts(&format!("Action=AssumeRole&RoleSessionName=run&RoleArn={role}")).error().1,
        "AccessDenied"
    );
    assert_eq!(client.with_key("AKIDOTHER").get("hostedzone").status, 200);
}

#[test]
fn faults_hit_the_calls_that_they_name() {
    let sim = Route53Sim::start();
    let (zone, other) = (sim.zone("example.org"), sim.zone("other.test"));
    let client = Client::of(&sim);
    let rrset = |zone: &Zone| format!("hostedzone/{}/rrset", zone.id());
    // The second write: its answer is lost, its work is done.
    sim.fault(Fault::hang_up().after_applying().on_writes().at(2));
    assert_eq!(client.change(&zone, &[create(a("x"))]).status, 200);
    assert!(client.try_change(&zone, &[create(a("y"))]).is_none());
    assert_eq!(zone.own_records().len(), 2);
    // The next two lists of one zone.
    sim.fault(
        Fault::unavailable().on(Operation::ListResourceRecordSets).in_zone(zone.id()).times(2),
    );
    let statuses = [
        client.get(&rrset(&other)),
        client.get(&rrset(&zone)),
        client.get(&rrset(&zone)),
        client.get(&rrset(&zone)),
    ];
    assert_eq!(statuses.map(|answer| answer.status), [200, 503, 503, 200]);
    // A 500 before and one after the work.
    sim.fault(Fault::internal().on_writes());
    assert_eq!(client.change(&zone, &[create(a("z"))]).error().1, "InternalFailure");
    assert_eq!(zone.find("z.example.org", "A"), []);
    sim.fault(Fault::internal().on_writes().after_applying());
    assert_eq!(client.change(&zone, &[create(a("z"))]).status, 500);
    assert_eq!(zone.find("z.example.org", "A").len(), 1);
    // Only a page after the first can have a token.
    sim.fault(Fault::page_token_expired().times(2));
    let next = format!("{}?name=x.example.org", rrset(&zone));
    assert_eq!(client.get(&rrset(&zone)).status, 200);
    for expected in [400, 400, 200] {
        assert_eq!(client.get(&next).status, expected);
    }
    sim.fault(Fault::session_expired().always());
    assert_eq!(client.get("hostedzone").error().1, "ExpiredToken");
    assert_eq!(client.sts("Action=GetCallerIdentity").error().1, "ExpiredToken");
    assert_eq!(sim.faults_met(), 9);
    sim.heal();
    assert_eq!(client.get("hostedzone").status, 200);
    sim.fault(Fault::hang_up());
    assert!(client.try_get("hostedzone").is_none());
    let (writes, lost) =
        (sim.writes(), sim.calls().iter().filter(|call| call.status.is_none()).count());
    assert_eq!((writes, lost), (4, 2));
}

#[test]
fn the_end_comes_after_so_many_calls() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let client = Client::of(&sim);
    sim.end_after_writes(1);
    assert_eq!(client.get("hostedzone").status, 200);
    assert_eq!(client.change(&zone, &[create(a("x"))]).status, 200);
    assert!(client.try_change(&zone, &[create(a("y"))]).is_none());
    assert!(client.try_get("hostedzone").is_none());
    sim.heal();
    sim.forget_calls();
    sim.end_after_calls(1);
    assert_eq!(client.get("hostedzone").status, 200);
    assert!(client.try_get("hostedzone").is_none());
    assert_eq!((zone.own_records().len(), sim.reads(), sim.writes()), (1, 2, 0));
}

#[test]
fn a_hook_sees_every_call_twice() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    type Seen = (Moment, u64, usize, usize);
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let (log, looked_at) = (Arc::clone(&seen), zone.clone());
    sim.on_call(move |moment, call| {
        log.lock().unwrap().push((
            moment,
            call.number,
            call.changes.len(),
            looked_at.own_records().len(),
        ));
    });
    let client = Client::of(&sim);
    client.get("hostedzone");
    client.change(&zone, &[create(a("x")), create(a("y"))]);
    let (arrived, answering) = (Moment::Arrived, Moment::Answering);
    assert_eq!(
        *seen.lock().unwrap(),
        [(arrived, 1, 0, 0), (answering, 1, 0, 0), (arrived, 2, 0, 0), (answering, 2, 2, 2)]
    );
    let call = sim.calls().pop().unwrap();
    assert!(call.succeeded());
    assert_eq!((call.zone.as_deref(), &call.changes[1]), (Some(zone.id()), &create(a("y"))));
    assert_eq!(sim.requests().len(), 2);
}

#[test]
fn a_fault_may_be_about_batches_that_change_a_name() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let client = Client::of(&sim);
    sim.fault(Fault::invalid_batch("no good").changing("*.Bad.example.org").always());
    sim.fault(Fault::throttling().retry_after(Duration::from_secs(7)).on_writes().at(3));
    assert_eq!(client.change(&zone, &[create(a("x"))]).status, 200);
    let bad = [create(a("y")), create(RecordSet::a("*.bad.example.org", "192.0.2.1"))];
    let answer = client.change(&zone, &bad);
    assert_eq!((answer.status, answer.texts("Message")), (400, vec!["no good".to_owned()]));
    let answer = client.change(&zone, &bad[..1]);
    assert_eq!(answer.error().1, "Throttling");
    assert!(answer.head.contains("retry-after: 7\r\n"), "{}", answer.head);
    assert_eq!(client.change(&zone, &bad[..1]).status, 200);
    assert_eq!((sim.faults_met(), zone.own_records().len()), (2, 2));
}

#[test]
fn an_answer_is_spoiled_after_its_call_was_made() {
    let sim = Route53Sim::start();
    let zone = sim.zone("example.org");
    let client = Client::of(&sim);
    let list = || client.get("hostedzone");
    let whole = list();
    let table = [
        (Spoil::CutAt(40), 200, whole.body[..40].to_owned()),
        (Spoil::Status(206), 206, whole.body.clone()),
        (Spoil::Body("{}".to_owned()), 200, "{}".to_owned()),
        (
            Spoil::Without("IsTruncated"),
            200,
            whole.body.replace("<IsTruncated>false</IsTruncated>", ""),
        ),
        (
            Spoil::Text("Name", "other.test.".to_owned()),
            200,
            whole.body.replace("example.org.", "other.test."),
        ),
    ];
    for (spoil, status, body) in table {
        sim.fault(Fault::spoiled(spoil.clone()));
        let answer = list();
        assert_eq!((answer.status, answer.body), (status, body), "{spoil:?}");
    }
    assert_eq!(list().body, whole.body);
    sim.fault(Fault::spoiled(Spoil::CutAt(0)).on_writes());
    assert_eq!(client.change(&zone, &[create(a("x"))]).body, "");
    assert_eq!(zone.own_records().len(), 1, "it did its work");
}

#[test]
fn an_error_may_repeat_the_credentials_of_its_request() {
    let sim = Route53Sim::start();
    sim.fault(Fault::echo());
    let (status, code, message) = Client::of(&sim).get("hostedzone").error();
    assert_eq!((status, &*code), (400, "InvalidInput"));
    assert!(message.contains("authorization: AWS4-HMAC-SHA256 Credential="), "{message}");
}

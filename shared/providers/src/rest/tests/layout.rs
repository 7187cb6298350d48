//! Zones and records by the tables of their members.

use extdns_model::{Name, RecordType, Ttl, Zone};

use super::*;
use crate::engine::wire::{Dots, Form, Members, Ttls};
use crate::{TxtQuoting, ZoneFilter};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(300) };

const RECORD: Layout = Layout {
    fixed: &["type"],
    zeros: true,
    apex_value: true,
    ..Layout::of(&[
        ("id", Holds::Id),
        ("type", Holds::Type),
        ("name", Holds::Name),
        ("data", Holds::Value),
        ("ttl", Holds::Ttl),
        ("prio", Holds::Priority),
    ])
};

fn zone() -> Zone {
    Zone::new("1", Name::as_listed("example.org"))
}

#[test]
fn an_item_without_a_part_is_an_error_unless_its_type_is_not_managed() {
    let can = FORM.capabilities("example");
    let read =
        |item: &Value| RECORD.record(&can, &zone(), item).map(|it| it.map(|it| it.set.to_string()));
    let whole =
        json!({ "id": 1, "type": "A", "name": "@", "data": "192.0.2.1", "ttl": 60, "prio": -1 });
    assert_eq!(read(&whole), Ok(Some("example.org 60 IN A  192.0.2.1 []".to_owned())));
    for (member, problem) in [
        ("id", r#"an item has no "id""#),
        ("type", r#"an item has no "type""#),
        ("name", r#"an item has no "name""#),
        ("data", r#"an item has no "data""#),
    ] {
        let mut part = whole.clone();
        part[member] = Value::Null;
        assert_eq!(read(&part), Err(problem.to_owned()));
    }
    assert_eq!(read(&json!({ "type": "SOA" })), Ok(None));
}

#[test]
fn numbers_stand_apart_and_what_does_not_change_is_left_out() {
    let set = |rtype, value: &str| {
        let targets = [value].into_iter().collect();
        extdns_model::RecordSet::new(Name::as_listed("a.example.org"), rtype, Ttl::UNSET, targets)
    };
    let table = [
        (
            RecordType::Srv,
            "1 2 3 sip.example.org.",
            r#""data":"2 3 sip.example.org","ttl":300,"prio":1}"#,
        ),
        (RecordType::Mx, "ten mail", r#""data":"ten mail","ttl":300,"prio":0}"#),
        (RecordType::A, "192.0.2.1", r#""data":"192.0.2.1","ttl":300,"prio":0}"#),
    ];
    for (rtype, value, rest) in table {
        let text = |body: Body| serde_json::to_string(&body).expect("JSON");
        let new = text(RECORD.body(&FORM, &zone(), &set(rtype, value)));
        assert_eq!(new, format!(r#"{{"type":"{rtype}","name":"a",{rest}"#));
        let changed = text(RECORD.changed(&FORM, &zone(), &set(rtype, value)));
        assert_eq!(changed, format!(r#"{{"name":"a",{rest}"#));
    }
}

#[test]
fn zones_have_labels_in_front_and_a_second_id_and_may_be_served_elsewhere() {
    let layout = ZoneLayout {
        labels: "sub",
        other_id: "number",
        served: Some(("/at/place", "here")),
        follows: Some(("/kind", &["Secondary", "Consumer"])),
        ..ZoneLayout::of("name", "name")
    };
    let mut here =
        json!({ "name": "example.org", "sub": "a", "number": 7, "at": { "place": "here" } });
    let problem = layout.zone(&here).expect_err("a zone that may be a secondary");
    assert_eq!(problem, r#"an item has no "/kind""#);
    here["kind"] = "Native".into();
    let zone = layout.zone(&here).expect("whole").expect("served");
    assert_eq!((&*zone.id, zone.name.as_str()), ("a.example.org", "a.example.org"));
    assert_eq!(ZoneLayout::other_id(&zone), "7");
    assert_eq!(zone.read_only, None);
    let mut other = here.clone();
    other["kind"] = "CONSUMER".into();
    let zone = layout.zone(&other).expect("whole").expect("served");
    assert!(zone.read_only.expect("not written").contains("whose primary is elsewhere"));
    assert!(layout.zone(&json!({ "name": "example.org" })).expect("whole").is_none());
    let nameless = json!({ "at": { "place": "here" }, "kind": "Native" });
    let problem = layout.zone(&nameless).expect_err("no name");
    assert_eq!(problem, r#"an item has no "name""#);
    let plain = ZoneLayout::of("", "").zone(&json!("example.org")).expect("whole");
    assert_eq!(plain.expect("served").name.as_str(), "example.org");
}

#[test]
fn values_are_objects_and_may_be_switched_off() {
    const SET: Layout = Layout {
        rdata: |rtype| match rtype {
            RecordType::Mx => Members(&["preference", "exchange"]),
            _ => Members(&["text"]),
        },
        ..Layout::of(&[("name", Holds::Name), ("type", Holds::Type), ("rdata", Holds::Rdata)])
    };
    const SETS: Layout =
        Layout::of(&[("name", Holds::Name), ("type", Holds::Type), ("records", Holds::Contents)]);
    let can = FORM.capabilities("example");
    let mx = json!({ "name": "a", "type": "MX", "rdata": { "preference": 10, "exchange": "b.example.org" } });
    let text = json!({ "name": "a", "type": "TXT", "rdata": { "text": "b c" } });
    let content = |value: &str, disabled| json!({ "content": value, "disabled": disabled });
    let set = |records: Value| json!({ "name": "a", "type": "A", "records": records });
    let all = set(json!([content("192.0.2.1", false), content("192.0.2.2", false)]));
    for (layout, item) in [(SET, mx), (SET, text), (SETS, all)] {
        let read = layout.record(&can, &zone(), &item).expect("whole").expect("managed");
        let sent = serde_json::to_value(layout.body(&FORM, &zone(), &read.set)).expect("JSON");
        assert_eq!(sent, item);
    }
    let off = content("192.0.2.1", true);
    let read = |layout: Layout, item: &Value| {
        let record = layout.record(&can, &zone(), item).expect("whole");
        record.map(|it| it.set.targets.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let half = set(json!([off, { "content": "192.0.2.2" }]));
    assert_eq!(read(SETS, &half), Some(vec!["192.0.2.2".to_owned()]));
    assert_eq!(read(SETS, &set(json!([off]))), None);
    assert_eq!(read(SET, &json!({ "name": "a", "type": "MX", "rdata": {} })), None);
    let lacks = SETS.record(&can, &zone(), &json!({ "name": "a", "type": "A" }));
    assert_eq!(lacks.expect_err("no list"), r#"an item has no "records""#);
}

/// What is missing is not taken for an empty list.
#[tokio::test]
async fn a_list_with_an_item_that_lacks_something_is_an_error() {
    let server = ScriptedServer::start(|_| Reply::json(200, &json!([{ "id": 1, "type": "A" }])));
    let (rest, via) = client(&server, Auth::none());
    let account =
        Account { rest, capabilities: FORM.capabilities("example"), zones: ZoneFilter::default() };
    let first = account.rest.get(&["records"]);
    let listing = Listing::at("");
    let page = account.list_records(&via, &zone(), first, &listing, &RECORD).await;
    let error = page.expect_err("no name");
    assert_eq!(error.kind, ErrorKind::Transient);
    assert_eq!(
        error.message,
        r#"Example: the answer is not what the API promises: GET /api/records: an item has no "name""#
    );
}

#[test]
fn what_is_not_written_can_be_read_and_is_never_a_failure() {
    const RECORD: Layout =
        Layout::of(&[("name", Holds::Name), ("type", Holds::Type), ("content", Holds::Value)]);
    const ALL: Layout = Layout { reads_all: true, ..RECORD };
    let can = Capabilities { record_types: &[RecordType::A], ..FORM.capabilities("example") };
    for (rtype, content) in [("MX", json!("10 b.example.org")), ("CAA", Value::Null)] {
        let item = json!({ "name": "a", "type": rtype, "content": content });
        assert!(RECORD.record(&can, &zone(), &item).expect("whole").is_none(), "{rtype}");
        let seen = ALL.record(&can, &zone(), &item).expect("whole").expect("seen");
        assert_eq!((seen.set.rtype.to_string().as_str(), seen.set.targets.len()), (rtype, 1));
    }
    let item = json!({ "name": "a", "type": "A" });
    assert!(ALL.record(&can, &zone(), &item).is_err(), "what is written must have a value");
}

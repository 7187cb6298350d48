//! A reported run is undone: the zone is as it was, record for record.

use std::sync::Arc;

use extdns_model::{Name, RecordSet, RecordType, Ttl};
use extdns_providers::conformance::{RecordServer, RrsetServer};
use extdns_providers::engine::{batched, stepped};
use extdns_providers::{Provider, Transport, ZoneReader as _};
use extdns_sync::ExitCode;
use extdns_sync::report::{Document, Report, render_json};

use crate::support::{run, run_with};

const ZONES: [&str; 2] = ["example.org", "org"];

/// A service of type load balancer: its host, and the address or the name that it has.
fn service(host: &str, at: &str) -> String {
    let name = host.replace('.', "-");
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: test\n  name: {name}\n  \
         annotations: {{ external-dns.kubernetes.io/hostname: {host} }}\n\
         spec: {{ type: LoadBalancer }}\nstatus: {{ loadBalancer: {{ ingress: [ {{ {at} }} ] }} }}\n"
    )
}

fn services(list: &[(&str, &str)]) -> String {
    list.iter().map(|(host, at)| service(host, at)).collect()
}

/// Names that no run changes, so that few changes are few.
fn unchanged() -> String {
    (0..12).map(|n| service(&format!("s{n}.example.org"), "ip: 192.0.2.7")).collect()
}

fn before() -> String {
    unchanged()
        + &services(&[
            ("gone.example.org", "ip: 192.0.2.1"),
            ("moved.example.org", "ip: 192.0.2.1"),
            ("turned.example.org", "hostname: lb.example.net"),
            ("example.org", "ip: 192.0.2.1"),
        ])
}

fn after() -> String {
    unchanged()
        + &services(&[
            ("new.example.org", "ip: 192.0.2.2"),
            ("moved.example.org", "ip: 192.0.2.2"),
            ("turned.example.org", "ip: 192.0.2.3"),
            ("example.org", "ip: 192.0.2.9"),
        ])
}

/// Both fakes: one of whole record sets, one of single records.
enum Server {
    Sets(RrsetServer),
    Records(RecordServer),
}

impl Server {
    fn both() -> [Self; 2] {
        [Self::Sets(RrsetServer::new(&ZONES)), Self::Records(RecordServer::new(&ZONES))]
    }

    fn provider(&self) -> Arc<dyn Provider> {
        match self {
            Self::Sets(server) => {
                let api = server.api();
                let via = Transport::new(api.capabilities());
                Arc::new(batched(api, via))
            }
            Self::Records(server) => {
                let api = server.api();
                let via = Transport::new(api.capabilities());
                Arc::new(stepped(api, via))
            }
        }
    }

    fn put(&self, set: RecordSet) {
        match self {
            Self::Sets(server) => server.put("example.org", set),
            Self::Records(server) => server.put("example.org", &set),
        }
    }

    /// The records of all zones as text, sorted.
    fn contents(&self) -> Vec<String> {
        let sets = match self {
            Self::Sets(server) => server.contents(),
            Self::Records(server) => server.contents(),
        };
        let mut lines: Vec<String> = sets.iter().map(ToString::to_string).collect();
        lines.sort();
        lines
    }

    async fn applied(&self, objects: &str) -> Document {
        document(&run(objects, self.provider(), &[]).await.expect("run"))
    }

    async fn undo(&self, report: &Document, flags: &[&str]) -> Report {
        run_with("", self.provider(), flags, |request| request.revert = Some(report.clone())).await
    }
}

/// A report as it is read from the file that another process wrote.
fn document(report: &Report) -> Document {
    Document::read(render_json(report).as_bytes()).expect("a report")
}

fn notices(report: &Report) -> Vec<String> {
    report.notices.iter().map(|notice| format!("{}: {}", notice.subject, notice.message)).collect()
}

const REDONE: &str = "revert: the next sync does these changes again while the cluster still wants \
                      them; change the objects too, or suspend the sync";

#[tokio::test]
async fn a_run_is_undone_record_for_record() {
    for server in Server::both() {
        server.applied(&before()).await;
        let goal = server.contents();
        let changed = server.applied(&after()).await;
        assert_eq!(changed.totals.create + changed.totals.update + changed.totals.delete, 6);
        let left = server.contents();
        assert_ne!(left, goal);

        let planned = server.undo(&changed, &["--dry-run"]).await;
        assert_eq!((planned.exit_code(), planned.changes().count()), (ExitCode::Success, 6));
        assert_eq!(server.contents(), left, "a plan changes nothing");

        let undone = server.undo(&changed, &[]).await;
        assert_eq!(undone.exit_code(), ExitCode::Success, "{undone:#?}");
        assert_eq!(server.contents(), goal);
        assert_eq!(notices(&undone), [REDONE]);
        // What is undone needs no undoing, and undoing can be undone.
        assert_eq!(server.undo(&changed, &[]).await.changes().count(), 0);
        server.undo(&document(&undone), &[]).await;
        assert_eq!(server.contents(), left);
    }
}

#[tokio::test]
async fn what_changed_since_is_kept_as_it_is() {
    for server in Server::both() {
        server.applied(&before()).await;
        let changed = server.applied(&after()).await;
        let since = after().replace("192.0.2.3", "192.0.2.33");
        server.applied(&since).await;
        let undone = server.undo(&changed, &[]).await;
        let contents = server.contents().join("\n");
        assert!(contents.contains("192.0.2.33"), "{contents}");
        assert!(contents.contains(" IN A  192.0.2.1 "), "{contents}");
        let kept = "turned.example.org: not undone: the name is not any more as the run left it";
        assert_eq!(notices(&undone), [REDONE, kept]);
    }
}

#[tokio::test]
async fn records_of_others_stay_theirs() {
    for server in Server::both() {
        server.applied(&before()).await;
        let changed = server.applied(&after()).await;
        let taken = ["198.51.100.1"].into_iter().collect();
        let name = Name::as_listed("gone.example.org");
        server.put(RecordSet::new(name, RecordType::A, Ttl::UNSET, taken));
        let undone = server.undo(&changed, &[]).await;
        let held: Vec<_> = undone
            .changes()
            .filter(|change| change.result.severity() == extdns_sync::report::Severity::Held)
            .collect();
        assert_eq!(held.len(), 1, "{undone:#?}");
        assert!(server.contents().join("\n").contains(" IN A  198.51.100.1 "));
    }
}

#[tokio::test]
async fn undoing_too_much_at_once_is_stopped_by_the_guard() {
    let server = Server::Sets(RrsetServer::new(&ZONES));
    let made = server.applied(&unchanged()).await;
    let full = server.contents();
    let stopped = server.undo(&made, &[]).await;
    assert_eq!(stopped.exit_code(), ExitCode::Guarded);
    assert_eq!(server.contents(), full);
    let exceeded = &stopped.targets[0].exceeded_limits[0].exceeded;
    assert_eq!(exceeded.allow.to_string(), "--allow-deletes=inmemory:12");
    assert!(notices(&stopped).contains(&REDONE.to_owned()));

    let undone = server.undo(&made, &["--allow-deletes=inmemory:12"]).await;
    assert_eq!(undone.exit_code(), ExitCode::Success, "{undone:#?}");
    assert_eq!(server.contents(), [""; 0]);
}

#[tokio::test]
async fn a_plan_that_was_not_applied_has_nothing_to_undo() {
    let server = Server::Sets(RrsetServer::new(&ZONES));
    server.applied(&before()).await;
    let planned = run(&after(), server.provider(), &["--dry-run"]).await.expect("plan");
    let undone = server.undo(&document(&planned), &[]).await;
    assert_eq!(undone.changes().count(), 0);
    let nothing = "the report: it has no change that was made, so there is nothing to undo";
    assert_eq!(notices(&undone), [nothing]);
}

/// A service by another name with the host and address of one that the run made or changed.
fn renamed(objects: &str, host: &str) -> String {
    let name = format!("  name: {}\n", host.replace('.', "-"));
    assert!(objects.contains(&name), "{host}");
    objects.replace(&name, "  name: another\n")
}

/// What the run made or changed is another object's by now: it is neither deleted nor put back.
#[tokio::test]
async fn what_another_object_holds_by_now_is_neither_deleted_nor_updated() {
    for host in ["new.example.org", "moved.example.org"] {
        for server in Server::both() {
            server.applied(&before()).await;
            let changed = server.applied(&after()).await;
            // The object goes, and another one wants the same.
            let without = after().replace(&service(host, "ip: 192.0.2.2"), "");
            server.applied(&without).await;
            server.applied(&renamed(&after(), host)).await;
            let line = |contents: Vec<String>| {
                contents.into_iter().find(|line| line.starts_with(host)).expect("a record")
            };
            let kept = line(server.contents());
            let undone = server.undo(&changed, &[]).await;
            assert_eq!(line(server.contents()), kept);
            let expected = format!(
                "{host}: not undone: service/test/another holds the name now, and the report \
                 names another object"
            );
            assert!(notices(&undone).contains(&expected), "{:?}", notices(&undone));
        }
    }
}

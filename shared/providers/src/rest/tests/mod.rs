mod answers;
mod credentials;
mod layout;
mod lists;

use extdns_auth::HttpOptions;
use extdns_testkit::http::{Reply, Request as Seen, ScriptedServer};
use serde_json::{Value, json};

use super::*;
use crate::Capabilities;

const SERVICE: Service = Service {
    texts: &["/error/code", "/error/text"],
    meanings: &[
        Meaning { status: 400, text: "exists", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 0, text: "slow down", kind: ErrorKind::Throttled { retry_after: None } },
    ],
    rights: "ask for the role dns",
    most_of_answer: 4096,
    ..Service::new("Example", "https://api.example.com")
};

/// A client of this server, whose calls are made once.
fn client(server: &ScriptedServer, auth: Auth) -> (Rest, Transport) {
    let base = format!("{}/api/", server.url());
    let rest = Rest::new(&SERVICE, Some(&base), auth, &HttpOptions::default()).expect("a client");
    let capabilities = Capabilities {
        attempts: 1,
        mutating_operations: &["write"],
        ..Capabilities::new("example")
    };
    let via = rest.transport(&capabilities);
    (rest, via)
}

/// The one answer of a server to a read.
async fn read(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Result<Answer, ProviderError> {
    let server = ScriptedServer::start(move |_| reply());
    let (rest, via) = client(&server, Auth::none());
    rest.send(&via, "read", &rest.get(&["things"])).await
}

#[test]
fn the_server_is_told_without_what_only_programs_need() {
    let rest = |base: Option<&str>| {
        Rest::new(&SERVICE, base, Auth::none(), &HttpOptions::default()).expect("a client")
    };
    assert_eq!(rest(None).server(), "api.example.com");
    let own = rest(Some("https://user:pa55word@dns.example.net:8443/path"));
    let both = own.or_at(&["https://second.example.net"]).expect("a URL");
    assert_eq!(both.server(), "dns.example.net:8443, second.example.net");
    let via = both.transport(&Capabilities::new("example"));
    assert_eq!(via.server(), Some("dns.example.net:8443, second.example.net"));
}

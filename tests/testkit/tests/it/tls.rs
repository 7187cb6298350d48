//! The scripted server behind TLS: it shows its certificate, and misbehaves there too.

use extdns_testkit::http::{Identity, Listen, Reply, ScriptedServer};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use kube::config::Config;
use rcgen::{CertificateParams, KeyPair};

fn self_signed() -> (Identity, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let identity = Identity { certificate: certificate.pem(), key: key.serialize_pem() };
    (identity, certificate.der().to_vec())
}

fn client(server: &ScriptedServer, root: Option<Vec<u8>>) -> Client {
    let mut config = Config::new(server.url().parse().unwrap());
    config.root_cert = root.map(|root| vec![root]);
    Client::try_from(config).unwrap()
}

fn get(path: &str) -> http::Request<Body> {
    http::Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn answers_whole_or_cut_to_those_who_trust_it() {
    let (identity, root) = self_signed();
    let listen = Listen { port: 0, tls: Some(identity) };
    let server = ScriptedServer::listen(&listen, |request| {
        let reply = Reply::new(200).body("0123456789");
        if request.path == "/cut" { reply.cut_at(4) } else { reply }
    })
    .unwrap();
    assert!(server.url().starts_with("https://127.0.0.1:"));

    let trusting = client(&server, Some(root));
    let whole = trusting.send(get("/whole")).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(whole.to_bytes(), "0123456789");

    let mut cut = trusting.send(get("/cut")).await.unwrap();
    assert_eq!(cut.headers()["content-length"], "10");
    let first = cut.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "0123");
    assert!(cut.body_mut().frame().await.unwrap().is_err(), "an end before the announced one");

    assert!(client(&server, None).send(get("/")).await.is_err(), "a stranger's certificate");
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let first = ScriptedServer::start(|_| Reply::new(200));
    let listen = Listen { port: first.address().port(), tls: None };
    let error = ScriptedServer::listen(&listen, |_| Reply::new(200)).err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

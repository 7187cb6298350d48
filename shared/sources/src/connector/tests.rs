use extdns_clusters::{Access, ApiOptions, Cluster, Environment};
use extdns_model::ClusterId;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::Connector;
use crate::context::{Context, Run};
use crate::sink::Sink;
use crate::source::Source as _;

/// The definitions that a Go 1.27 encoder sends in front of a list of endpoints.
const PREAMBLE: [&str; 6] = [
    "0dff89020102ff8a0001ff800000",
    "757f030102ff800001070107444e534e616d65010c0001075461726765747301ff8200010a5265636f726454797065010c00010d5365744964656e746966696572010c0001095265636f726454544c01040001064c6162656c7301ff8400011050726f7669646572537065636966696301ff88000000",
    "15ff81020101075461726765747301ff8200010c0000",
    "16ff83040101064c6162656c7301ff8400010c010c0000",
    "1fff870201011050726f7669646572537065636966696301ff880001ff860000",
    "39ff850301011850726f7669646572537065636966696350726f706572747901ff8600010201044e616d65010c00010556616c7565010c000000",
];
const VALUE: &str = "66ff8a0002010d612e6578616d706c652e6f7267010107312e322e332e3401014102fe016800010d622e6578616d706c652e6f726701010d612e6578616d706c652e6f72670105434e414d45010273310201016b017601010105616c6961730104747275650000";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn stream(value: &str) -> Vec<u8> {
    PREAMBLE.iter().copied().chain([value]).flat_map(bytes).collect()
}

/// What the source makes of a server that sends these bytes and closes the connection.
async fn gathered(bytes: Vec<u8>) -> Result<usize, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let serve = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&bytes).await.unwrap();
    };
    let read = async { of_server(server).await };
    let ((), found) = tokio::join!(serve, read);
    found
}

async fn of_server(server: String) -> Result<usize, String> {
    let cluster = Cluster {
        id: ClusterId(0),
        name: "test".into(),
        access: Access::Manifests(Vec::new()),
        api: ApiOptions::default(),
    };
    let view = cluster.connect(&Environment::default(), std::io::empty()).await.unwrap();
    let mut sink = Sink::default();
    let source = Connector { connector_source_server: server };
    let context = Context::of_flags(&[]);
    let outcome = source.gather(Run { context: &context, view: &view }, &mut sink).await;
    outcome.map_err(|error| error.to_string())?;
    Ok(sink.endpoints.len())
}

#[tokio::test]
async fn k3_no_server_and_a_list_that_breaks_off() {
    let whole = stream(VALUE);
    for length in 0..whole.len() {
        let error = gathered(whole[..length].to_vec()).await.unwrap_err();
        assert!(error.contains("closed before the whole list"), "{length}: {error}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = of_server(server).await.unwrap_err();
    assert!(error.starts_with("connect to 127.0.0.1"), "{error}");
}

#[tokio::test]
async fn what_is_no_gob_is_an_error() {
    for hex in [
        "00",
        "0100",
        "02ff8a",
        "03ff8a00",
        "05ff8a00ff00",
        "ff",
        "f7ffffffffffffffffff",
        "0301010203",
    ] {
        assert!(gathered(bytes(hex)).await.is_err(), "{hex}");
    }
}

/// Its clock stands still but for what everybody waits for.
#[tokio::test(start_paused = true)]
async fn defect_13_a_server_that_sends_nothing_is_given_up_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = of_server(listener.local_addr().unwrap().to_string()).await.unwrap_err();
    assert!(error.ends_with("the list had not come in full after 30 s"), "{error}");
}

use extdns_clusters::{Access, ApiOptions, Cluster, Environment};
use extdns_model::ClusterId;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::Connector;
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
/// The same with an empty map of labels in the first element.
const VALUE_WITH_EMPTY_LABELS: &str = "68ff8a0002010d612e6578616d706c652e6f7267010107312e322e332e3401014102fe0168010000010d622e6578616d706c652e6f726701010d612e6578616d706c652e6f72670105434e414d45010273310201016b017601010105616c6961730104747275650000";
const EMPTY: &str = "04ff8a0000";
fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn stream(value: &str) -> Vec<u8> {
    PREAMBLE.iter().copied().chain([value]).flat_map(bytes).collect()
}

/// What the source makes of a server that sends these bytes and closes the connection.
async fn gathered(bytes: Vec<u8>) -> Result<Vec<String>, String> {
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

async fn of_server(server: String) -> Result<Vec<String>, String> {
    let cluster = Cluster {
        id: ClusterId(0),
        name: "test".into(),
        access: Access::Manifests(Vec::new()),
        api: ApiOptions::default(),
    };
    let view = cluster.connect(&Environment::default(), std::io::empty()).await.unwrap();
    let mut sink = Sink::default();
    let outcome = Connector { server }.gather(&view, &mut sink).await;
    outcome.map_err(|error| error.to_string())?;
    let shown = |endpoint: &extdns_model::Endpoint| {
        let labels = endpoint.all_labels();
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let set = &endpoint.set;
        let own: Vec<_> =
            set.properties().iter().map(|p| format!("{}={}", p.name, p.value)).collect();
        let targets = set.targets.as_slice().join(",");
        let ttl = set.ttl.seconds().unwrap_or_default();
        let id = set.set_identifier();
        format!(
            "{} {} {targets} {ttl} {id} {} {}",
            set.name,
            set.rtype,
            labels.join(","),
            own.join(",")
        )
    };
    Ok(sink.endpoints.iter().map(shown).collect())
}

#[tokio::test]
async fn k1_a_list_of_two() {
    let expected =
        ["a.example.org A 1.2.3.4 180   ", "b.example.org CNAME a.example.org 0 s1 k=v alias=true"];
    for value in [VALUE, VALUE_WITH_EMPTY_LABELS] {
        assert_eq!(gathered(stream(value)).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn k2_an_empty_list() {
    assert_eq!(gathered(stream(EMPTY)).await, Ok(Vec::new()));
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
async fn k4_endpoints_of_one_record_set_are_merged() {
    // name "a", one target of seven bytes, type "A".
    let element = |target: &str| format!("01016101010 7{target}01014100").replace(' ', "");
    let [one, two] = ["312e312e312e31", "312e312e312e32"].map(element);
    let body = format!("ff8a0002{one}{two}");
    let message = format!("{:02x}{body}", body.len() / 2);
    assert_eq!(gathered(stream(&message)).await.unwrap(), ["a A 1.1.1.1,1.1.1.2 0   "]);
}

#[tokio::test]
async fn k5_other_fields_are_skipped_and_may_be_missing() {
    // A struct of the fields RecordType, Extra (a float) and DNSName, in that order; a list of it has the id 66.
    let list = "0cff83020102ff840001ff820000".replace("0cff", "0dff");
    let field = |name: &str, id: &str| {
        let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("01{:02x}{hex}01{id}00", name.len())
    };
    let fields = [field("RecordType", "0c"), field("Extra", "08"), field("DNSName", "0c")].concat();
    let body = format!("ff81030102ff82000103{fields}0000");
    let definition = format!("{:02x}{body}", body.len() / 2);
    let body = "ff84000101014101fef83f01016100";
    let value = format!("{:02x}{body}", body.len() / 2);
    let bytes: Vec<u8> = [list.as_str(), &definition, &value].into_iter().flat_map(bytes).collect();
    assert_eq!(gathered(bytes).await.unwrap(), ["a A  0   "]);
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

//! What many desired endpoints and a large zone cost, in bytes alive at a time on the client's
//! side. The server is a plain thread, which does not count.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use extdns_model::{Action, Endpoint, Outcome, Permit, RecordType, Role, Routing, ZoneIndex};
use extdns_providers::{Deadline, Provider as _, Reader as _};

use crate::webhook::support::{desired_endpoint, group, planned, set, webhook};

const ENDPOINTS: usize = 40_000;
/// What the buffers of a connection take, for any request.
const BUFFERS: u64 = 3 << 19;

/// Adjusts nothing, takes every change, and has as many records.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line)?;
        let request = line.clone();
        while !line.trim().is_empty() {
            line.clear();
            reader.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (method, path) = request.split_once(' ').unwrap_or_default();
        let body = match (method, path.split(' ').next()) {
            ("POST", Some("/records")) => {
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
                continue;
            }
            (_, Some("/records")) => records().into_bytes(),
            (_, Some("/adjustendpoints")) => body,
            (_, Some("/")) => b"{}".to_vec(),
            _ => return Ok(()),
        };
        let media_type = extdns_testkit::webhook_sim::MEDIA_TYPE;
        let length = body.len();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\n")?;
        write!(stream, "content-length: {length}\r\n\r\n")?;
        stream.write_all(&body)?;
    }
}

fn records() -> String {
    let record = |n| {
        format!(
            "{{\"dnsName\":\"host-{n:05}.example.org\",\"recordType\":\"A\",\"recordTTL\":300,\
             \"targets\":[\"192.0.2.1\"],\"labels\":null}}"
        )
    };
    let all: Vec<_> = (0..ENDPOINTS).map(record).collect();
    format!("[{}]", all.join(","))
}

fn desired_endpoints() -> Vec<Endpoint> {
    (0..ENDPOINTS).map(|n| desired_endpoint(&format!("host-{n:05}.example.org"), 7)).collect()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

#[test]
fn a_large_list_of_endpoints_is_never_in_memory_twice() {
    let provider = webhook(format!("http://{}", echo()));
    let size = allocation_counter::measure(|| drop(desired_endpoints())).bytes_max;
    let desired = desired_endpoints();
    let mut count = 0;
    let cost = allocation_counter::measure(|| {
        let adjusted = block_on(provider.adjust(desired, &ZoneIndex::default())).expect("adjusted");
        assert!(adjusted.notes.is_empty());
        count = adjusted.endpoints.len();
    });
    assert_eq!(count, ENDPOINTS);
    assert!(size > 4 * BUFFERS, "{size} bytes are no large list");
    assert!(cost.bytes_max < BUFFERS, "{} bytes beside a list of {size}", cost.bytes_max);
}

#[test]
fn large_changes_are_never_there_as_text() {
    const GROUPS: u32 = 10_000;
    let value = "x".repeat(1000);
    let create = |id| {
        let set = set(&format!("h{id}.example.org"), RecordType::Txt, &[&value]);
        group(id, vec![(Role::Record, Action::Create(planned(set, &[])))])
    };
    let groups: Vec<_> = (0..GROUPS).map(create).collect();
    let provider = webhook(format!("http://{}", echo()));
    let index = ZoneIndex::new(Vec::new(), Routing::Longest);
    let cost = allocation_counter::measure(|| {
        let writer = provider.writer(&Permit::grant(), &index).expect("a writer");
        let outcomes = block_on(writer.apply(&groups, Deadline::none()));
        assert!(outcomes.iter().all(|own| *own == Outcome::Applied));
    });
    // Some pointers and an outcome for each group.
    let most = BUFFERS + 200 * u64::from(GROUPS);
    assert!(most < 500 * u64::from(GROUPS), "the text of a group has 1,000 bytes");
    assert!(cost.bytes_max < most, "{} bytes for {GROUPS} groups", cost.bytes_max);
}

#[test]
fn a_large_zone_is_never_there_as_text() {
    let provider = webhook(format!("http://{}", echo()));
    let text = u64::try_from(records().len()).expect("small");
    let mut kept = 0;
    let cost = allocation_counter::measure(|| {
        let inventory = block_on(provider.read()).expect("readable");
        kept = inventory.records().count();
    });
    assert_eq!(kept, ENDPOINTS);
    let record = u64::try_from(size_of::<extdns_model::Record>()).expect("small");
    // Each record with its name, in a list that has just doubled.
    let most = BUFFERS + (3 * record + 48) * u64::try_from(ENDPOINTS).expect("small");
    assert!(cost.bytes_max < most, "{} bytes for {text} bytes of text", cost.bytes_max);
}

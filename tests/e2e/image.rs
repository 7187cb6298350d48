//! The static program without anything of the machine that built it, and the image that holds it. `make image` builds
//! the program and runs these tests, as root.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use extdns_testkit::http::{Identity, Listen, Reply, ScriptedServer};
use extdns_testkit::kube_sim::KubeSim;
use extdns_testkit::process::{set_up, skip};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Run, run};

/// The name of all servers here: their certificates have it, and only the name server of the test knows it.
const NAME: &str = "server.example.test";

/// What `make static` wrote.
fn built() -> PathBuf {
    PathBuf::from(std::env::var_os("EXTDNS_STATIC").expect("run this with `make image`"))
}

/// A folder with the program, and one file that says where names are resolved, as a container has it too. Its clients run
/// as a user without rights.
struct Empty(TempDir);

impl Empty {
    fn new() -> Self {
        let dir = TempDir::new().expect("a folder");
        let own = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.path(), own).expect("a folder that all may enter");
        std::fs::copy(built().join("external-dns"), dir.path().join("external-dns"))
            .expect("a program");
        std::fs::create_dir(dir.path().join("etc")).expect("a folder");
        let empty = Self(dir);
        empty.write("etc/resolv.conf", &format!("nameserver {}\n", name_server()));
        empty
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.path().join(name), content).expect("a file");
    }

    fn command(&self) -> Command {
        let mut command = Command::new("/usr/sbin/chroot");
        command.args(["--userspec=65532:65532"]).arg(self.0.path()).arg("/external-dns");
        command.env_clear().stdin(Stdio::null());
        command
    }
}

/// A name server that knows [`NAME`] alone, and is there until the process ends. Its address is one of this machine's
/// own network that no other test takes; the port cannot be chosen in `resolv.conf`.
fn name_server() -> String {
    let number = std::process::id();
    let sockets =
        (1..255).map(|host| format!("127.{}.{}.{host}", 1 + number % 250, number / 250 % 250));
    let (address, socket) = sockets
        .filter_map(|address| {
            UdpSocket::bind((address.as_str(), 53)).ok().map(|own| (address, own))
        })
        .next()
        .expect("a free address, as root");
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&answer(&buffer[..length]), from);
        }
    });
    address
}

/// RFC 1035, 4.1: the question again, and the address of this machine where it is asked for.
fn answer(query: &[u8]) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    let known = labels.join(".") == NAME;
    let wants_address = query[at + 1..at + 3] == [0, 1];
    let mut reply = query[..2].to_vec();
    reply.extend([0x81, if known { 0x80 } else { 0x83 }, 0, 1]);
    reply.extend([0, u8::from(known && wants_address), 0, 0, 0, 0]);
    reply.extend(&query[12..at + 5]);
    if known && wants_address {
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    reply
}

/// A server with a certificate of an authority that nobody knows, which has nothing of what it is asked for.
fn private_server() -> (ScriptedServer, String) {
    let (identity, authority) = Identity::of_localhost();
    let listen = Listen { port: 0, tls: Some(identity) };
    let server = ScriptedServer::listen(&listen, |_| Reply::json(404, &json!({})));
    (server.expect("a free port"), authority)
}

/// The clients of the program, each with a TLS of its own: those of clusters, of plain APIs and of AWS.
fn clients(url: &str) -> [(&'static str, Vec<String>); 3] {
    let usual = ["--once", "--dry-run", "--policy=sync", "--txt-owner-id=x", "--source=service"];
    let with = |more: &[&str]| {
        usual.iter().chain(more).map(|word| (*word).to_owned()).collect::<Vec<String>>()
    };
    [
        ("clusters", with(&["--provider=inmemory", &format!("--server={url}")])),
        (
            "plain APIs",
            with(&[
                "--provider=webhook",
                &format!("--webhook-provider-url={url}"),
                "--manifests=objects.yaml",
            ]),
        ),
        ("AWS", with(&["--provider=aws", "--manifests=objects.yaml", "--aws-api-retries=1"])),
    ]
}

const SERVICE: &str = r#"{
    "apiVersion": "v1", "kind": "Service",
    "metadata": { "namespace": "shop", "name": "web",
        "annotations": { "external-dns.kubernetes.io/hostname": "www.example.org" } },
    "spec": { "type": "LoadBalancer" },
    "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } }
}"#;

fn run_client(empty: &Empty, words: &[String], url: &str, variables: &[(&str, String)]) -> Run {
    empty.write("objects.yaml", SERVICE);
    let mut command = empty.command();
    command.args(words).current_dir("/").envs(variables.iter().cloned());
    command.env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "us-east-1");
    run(command.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "secret"))
}

#[test]
#[ignore = "make image runs it: it needs the static program, and root"]
fn names_are_resolved_and_authorities_are_trusted_without_any_file_of_a_machine() {
    let (server, authority) = private_server();
    let url = format!("https://{NAME}:{}", server.address().port());
    let empty = Empty::new();
    empty.write("private.pem", &authority);
    std::fs::create_dir(empty.0.path().join("private")).expect("a folder");
    empty.write("private/0.pem", &authority);
    let file = ("SSL_CERT_FILE", "/private.pem".to_owned());
    let folder = ("SSL_CERT_DIR", "/private".to_owned());
    let trusted = [vec![file.clone()], vec![folder.clone()], vec![file, folder]];
    for (client, words) in clients(&url) {
        // There are authorities, or the reason would be another, and none of them signed this.
        let strict = run_client(&empty, &words, &url, &[]);
        assert!(strict.log.contains("UnknownIssuer"), "{client}: {strict:?}");
        for variables in &trusted {
            let before = server.requests().len();
            let asked = run_client(&empty, &words, &url, variables);
            assert!(server.requests().len() > before, "{client}, {variables:?}: {asked:?}");
        }
    }
}

/// A proxy for TLS: the targets that it was asked for. It reaches this machine alone.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&asked);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let own = Arc::clone(&own);
            std::thread::spawn(move || tunnel(client, &own));
        }
    });
    (url, asked)
}

fn tunnel(mut client: TcpStream, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let port = target.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
    asked.lock().expect("no test panics in it").push(target);
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut up, mut back) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut reader, &mut up));
    std::io::copy(&mut server, &mut back)?;
    Ok(())
}

#[test]
#[ignore = "make image runs it: it needs the static program, and root"]
fn calls_go_through_the_proxy_but_for_what_it_must_not_see() {
    let (server, authority) = private_server();
    let port = server.address().port();
    // Nobody but the proxy could find this one.
    let url = format!("https://{NAME}:{port}");
    let empty = Empty::new();
    empty.write("private.pem", &authority);
    let (proxy, asked) = proxy();
    let variables = [("SSL_CERT_FILE", "/private.pem".to_owned()), ("HTTPS_PROXY", proxy)];
    for (client, words) in clients(&url) {
        let before = server.requests().len();
        let through = run_client(&empty, &words, &url, &variables);
        assert!(server.requests().len() > before, "{client}: {through:?}");
        let mut targets = asked.lock().expect("no test panics in it");
        assert_eq!(targets.pop(), Some(format!("{NAME}:{port}")), "{client}: {through:?}");
        targets.clear();
        drop(targets);
        let around = ("NO_PROXY", "example.test".to_owned());
        let run = run_client(&empty, &words, &url, &[variables.to_vec(), vec![around]].concat());
        assert_eq!(*asked.lock().expect("no test panics in it"), [""; 0], "{client}: {run:?}");
    }
}

#[test]
#[ignore = "make image runs it: it needs the static program, and root"]
fn a_run_plans_what_a_cluster_wants() {
    let service = serde_json::from_str(SERVICE).expect("JSON");
    let sim = KubeSim::builder().object(service).tls().start();
    let empty = Empty::new();
    empty.write("private.pem", &sim.ca().expect("TLS"));
    let url = sim.url().replace("127.0.0.1", NAME);
    let words = &mut clients(&url)[0].1;
    words.push("--inmemory-zone=example.org".to_owned());
    let file = ("SSL_CERT_FILE", "/private.pem".to_owned());
    let planned = run_client(&empty, words, &url, &[file]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.out.contains("+ A www.example.org"), "{planned:?}");
}

/// It is a default build, which binds no C library of Kerberos.
#[test]
#[ignore = "make image runs it: it needs the static program, and root"]
fn the_program_says_which_build_signs_with_kerberos() {
    let empty = Empty::new();
    let mut command = empty.command();
    command.args([
        "--once",
        "--source=fake",
        "--provider=rfc2136",
        "--rfc2136-host=ns1.example.org",
    ]);
    command.args(["--rfc2136-gss-tsig", "--rfc2136-kerberos-username=u"]);
    command.args(["--rfc2136-kerberos-password=p", "--rfc2136-kerberos-realm=R"]);
    let refused = run(&mut command);
    let said = format!("{}{}", refused.out, refused.log);
    assert!(refused.code != 0 && said.contains("the feature gss-tsig"), "{refused:?}");
}

/// Runs buildah with a store of its own.
fn buildah(store: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("buildah");
    command.arg("--storage-driver=vfs");
    command.arg(format!("--root={}", store.join("store").display()));
    command.arg(format!("--runroot={}", store.join("run").display()));
    let run = run(command.args(arguments).stdin(Stdio::null()));
    assert_eq!(run.code, 0, "buildah {arguments:?}: {}", run.log);
    run.out.trim().to_owned()
}

#[tokio::test]
#[ignore = "make image runs it: it needs the static program, and root"]
async fn the_image_has_the_program_and_what_it_is_made_of_and_nothing_else() {
    if set_up("buildah").await.is_none() {
        return skip(
            "the_image_has_the_program_and_what_it_is_made_of_and_nothing_else",
            "buildah",
        );
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let place = TempDir::new().expect("a folder");
    // The first stage is `make static` in an image with Rust, which no package registry has. `make image` has run it here.
    let stage = place.path().join("src/target");
    std::fs::create_dir_all(&stage).expect("a folder");
    let copied = Command::new("cp").arg("-a").arg(built()).arg(stage.join("static")).status();
    assert!(copied.expect("cp").success());
    let file = format!("--file={}", root.join("Containerfile").display());
    let context = format!("--build-context=build={}", place.path().display());
    let empty = TempDir::new().expect("a folder");
    let folder = empty.path().to_str().expect("a path");
    let bud = ["bud", "--isolation=chroot", &file, &context, "--tag=extdns", folder];
    buildah(place.path(), &bud);

    let about: Value =
        serde_json::from_str(&buildah(place.path(), &["inspect", "--type=image", "extdns"]))
            .expect("JSON");
    let config = &about["OCIv1"]["config"];
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], json!(["/usr/local/bin/external-dns"]));

    let container = buildah(place.path(), &["from", "--isolation=chroot", "extdns"]);
    let mount = buildah(place.path(), &["mount", &container]);
    let find = Command::new("find").arg(&mount).args(["-type", "f", "-printf", "%P\\n"]).output();
    let found = String::from_utf8(find.expect("find").stdout).expect("text");
    let mut files: Vec<&str> = found.lines().collect();
    files.sort_unstable();
    let docs = "usr/share/doc/external-dns";
    let expected = ["LICENSE", "LICENSES.txt", "README.md", "sbom.cdx.json"];
    let expected = expected.map(|name| format!("{docs}/{name}"));
    assert_eq!(files[0], "usr/local/bin/external-dns");
    assert_eq!(files[1..], expected);
    // The arguments of a pod follow the entry point.
    let mut started = Command::new("/usr/sbin/chroot");
    started.args(["--userspec=65532:65532", &mount, "/usr/local/bin/external-dns", "--version"]);
    let version = run(started.env_clear().stdin(Stdio::null()));
    assert_eq!(version.out.trim(), concat!("external-dns ", env!("CARGO_PKG_VERSION")));
    buildah(place.path(), &["rm", "--all"]);
}

#[test]
#[ignore = "make image runs it: it needs the static program, and root"]
fn the_bill_of_materials_and_the_licences_have_every_crate_of_the_program() {
    let doc = built().join("doc");
    let bill = std::fs::read_to_string(doc.join("sbom.cdx.json")).expect("a bill of materials");
    let bill: Value = serde_json::from_str(&bill).expect("JSON");
    let licences = std::fs::read_to_string(doc.join("LICENSES.txt")).expect("licences");
    let parts = bill["components"].as_array().expect("parts");
    let names: Vec<&str> = parts.iter().filter_map(|part| part["name"].as_str()).collect();
    // Of ours, of others, with C inside, data, and no crates; none of the tests, of build scripts and of macros.
    for name in ["extdns-plan", "rustls", "aws-lc-sys", "webpki-root-certs", "glibc", "rust-std"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
        assert!(licences.contains(&format!("\n{name} ")), "{name}");
    }
    for name in ["extdns-testkit", "cc", "syn", "rcgen"] {
        assert!(!names.contains(&name), "{name} is in {names:?}");
    }
    let refers = |part: &Value| part["bom-ref"].as_str().map(str::to_owned);
    let known: Vec<String> =
        parts.iter().chain([&bill["metadata"]["component"]]).filter_map(refers).collect();
    assert_eq!(known.len(), parts.len() + 1);
    for part in parts {
        assert!(part["licenses"][0]["expression"].is_string(), "{part}");
    }
    for edge in bill["dependencies"].as_array().expect("dependencies") {
        let needs = edge["dependsOn"].as_array().expect("a list").iter();
        for need in needs.chain([&edge["ref"]]) {
            assert!(known.iter().any(|own| need == own.as_str()), "{need} is no part");
        }
    }
}

/// The archive of a release has the same bytes whoever makes it, and when.
#[test]
#[ignore = "make image runs it: it needs the static program, and root"]
fn an_archive_has_the_same_bytes_whenever_it_is_made() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/image/archive");
    let place = TempDir::new().expect("a folder");
    let archive = |folder: &Path, to: &str| {
        let to = place.path().join(to);
        let mut command = Command::new(&script);
        command
            .arg(folder)
            .arg(&to)
            .arg("external-dns-0.0.0-test")
            .env("SOURCE_DATE_EPOCH", "86400");
        let made = run(&mut command);
        assert_eq!(made.code, 0, "{made:?}");
        std::fs::read_to_string(to.join("SHA256SUMS")).expect("checksums")
    };
    let small = place.path().join("files");
    std::fs::create_dir_all(small.join("doc")).expect("a folder");
    std::fs::write(small.join("doc/b"), "b").expect("a file");
    std::fs::write(small.join("a"), "a").expect("a file");
    let first = archive(&small, "first");
    let other = place.path().join("other");
    std::fs::create_dir_all(other.join("doc")).expect("a folder");
    std::fs::write(other.join("a"), "a").expect("a file");
    std::fs::write(other.join("doc/b"), "b").expect("a file");
    let own = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(other.join("a"), own).expect("other rights");
    assert_eq!(first, archive(&other, "second"));
    let checked = run(Command::new("sha256sum")
        .args(["--check", "SHA256SUMS"])
        .current_dir(place.path().join("first")));
    assert_eq!(checked.code, 0, "{checked:?}");
}

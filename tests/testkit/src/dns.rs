//! DNS as its users have it: `dig` and `nsupdate` of BIND, as programs. `tests/setup named` installs them.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The lines of `dig +short` for a name and type, sorted. The server is on this machine.
pub fn dig(port: u16, name: &str, rtype: &str) -> Vec<String> {
    let mut lines = run_dig(port, &["+short", name, rtype], None);
    lines.sort();
    lines
}

/// The records of a zone as lines of a zone file, by a transfer, without its SOA; signed with a key `algorithm:name:secret`
/// if there is one.
pub fn transfer(port: u16, zone: &str, key: Option<&str>) -> Vec<String> {
    let lines = run_dig(port, &["+noall", "+answer", zone, "AXFR"], key);
    lines.into_iter().filter(|line| !line.contains("\tSOA\t")).collect()
}

fn run_dig(port: u16, words: &[&str], key: Option<&str>) -> Vec<String> {
    let mut command = Command::new("dig");
    command.args(["@127.0.0.1", "-p", &port.to_string(), "+tcp", "+tries=1", "+time=10"]);
    if let Some(key) = key {
        command.args(["-y", key]);
    }
    let output = command.args(words).output().expect("dig runs");
    let text = String::from_utf8(output.stdout).expect("dig prints text");
    assert!(output.status.success(), "dig {words:?}: {text}");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with(';'));
    lines.map(str::to_owned).collect()
}

/// Changes a zone with the commands of `nsupdate`, unsigned.
pub fn update(port: u16, zone: &str, commands: &[String]) {
    let script = format!("server 127.0.0.1 {port}\nzone {zone}\n{}\nsend\n", commands.join("\n"));
    let mut child = Command::new("nsupdate")
        .arg("-v")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("nsupdate runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(script.as_bytes()).expect("nsupdate reads");
    drop(input);
    let output = child.wait_with_output().expect("nsupdate ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nsupdate: {said}\n{script}");
}

/// A zone file of a fresh zone.
pub(crate) fn zone_file(zone: &str) -> String {
    format!(
        "$TTL 300\n{zone}. IN SOA ns1.example.net. hostmaster.example.net. 1 3600 600 86400 300\n\
         {zone}. IN NS ns1.example.net.\n"
    )
}

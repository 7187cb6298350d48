//! The names in Go that the first keys of `spec` and `status` of any object answer to.

use ecow::EcoString;

use crate::data::{Data, Map};

/// Words that are written in capitals as a whole.
const CAPITALS: [&str; 32] = [
    "acl", "api", "arn", "ca", "cidr", "cpu", "crd", "db", "dns", "http", "https", "id", "ip",
    "json", "jwk", "jwt", "os", "pem", "rbac", "sql", "ssl", "tcp", "tls", "ttl", "udp", "uid",
    "uuid", "uri", "url", "vm", "xml", "yaml",
];

/// The value of a key, or of a key whose name in Go this is. A real key of that spelling wins.
pub(crate) fn find<'a>(map: &'a Map, name: &str) -> Option<&'a Data> {
    let alias = || map.iter().find(|(key, _)| go_name(key) == name).map(|(_, data)| data);
    map.get(name).or_else(alias)
}

/// `DNSNames` for `dnsNames`, `Hostnames` for `hostnames`.
fn go_name(key: &str) -> EcoString {
    let end = key.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(key.len());
    let (word, rest) = key.split_at(end);
    let mut name = EcoString::with_capacity(key.len());
    if CAPITALS.contains(&word) {
        name.push_str(&word.to_ascii_uppercase());
        name.push_str(rest);
        return name;
    }
    let mut chars = key.chars();
    name.extend(chars.next().into_iter().flat_map(char::to_uppercase));
    name.push_str(chars.as_str());
    name
}

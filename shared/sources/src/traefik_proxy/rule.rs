//! The rules of routers: which hosts they ask for
//! (<https://doc.traefik.io/traefik/routing/routers/#rule>).

use std::sync::LazyLock;

use regex::Regex;

/// The matchers whose arguments are host names.
const MATCHERS: [&str; 3] = ["Host", "HostHeader", "HostSNI"];

/// What a rule is made of: a text between backquotes, one between double quotes (where a backslash quotes the next
/// character), the call of a matcher, any other word, and parentheses.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let tokens = r#"(?s)`([^`]*)`|"((?:\\.|[^"\\])*)"|([0-9A-Za-z_]+)\s*\(|[0-9A-Za-z_]+|[()]"#;
    Regex::new(tokens).expect("the tokens are an expression")
});

/// The host names that a rule asks for, in their order; every host (`*`) is none. An operator in front of or between the
/// matchers does not count: a negated host is one, as upstream has it. A call that is not closed has no arguments.
pub(super) fn hosts(rule: &str) -> Vec<&str> {
    let (mut hosts, mut arguments, mut depth) = (Vec::new(), Vec::new(), 0);
    for token in TOKEN.captures_iter(rule) {
        let (text, matcher) = (token.get(1).or_else(|| token.get(2)), token.get(3));
        match (&token[0], text) {
            (_, Some(text)) if depth > 0 => arguments.push(text.as_str()),
            (")", _) if depth > 0 => depth -= 1,
            (call, None) if depth > 0 && call.ends_with('(') => depth += 1,
            _ if depth == 0 && matcher.is_some_and(|it| MATCHERS.contains(&it.as_str())) => {
                depth = 1;
            }
            _ => continue,
        }
        if depth == 0 {
            hosts.append(&mut arguments);
        }
    }
    hosts.retain(|host: &&str| !host.is_empty() && *host != "*" && !host.contains([',', '\\']));
    hosts
}

#[cfg(test)]
mod tests {
    use super::hosts;

    #[test]
    fn rules_name_hosts() {
        let table: &[(&str, &[&str])] = &[
            ("Host(`a.org`)", &["a.org"]),
            ("Host(`a.org`) && PathPrefix(`/x`)", &["a.org"]),
            ("Host(`a.org`) || Host(`b.org`)", &["a.org", "b.org"]),
            ("(Host(`a.org`) && Path(`/`)) || (Host(`b.org`))", &["a.org", "b.org"]),
            ("Host(`a.org`, `b.org`)", &["a.org", "b.org"]),
            ("HostHeader(`a.org`)", &["a.org"]),
            ("HostSNI( `a.org` )", &["a.org"]),
            ("Host (\n`a.org`\n)", &["a.org"]),
            ("Host(`*`)", &[]),
            ("HostSNI(`*`)", &[]),
            ("Host(`*`, `a.org`, ``)", &["a.org"]),
            ("HostSNI(`*.a.org`)", &["*.a.org"]),
            (r"HostRegexp(`^.+\.a\.org$`)", &[]),
            ("HostSNIRegexp(`a.org`)", &[]),
            (r#"Host("a.org")"#, &["a.org"]),
            (r#"Host("a\".org", `b.org`)"#, &["b.org"]),
            ("!Host(`a.org`)", &["a.org"]),
            ("Header(`Host`, `a.org`)", &[]),
            ("PathPrefix(`Host(a.org)`)", &[]),
            ("Header(`x`, `Host(`) && Host(`a.org`)", &["a.org"]),
            ("Host(`a.org,b.org`)", &[]),
            // The call ends at its own parenthesis.
            (r#"Host(`a.org`, "c.org") && Path(`/p`)"#, &["a.org", "c.org"]),
            ("Host(`a.org`, c) && Path(`/p`)", &["a.org"]),
            ("Host(a.org)", &[]),
            ("MyHost(`a.org`)", &[]),
            ("host(`a.org`)", &[]),
            ("Host(`a.org`", &[]),
            ("Host(`a.org)", &[]),
            ("Host", &[]),
            ("Host(`ä.org`) || Host(`b.org`)", &["ä.org", "b.org"]),
            ("", &[]),
        ];
        for (rule, expected) in table {
            assert_eq!(hosts(rule), *expected, "{rule}");
        }
    }
}

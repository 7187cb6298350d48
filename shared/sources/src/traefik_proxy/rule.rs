//! The rules of routers: which hosts they ask for
//! (<https://doc.traefik.io/traefik/routing/routers/#rule>).

use std::str::CharIndices;

/// The matchers whose arguments are host names.
const MATCHERS: [&str; 3] = ["Host", "HostHeader", "HostSNI"];

/// The host names that a rule asks for, in their order; every host (`*`) is none. An operator in front of or between the
/// matchers does not count: a negated host is one, as upstream has it.
pub(super) fn hosts(rule: &str) -> Vec<&str> {
    let mut scanner = Scanner { rule, rest: rule.char_indices() };
    let mut hosts = Vec::new();
    while let Some((at, char)) = scanner.rest.next() {
        if matches!(char, '`' | '"') {
            scanner.literal(at, char);
        } else if is_word(char) && MATCHERS.contains(&scanner.word(at)) && scanner.opens() {
            hosts.extend(scanner.arguments());
        }
    }
    hosts.retain(|host| !host.is_empty() && *host != "*" && !host.contains([',', '\\']));
    hosts
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

struct Scanner<'a> {
    rule: &'a str,
    rest: CharIndices<'a>,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next().map(|(_, char)| char)
    }

    /// The word that began at this place.
    fn word(&mut self, start: usize) -> &'a str {
        while self.peek().is_some_and(is_word) {
            self.rest.next();
        }
        &self.rule[start..self.rest.offset()]
    }

    /// Whether the word before is called: goes past the parenthesis.
    fn opens(&mut self) -> bool {
        while self.peek().is_some_and(|char| char.is_ascii_whitespace()) {
            self.rest.next();
        }
        let opens = self.peek() == Some('(');
        if opens {
            self.rest.next();
        }
        opens
    }

    /// What stands between quotes; nothing where they are not closed. In double quotes a backslash quotes the next one.
    fn literal(&mut self, start: usize, quote: char) -> Option<&'a str> {
        let mut is_escaped = false;
        for (at, char) in self.rest.by_ref() {
            match char {
                _ if is_escaped => is_escaped = false,
                '\\' if quote == '"' => is_escaped = true,
                char if char == quote => return Some(&self.rule[start + 1..at]),
                _ => {}
            }
        }
        None
    }

    /// The quoted arguments up to the parenthesis that closes the call; nothing where there is none.
    fn arguments(&mut self) -> Vec<&'a str> {
        let (mut arguments, mut depth) = (Vec::new(), 1);
        while let Some((at, char)) = self.rest.next() {
            match char {
                '`' | '"' => arguments.extend(self.literal(at, char)),
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return arguments;
            }
        }
        Vec::new()
    }
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

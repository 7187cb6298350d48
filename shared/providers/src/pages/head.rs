//! The lines in front of a page: what its CronJob has of its own.

use std::collections::BTreeMap;

/// What the CronJob of a provider has of its own. In `page.md` each entry is a line `key: value` between two lines of
/// dashes, in the order in which it is shown.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// `arg`: a flag.
    pub args: Vec<String>,
    /// `secret`: a variable with the value of that key of the Secret `extdns`.
    pub secrets: Vec<String>,
    /// `file`: a file that the key of its name in the Secret `extdns` holds.
    pub files: Vec<String>,
    /// `claim`: the folder of the PersistentVolumeClaim `extdns`.
    pub claims: Vec<String>,
    /// `account`: an annotation of the service account, `key=value`.
    pub account: Vec<String>,
    /// `label`: a label of the pod, `key=value`.
    pub labels: Vec<String>,
    /// `sidecar`: the image of a container that runs beside it.
    pub sidecars: Vec<String>,
    /// `try`: what takes the place of a flag, or a variable `NAME=value`, where the provider is made to ask for its
    /// limits; never shown.
    tries: Vec<String>,
    /// `server`: a flag, or a variable `NAME=value`, with which the provider calls a server of a test, of which `{url}` and
    /// `{port}` stand in it, and `{file:..}` for the path of a file with this text; `none` for a provider without a server.
    /// Never shown.
    servers: Vec<String>,
}

impl Head {
    /// The head of a page, and its text.
    pub(super) fn split<'a>(page: &'a str, source: &str) -> (Self, &'a str) {
        let mut head = Self::default();
        let Some((lines, text)) = page.strip_prefix("---\n").and_then(|it| it.split_once("---\n"))
        else {
            return (head, page);
        };
        for line in lines.lines() {
            let (key, value) = line.split_once(": ").unwrap_or((line, ""));
            let list = match key {
                "arg" => &mut head.args,
                "secret" => &mut head.secrets,
                "file" => &mut head.files,
                "claim" => &mut head.claims,
                "account" => &mut head.account,
                "label" => &mut head.labels,
                "sidecar" => &mut head.sidecars,
                "try" => &mut head.tries,
                "server" => &mut head.servers,
                _ => panic!("{source} has a line that means nothing: {line}"),
            };
            list.push(value.to_owned());
        }
        (head, text)
    }

    /// What lets the provider call another server, as it is written; none for a provider without a server.
    ///
    /// # Panics
    /// When the head does not say it.
    pub(super) fn servers(&self, provider: &str) -> &[String] {
        assert!(
            !self.servers.is_empty(),
            "the page of {provider} has no line like `server: EXAMPLE_API_URL={{url}}` (or `server: none`), with which a \
             test lets it call a server that hangs"
        );
        if self.servers == ["none"] { &[] } else { &self.servers }
    }

    /// The same head, with these in the place of what it tries otherwise.
    pub(super) fn trying(mut self, words: Vec<String>) -> Self {
        let name = |word: &String| word.split('=').next().unwrap_or_default().to_owned();
        self.tries.retain(|own| words.iter().all(|it| name(it) != name(own)));
        self.tries.extend(words);
        self
    }

    /// The command line that the page shows, with what `try` puts in the place of flags.
    pub(super) fn words_of_a_try(&self, provider: &str) -> Vec<String> {
        let name = |word: &str| word.split('=').next().unwrap_or_default().to_owned();
        let tried: Vec<&String> = self.tries.iter().filter(|it| it.starts_with("--")).collect();
        let kept = self.args.iter().filter(|arg| tried.iter().all(|it| name(it) != name(arg)));
        let first = ["external-dns".to_owned(), format!("--provider={provider}")];
        first.into_iter().chain(kept.cloned()).chain(tried.iter().copied().cloned()).collect()
    }

    /// The variables that the page shows, with a value, and those of `try`.
    pub(super) fn variables_of_a_try(&self) -> BTreeMap<String, String> {
        let secrets = self.secrets.iter().map(|name| (name.clone(), "example".to_owned()));
        let tried = self.tries.iter().filter(|it| !it.starts_with("--"));
        let tried = tried.filter_map(|it| it.split_once('='));
        secrets.chain(tried.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
    }
}

//! What every provider makes of a server that hangs, of one that says what is not so, and of one that answers half: the
//! table of providers is the table of cases, and each page says how its provider calls another server.

use std::io::Write as _;
use std::sync::Arc;

use extdns_model::FailureKind;
use extdns_testkit::http::{Reply, ScriptedServer};
use futures::future::join_all;
use tempfile::NamedTempFile;

use super::{Head, described, read, root, source_of};
use crate::{ErrorKind, PROVIDERS, ProviderEntry};

/// A page of a portal, as some networks give to every request.
const PORTAL: &str = "<!DOCTYPE html><html><body>Please sign in</body></html>";

/// A word of a head, for a server of a test; the files that it names live as long as they are kept.
fn at(server: &ScriptedServer, word: &str, files: &mut Vec<NamedTempFile>) -> String {
    let (url, port) = (server.url(), server.address().port().to_string());
    let word = word.replace("{url}", &url).replace("{port}", &port);
    let Some((front, text)) = word.split_once("{file:") else { return word };
    let text = text.strip_suffix('}').expect("the end of the file");
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("the file");
    let word = format!("{front}{}", file.path().display());
    files.push(file);
    word
}

/// What is wrong with what a provider says of a server that cannot be trusted: that must pass, and no record may be said to be
/// there or to be gone. `None` if nothing is wrong.
async fn wrong(entry: &ProviderEntry, reply: fn() -> Reply) -> Option<String> {
    let source = source_of(entry);
    let text = read(&root().join(&source));
    let (head, _) = Head::split(&text, &source);
    let server = ScriptedServer::start(move |_| reply());
    let mut files = Vec::new();
    let words: Vec<String> =
        head.servers(entry.name).iter().map(|word| at(&server, word, &mut files)).collect();
    if words.is_empty() {
        return None;
    }
    let answer = match described(entry, &head.trying(words)).await {
        Ok(provider) => provider.read().await,
        Err(error) => Err(error),
    };
    let name = entry.name;
    let asked = server.requests().len();
    match answer {
        Err(error) if error.kind.failure_kind() == FailureKind::Transient => None,
        // The protocol says by the media type of the first answer that the address is that of a webhook provider. The
        // identity of Google takes what is no token for a refusal, and says how to log in again.
        Err(error)
            if matches!(
                (name, &error.kind),
                ("webhook", ErrorKind::Config) | ("google", ErrorKind::Unauthorised)
            ) =>
        {
            None
        }
        Err(error) => {
            Some(format!("{name}: {:?} is no failure that may pass: {error}", error.kind))
        }
        // The zones are those of the flags, or one that holds every name.
        Ok(inventory) if inventory.zones.iter().all(|zone| zone.records.is_err()) => {
            let has_zones = !inventory.zones.is_empty();
            (!has_zones).then(|| format!("{name}: {asked} requests, and no zones at all"))
        }
        Ok(inventory) => Some(format!("{name}: {} records were read", inventory.records().count())),
    }
}

async fn check(reply: fn() -> Reply) {
    let problems = join_all(PROVIDERS.iter().map(|entry| wrong(entry, reply))).await;
    let problems: Vec<String> = problems.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_a_failure_that_may_pass() {
    check(|| Reply::new(200).held_until(Arc::default())).await;
}

#[tokio::test]
async fn a_server_that_answers_everything_with_a_page_is_a_failure_that_may_pass() {
    check(|| Reply::new(200).header("content-type", "text/html; charset=utf-8").body(PORTAL)).await;
}

#[tokio::test]
async fn a_server_that_answers_half_is_a_failure_that_may_pass() {
    check(|| {
        Reply::new(200).header("content-type", "application/json").body("{\"zones\":[]}").cut_at(6)
    })
    .await;
}

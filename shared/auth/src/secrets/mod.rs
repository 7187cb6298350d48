//! What no output of the process may hold: the credentials that it loaded, in every spelling in which
//! a server or a library may repeat them.
//!
//! Who loads a credential registers it, and every sink (log, report, answer, panic message) shows
//! [`redact`] of its text. Nothing gives a registered secret back.

mod matcher;
mod spelling;
mod url;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use matcher::Matcher;

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Shorter texts are no secrets: they are parts of ordinary words, and masking them would make
/// every output unreadable.
const SHORTEST: usize = 6;

/// Most secrets that are remembered. The first ones stay, as settings are registered once, at the
/// start; the others are tokens that are renewed, so the oldest of them goes first.
const LIMIT: usize = 512;
const STAYING: usize = 128;

/// A password or token in the settings, which is not shown where they are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the call that needs it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(REDACTED)
    }
}

static REGISTRY: RwLock<Registry> = RwLock::new(Registry::new());

/// Remembers a credential: a token, a password, a key. Each line of a text with several (a PEM file)
/// is one. Texts of less than six characters are not remembered, and a secret that is known already
/// changes nothing.
pub fn register(secret: &str) {
    let new = |registry: &Registry| secret_lines(secret).any(|line| !registry.knows(line));
    // Most are known: tokens are loaded at every connect.
    if new(&REGISTRY.read().unwrap_or_else(PoisonError::into_inner)) {
        REGISTRY.write().unwrap_or_else(PoisonError::into_inner).add(secret);
    }
}

/// Remembers a user's password, and how the two look in `Authorization: Basic` (RFC 7617).
pub fn register_basic(user: &str, password: &str) {
    register(password);
    if password.len() >= SHORTEST || user.len() + password.len() >= 2 * SHORTEST {
        register(&format!("{user}:{password}"));
    }
}

/// Remembers what is secret in a URL that the user gave: the password, or the user where there is no
/// password, and the values of query parameters whose names say so (`token`, `api_key`, `sig`).
/// A text that is no URL holds none.
pub fn register_url(url: &str) {
    for range in url::userinfo(url) {
        let (user, password) = url[range.clone()].split_once(':').unwrap_or((&url[range], ""));
        let (user, password) = (spelling::decoded(user), spelling::decoded(password));
        if password.is_empty() {
            register(&user);
        } else {
            register_basic(&user, &password);
        }
    }
    for range in url::parameters(url) {
        register(&spelling::decoded(&url[range]));
    }
}

/// The text without secrets: those that are registered (as they are, in base64, percent-encoded, or
/// escaped as in JSON; of long ones also a first half or more, as a message may be cut), the userinfo
/// of URLs, and the values of query parameters whose names say that they are secret.
///
/// A JSON document stays one.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    redact_with(current().as_deref(), text)
}

/// What finds the registered secrets; `None` where there are none.
fn current() -> Option<Arc<Matcher>> {
    {
        let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
        if registry.secrets.is_empty() || registry.matcher.is_some() {
            return registry.matcher.clone();
        }
    }
    REGISTRY.write().unwrap_or_else(PoisonError::into_inner).matcher()
}

fn redact_with<'a>(matcher: Option<&Matcher>, text: &'a str) -> Cow<'a, str> {
    let mut found: Vec<Range<usize>> =
        matcher.map(|matcher| matcher.find(text)).unwrap_or_default();
    found.extend(url::userinfo(text));
    found.extend(url::parameters(text));
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_unstable_by_key(|range| range.start);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for range in found {
        if range.start >= done {
            out.push_str(&text[done..range.start]);
            out.push_str(REDACTED);
        }
        done = done.max(range.end);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// The registered secrets. It has no `Debug`: nothing may print it.
struct Registry {
    secrets: VecDeque<Box<str>>,
    /// Made when it is first needed after a change.
    matcher: Option<Arc<Matcher>>,
}

impl Registry {
    const fn new() -> Self {
        Self { secrets: VecDeque::new(), matcher: None }
    }

    fn knows(&self, line: &str) -> bool {
        self.secrets.iter().any(|known| **known == *line)
    }

    fn add(&mut self, secret: &str) {
        for line in secret_lines(secret) {
            if self.knows(line) {
                continue;
            }
            if self.secrets.len() == LIMIT {
                self.secrets.remove(STAYING);
            }
            self.secrets.push_back(line.into());
            self.matcher = None;
        }
    }

    fn matcher(&mut self) -> Option<Arc<Matcher>> {
        if self.matcher.is_none() {
            let secrets = self.secrets.iter().map(|secret| &**secret);
            self.matcher = Matcher::new(secrets).map(Arc::new);
        }
        self.matcher.clone()
    }
}

/// The lines of a text that are secrets: not the frame of a PEM file, and nothing short.
fn secret_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| line.len() >= SHORTEST && *line != REDACTED && !line.starts_with("-----"))
}

#[cfg(test)]
mod tests;

//! What every JSON API shares: a [`Service`] says what is particular about one, a [`Rest`] makes its
//! calls.
//!
//! * Every call goes through the engine's [`Transport`]: its budget, retries, deadline, counter.
//! * An answer is read whole and is bounded. What the service says of a failure becomes an
//!   [`ErrorKind`](crate::ErrorKind) by its status and by the table of the service.
//! * A change whose answer does not come, or comes from a server that failed, is
//!   [`Lost`](crate::ErrorKind::Lost): the engine looks what became of it.
//! * Redirects are never followed: they would take the credentials to another host, and turn a
//!   change into a read.
//! * Lists are walked by [`Rest::walk`]: a list that does not say that it is complete is an error.
//! * Zones and records are read and written by tables of their members: [`ZoneLayout`], [`Layout`]. An [`Account`] makes
//!   the calls that most providers make alike.
//!
//! ```
//! use extdns_auth::HttpOptions;
//! use extdns_providers::rest::{Auth, Rest, Service};
//!
//! const EXAMPLE: Service = Service {
//!     texts: &["/message"],
//!     ..Service::new("Example", "https://api.example.com/v2/")
//! };
//! let rest = Rest::new(&EXAMPLE, None, Auth::bearer("a token"), &HttpOptions::default());
//! let request = rest.expect("a client").get(&["domains", "example.org"]).query("page", 2);
//! assert_eq!(request.to_string(), "GET /v2/domains/example.org");
//! ```

mod account;
mod actions;
mod answer;
mod auth;
mod beside;
pub(crate) mod credentials;
mod id;
pub(crate) mod identity;
mod layout;
mod oauth2;
mod request;
pub(crate) mod signing;
mod sigv4;
mod steps;
mod task;
#[cfg(test)]
mod tests;
mod walk;
mod zone_layout;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use extdns_auth::{HttpClient, HttpOptions, USER_AGENT, http_client, secrets, uuid};
use extdns_model::Stored;
use futures::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

pub use account::Account;
pub use actions::{Actions, Given, Parameters};
pub(crate) use answer::with_causes;
pub use answer::{Advice, Answer, CONFLICT, Meaning, THROTTLED};
pub use auth::{Auth, Outgoing, Signer, Token, TokenSource};
pub use beside::Beside;
pub use id::Id;
pub use layout::{Body, Holds, Layout};
pub use oauth2::{ClientCredentials, Grant};
pub use request::Request;
pub use sigv4::SigV4;
pub use steps::{CREATE, DELETE, RECORD_OPERATIONS, SET_OPERATIONS, SET_STEPS, UPDATE};
pub use task::Task;
pub use walk::{Listing, More, Next, Part};
pub use zone_layout::ZoneLayout;

use crate::{Accounts, Capabilities, ErrorKind, ProviderError, Transport};

/// Most bytes of an answer, unless the service says otherwise.
const MOST_OF_ANSWER: usize = 32 << 20;

/// What is particular about a service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name in messages.
    pub name: &'static str,
    /// Where its API is, with the path that all its resources share.
    pub base: &'static str,
    /// The path that all resources share below the base URL, whoever gives that.
    pub root: &'static [&'static str],
    /// Whether every path ends with a slash.
    pub slash: bool,
    /// JSON pointers (RFC 6901) to what an error body says, in the order in which it is shown.
    pub texts: &'static [&'static str],
    /// A JSON pointer to what shows that an answer with a status of success is a failure all the same; empty where the
    /// status tells.
    pub failure: &'static str,
    /// A JSON pointer to what an answer with a status of success says of itself, and what it says if it is one; empty where
    /// the status tells. An answer without it, such as a list, is one.
    pub success: (&'static str, &'static str),
    /// What failures mean where the service differs from the usual; the first that fits counts.
    pub meanings: &'static [Meaning],
    /// What the user can do about missing rights: a lower-case fragment.
    pub rights: &'static str,
    /// What the user can do about other failures.
    pub advice: Advice,
    /// Most bytes of an answer.
    pub most_of_answer: usize,
    /// The header with an id for each call, the same when it is repeated; empty where there is none.
    pub request_id: &'static str,
    /// Whether it answers with HTML pages and redirects itself; else such an answer comes from something before it.
    pub has_pages: bool,
}

impl Service {
    /// A service whose failures mean what their status says.
    #[must_use]
    pub const fn new(name: &'static str, base: &'static str) -> Self {
        Self {
            name,
            base,
            root: &[],
            slash: false,
            texts: &[],
            failure: "",
            success: ("", ""),
            meanings: &[],
            rights: "check the credentials",
            advice: Advice::NONE,
            most_of_answer: MOST_OF_ANSWER,
            request_id: "",
            has_pages: false,
        }
    }
}

/// A client of one service, for one account.
pub struct Rest {
    http: HttpClient,
    service: Service,
    base: Url,
    auth: Auth,
    accounts: Accounts,
    /// The parameters in the query of every request.
    always: Vec<(&'static str, String)>,
    /// The headers of every request beside its own.
    headers: HeaderMap,
    /// Where else the same service is, and whose turn it is: 0 for the base URL.
    others: Vec<Url>,
    turn: AtomicUsize,
}

impl Rest {
    /// A client. `base` takes the place of the service's own URL. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or a file of the options cannot be used.
    pub fn new(
        service: &Service,
        base: Option<&str>,
        auth: Auth,
        http: &HttpOptions,
    ) -> Result<Self, ProviderError> {
        let mut base = base_url(service.name, base.unwrap_or(service.base))?;
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty().extend(service.root);
        }
        remember_secrets(&base);
        auth.secrets().iter().for_each(|secret| secrets::register(secret));
        let options = HttpOptions {
            direct: http.direct || is_this_machine(&base),
            keep_redirects: true,
            ..http.clone()
        };
        let http = http_client(&options)?;
        let accounts = Accounts::default();
        let (always, headers) = (Vec::new(), HeaderMap::new());
        let (others, turn) = (Vec::new(), AtomicUsize::new(0));
        let service = service.clone();
        Ok(Self { http, service, base, auth, accounts, always, headers, others, turn })
    }

    /// The same service at these servers too, with the paths of the first: where a server cannot be reached, fails or
    /// loses an answer, the next attempt goes to the next one.
    ///
    /// # Errors
    /// When one of the URLs is none.
    pub fn or_at(mut self, others: &[&str]) -> Result<Self, ProviderError> {
        let urls = others.iter().map(|url| base_url(self.service.name, url));
        self.others = urls.collect::<Result<_, _>>()?;
        self.others.iter().for_each(remember_secrets);
        Ok(self)
    }

    /// With the budget that all clients of this service with these credentials share.
    #[must_use]
    pub fn sharing(self, accounts: &Accounts) -> Self {
        Self { accounts: accounts.clone(), ..self }
    }

    /// With this in the query of every request, if there is a value.
    #[must_use]
    pub fn always(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        self.always.extend(value.map(|value| (name, value.into())));
        self
    }

    /// With this header in every request, if there is a value.
    ///
    /// # Errors
    /// When no header can carry the value.
    pub fn always_header(
        mut self,
        name: &'static str,
        value: Option<&str>,
    ) -> Result<Self, ProviderError> {
        if let Some(value) = value {
            let value = HeaderValue::try_from(value).map_err(|_| {
                ProviderError::config(format!("{value:?} can be no value of the header {name}"))
            })?;
            self.headers.insert(HeaderName::from_static(name), value);
        }
        Ok(self)
    }

    /// The way to the API, which keeps the credentials out of every error.
    #[must_use]
    pub fn transport(&self, capabilities: &Capabilities) -> Transport {
        let secrets = self.auth.secrets();
        let account = [&[self.base.to_string()], &secrets[..]].concat().join("\n");
        let via = Transport::with_secrets(capabilities, secrets).among(&self.accounts, &account);
        via.at(&self.server())
    }

    /// The hosts where the service is asked.
    #[must_use]
    pub fn server(&self) -> String {
        let all = std::iter::once(&self.base).chain(&self.others);
        all.map(host).collect::<Vec<_>>().join(", ")
    }

    /// The name of the service in messages.
    pub(super) fn name(&self) -> &'static str {
        self.service.name
    }

    /// A request to read a resource, by the segments of its path below the base URL.
    #[must_use]
    pub fn get(&self, path: &[&str]) -> Request {
        self.request(Method::GET, path)
    }

    /// A request to make a resource.
    #[must_use]
    pub fn post(&self, path: &[&str]) -> Request {
        self.request(Method::POST, path)
    }

    /// A request to replace a resource.
    #[must_use]
    pub fn put(&self, path: &[&str]) -> Request {
        self.request(Method::PUT, path)
    }

    /// A request to change a part of a resource.
    #[must_use]
    pub fn patch(&self, path: &[&str]) -> Request {
        self.request(Method::PATCH, path)
    }

    /// A request to delete a resource.
    #[must_use]
    pub fn delete(&self, path: &[&str]) -> Request {
        self.request(Method::DELETE, path)
    }

    /// A request of this method for a resource.
    #[must_use]
    pub fn request(&self, method: Method, path: &[&str]) -> Request {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Each segment is percent-encoded, so that no name can lead elsewhere.
            segments.pop_if_empty().extend(path).extend(self.service.slash.then_some(""));
        }
        Request::new(method, url)
    }

    /// Makes a call, and gives its answer if it is a success.
    ///
    /// # Errors
    /// What the service says of the failure, as the kind that its status and the table of the
    /// service give it.
    pub fn send<'a>(
        &'a self,
        via: &'a Transport,
        operation: &'static str,
        request: &'a Request,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>> {
        Box::pin(async move {
            let request = &*self.with_id(request)?;
            let token = self.auth.token(via).await?;
            let first = self.attempt(via, operation, request, token.as_ref()).await;
            match (first, token) {
                (Err(error), Some(old)) if error.kind == ErrorKind::Unauthorised => {
                    // The service may have ended the session before its time.
                    let Some(new) = self.auth.renewed(via, &old).await? else { return Err(error) };
                    self.attempt(via, operation, request, Some(&new)).await
                }
                (answer, _) => answer,
            }
        })
    }

    /// Makes a call that takes a record away. One that is gone already is done.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn remove(
        &self,
        via: &Transport,
        operation: &'static str,
        request: &Request,
    ) -> Result<(), ProviderError> {
        match self.send(via, operation, request).await {
            Err(error) if error.kind != ErrorKind::RecordGone => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends the session of the token that was used last, if there is one: with this request, which has the token with it.
    /// The next call opens another session.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn end_session(
        &self,
        via: &Transport,
        operation: &'static str,
        request: &Request,
    ) -> Result<(), ProviderError> {
        match self.auth.forget().await {
            Some(token) => self.attempt(via, operation, request, Some(&token)).await.map(drop),
            None => Ok(()),
        }
    }

    fn with_id<'r>(&self, request: &'r Request) -> Result<Cow<'r, Request>, ProviderError> {
        match self.service.request_id {
            "" => Ok(Cow::Borrowed(request)),
            name => request.clone().header(name, &uuid()).map(Cow::Owned),
        }
    }

    async fn attempt(
        &self,
        via: &Transport,
        operation: &'static str,
        request: &Request,
        token: Option<&Token>,
    ) -> Result<Answer, ProviderError> {
        via.call(operation, async || {
            let mut outgoing = request.outgoing(&self.always)?;
            outgoing.headers.extend(self.headers.clone());
            let turn = self.turn.load(Ordering::Relaxed);
            self.lead_to(turn, &mut outgoing.url);
            self.auth.add_to(&mut outgoing, token)?;
            let request = outgoing.build(&self.http, USER_AGENT)?;
            let answer = answer::receive(&self.service, &self.http, request).await;
            if matches!(&answer, Err(error) if error.is_outage()) {
                // Another request may have gone on to the next server already.
                let next = (turn + 1) % (1 + self.others.len());
                let (same, other) = (Ordering::Relaxed, Ordering::Relaxed);
                let _ = self.turn.compare_exchange(turn, next, same, other);
            }
            answer
        })
        .await
    }

    /// Lets a URL lead to the server whose turn it is.
    fn lead_to(&self, turn: usize, url: &mut Url) {
        let Some(other) = turn.checked_sub(1).and_then(|at| self.others.get(at)) else { return };
        // A URL of http or https takes every scheme, host and port of another one.
        let _ = url.set_scheme(other.scheme());
        let _ = url.set_host(other.host_str());
        let _ = url.set_port(other.port());
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").field("service", &self.service.name).finish_non_exhaustive()
    }
}

/// Whatever a URL says beyond scheme, host and path may be a credential: no output shows it.
pub(crate) fn remember_secrets(url: &Url) {
    secrets::register_url(url.as_str());
    url.query_pairs().for_each(|(_, value)| secrets::register(&value));
}

fn base_url(service: &str, text: &str) -> Result<Url, ProviderError> {
    let base = Url::parse(text).ok();
    base.filter(|base| matches!(base.scheme(), "http" | "https")).ok_or_else(|| {
        // What is no URL may still hold a password, so it is not shown.
        ProviderError::config(format!(
            "the URL of the API of {service} is no http or https URL; write it like https://host/path"
        ))
    })
}

/// Of a URL what people know a server by.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// What the provider noted of a record as it read it.
///
/// # Errors
/// When the record was not read by this provider.
pub fn origin<T: std::any::Any>(old: &Stored) -> Result<&T, ProviderError> {
    old.origin.get().ok_or_else(|| {
        let set = &old.set;
        let message = format!("{} {}: its id is not known; run again", set.rtype, set.name);
        ProviderError::new(ErrorKind::Rejected(vec![set.name.clone()]), message)
    })
}

/// Whether a URL leads to this machine, where Go's clients use no proxy either.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

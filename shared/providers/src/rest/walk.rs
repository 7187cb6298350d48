//! Lists of several pages: by page number, offset, cursor, or the URL of the next page.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use extdns_model::{Record, Zone};
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Answer, Request, Rest};
use crate::{ErrorKind, Page, ProviderError, Transport};

/// Most empty pages in a row. Services that filter after they cut pages give some.
const MOST_EMPTY: usize = 32;

/// One page of a list, as the provider reads it.
#[derive(Debug)]
pub struct Part<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What comes behind it.
    pub next: Next,
    /// How many items the whole list has, where the service says so.
    pub total: Option<u64>,
}

/// What comes behind a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is the last.
    End,
    /// The page of the next number, in this parameter; the first page is 1.
    Page(&'static str),
    /// The items behind those that were read, by their number in this parameter.
    Offset(&'static str),
    /// The same, by their number in this member of the body.
    Member(&'static str),
    /// The page of this token, in this parameter.
    Token(&'static str, String),
    /// The page of this URL, which must be of the same server.
    Url(String),
}

/// Where a page says what is on it and what comes behind it.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// A JSON pointer (RFC 6901) to the items; empty where the body is the list.
    pub items: &'static str,
    /// A JSON pointer to what shows that an answer without items is a list without any; empty where an
    /// empty list has a member for them too.
    pub or_empty: &'static str,
    /// What comes behind the page.
    pub next: More,
    /// A JSON pointer to the number of all items; empty where there is none.
    pub total: &'static str,
    /// The header with the number of all items; empty where there is none.
    pub total_header: &'static str,
    /// The parameter of the size of a page, and how many items a page shall have: an empty name where it is not said, and 0
    /// for what the capabilities say ([`Account`](super::Account)).
    pub size: (&'static str, u32),
}

/// How a page says what comes behind it.
#[derive(Debug, Clone, Copy)]
pub enum More {
    /// It is the only one.
    Nothing,
    /// By a header `Link` (RFC 8288).
    Link,
    /// By a URL at this pointer.
    Url(&'static str),
    /// By a token at this pointer, for this parameter.
    Token(&'static str, &'static str),
    /// There is one if something stands at this pointer; its number goes into this parameter.
    Page(&'static str, &'static str),
    /// By its number and the number of all pages, at these pointers; the number of the next goes into this parameter.
    /// Where they are missing, by the number of all items, as long as a page has some.
    Numbered(&'static str, &'static str, &'static str),
    /// By the number of all items: as long as fewer came, the next begins at this parameter.
    Offset(&'static str),
    /// The same, where this and the size of a page are members of a JSON body.
    Member(&'static str),
    /// There is one if this one is full; it begins at this parameter.
    Full(&'static str),
    /// There is one if this one is full; it is the one behind what stands at this pointer in the last item, for this
    /// parameter.
    Behind(&'static str, &'static str),
    /// By a token at this pointer, for the first parameter; where there is none, by the number of all items, if that is said:
    /// as long as fewer came, the next begins at the second.
    TokenOrOffset(&'static str, &'static str, &'static str),
    /// By a token in this header, for this parameter.
    Header(&'static str, &'static str),
}

impl Listing {
    /// The items at this pointer, all on one page.
    #[must_use]
    pub const fn at(items: &'static str) -> Self {
        Self {
            items,
            or_empty: "",
            next: More::Nothing,
            total: "",
            total_header: "",
            size: ("", 0),
        }
    }

    /// Takes a page apart, of which so many items came before.
    fn part(&self, answer: &Answer, before: usize) -> Result<Part<Value>, ProviderError> {
        let mut body: Value = answer.json()?;
        let missing = |what: &str| answer.unlike(format!("it has no {what}"));
        let total = match (self.total, self.total_header) {
            ("", "") => None,
            ("", header) => answer.number(header),
            (pointer, _) => body.pointer(pointer).and_then(Value::as_u64),
        };
        let text = |pointer| body.pointer(pointer)?.as_str().filter(|text| !text.is_empty());
        let mut next = match self.next {
            More::Header(header, name) => {
                let token = answer.header(header).filter(|token| !token.is_empty());
                token.map_or(Next::End, |token| Next::Token(name, token.to_owned()))
            }
            More::Link => answer.next_link(),
            More::Url(at) => text(at).map_or(Next::End, |url| Next::Url(url.to_owned())),
            More::Token(at, name) | More::TokenOrOffset(at, name, _) => {
                text(at).map_or(Next::End, |token| Next::Token(name, token.to_owned()))
            }
            More::Page(at, name) => {
                let more = body.pointer(at).is_some_and(|next| !next.is_null());
                if more { Next::Page(name) } else { Next::End }
            }
            // The items tell.
            _ => Next::End,
        };
        let is_empty = !self.or_empty.is_empty() && body.pointer(self.or_empty).is_some();
        let none = is_empty.then(|| Value::Array(Vec::new()));
        let items = body.pointer_mut(self.items).map(Value::take).or(none);
        let items = items.ok_or_else(|| missing(self.items))?;
        let items: Vec<Value> =
            serde_json::from_value(items).map_err(|error| answer.unlike(error))?;
        let is_full = u32::try_from(items.len()) == Ok(self.size.1);
        let mark = match self.next {
            More::Behind(at, _) => items.last().and_then(|it| it.pointer(at)?.as_str()),
            _ => None,
        };
        let is_short = |total| u64::try_from(before + items.len()).is_ok_and(|count| count < total);
        match self.next {
            More::Offset(name) if is_short(total.ok_or_else(|| missing("total"))?) => {
                next = Next::Offset(name);
            }
            More::TokenOrOffset(_, _, name) if next == Next::End && total.is_some_and(is_short) => {
                next = Next::Offset(name);
            }
            // An empty page is the last: what is missing then is said.
            More::Member(name)
                if is_short(total.ok_or_else(|| missing("total"))?) && !items.is_empty() =>
            {
                next = Next::Member(name);
            }
            More::Full(name) if is_full => next = Next::Offset(name),
            More::Behind(at, name) if is_full => {
                next = Next::Token(name, mark.ok_or_else(|| missing(at))?.to_owned());
            }
            More::Numbered(page, pages, name) => {
                let number = |at| body.pointer(at).and_then(Value::as_u64);
                let more = match (number(page), number(pages)) {
                    (Some(page), Some(pages)) => page < pages,
                    _ => !items.is_empty() && total.is_some_and(is_short),
                };
                if more {
                    next = Next::Page(name);
                }
            }
            _ => {}
        }
        Ok(Part { items, next, total })
    }
}

impl Rest {
    /// All items of the list at this path, whose pages say the usual.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn all<T: DeserializeOwned + Send>(
        &self,
        via: &Transport,
        operation: &'static str,
        path: &[&str],
        listing: &Listing,
    ) -> Result<Vec<T>, ProviderError> {
        self.list(via, operation, self.get(path), listing).await
    }

    /// All items of a list whose pages say the usual.
    ///
    /// # Errors
    /// As [`walk`](Self::walk), and when a page has no list of such items.
    pub async fn list<T: DeserializeOwned + Send>(
        &self,
        via: &Transport,
        operation: &'static str,
        first: Request,
        listing: &Listing,
    ) -> Result<Vec<T>, ProviderError> {
        let first = match (listing.next, listing.size) {
            (More::Member(offset), (name, size)) => first.member(offset, 0)?.member(name, size)?,
            (_, ("", _)) => first,
            (_, (name, size)) => first.query(name, size),
        };
        let read = |answer: &Answer, before| {
            let Part { items, next, total } = listing.part(answer, before)?;
            let items = items.into_iter().map(T::deserialize).collect::<Result<_, _>>();
            Ok(Part { items: items.map_err(|error| answer.unlike(error))?, next, total })
        };
        self.walk(via, operation, first, read).await
    }

    /// The zones of a list, one of each item.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn zones<T: DeserializeOwned + Send>(
        &self,
        via: &Transport,
        first: Request,
        listing: &Listing,
        zone: impl Fn(&T) -> Zone,
    ) -> Result<Vec<Zone>, ProviderError> {
        Ok(self.list(via, "list zones", first, listing).await?.iter().map(zone).collect())
    }

    /// The records of a list, all that are managed, as the only page of a zone.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn records<T: DeserializeOwned + Send>(
        &self,
        via: &Transport,
        first: Request,
        listing: &Listing,
        record: impl Fn(&T) -> Option<Record>,
    ) -> Result<Page, ProviderError> {
        let listed = self.list(via, "list records", first, listing).await?;
        Ok(Page { records: listed.iter().filter_map(record).collect(), next: None })
    }

    /// All items of a list. `first` asks for the first page, `read` takes a page apart, of which so
    /// many items came before.
    ///
    /// # Errors
    /// When a page cannot be read; and when the list does not end: a page that comes back, empty
    /// pages without end; or when it ends before as many items as the service says.
    pub async fn walk<T: Send>(
        &self,
        via: &Transport,
        operation: &'static str,
        first: Request,
        read: impl Fn(&Answer, usize) -> Result<Part<T>, ProviderError> + Send,
    ) -> Result<Vec<T>, ProviderError> {
        let mut all = Vec::new();
        let keep = &mut all;
        let mut turn = move |answer: &Answer| {
            let Part { items, next, total } = read(answer, keep.len())?;
            let is_empty = items.is_empty();
            keep.extend(items);
            Ok(Turned { next, total, is_empty, count: keep.len() })
        };
        self.pages(via, operation, first, &mut turn).await?;
        Ok(all)
    }

    /// Page after page, up to the last.
    fn pages<'a>(
        &'a self,
        via: &'a Transport,
        operation: &'static str,
        first: Request,
        turn: &'a mut (dyn FnMut(&Answer) -> Result<Turned, ProviderError> + Send),
    ) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(async move {
            let mut seen = Seen::default();
            seen.requests.insert(first.identity());
            let mut request = first;
            let mut page = 1_u64;
            loop {
                let answer = self.send(via, operation, &request).await?;
                let Turned { next, total, is_empty, count } = turn(&answer)?;
                seen.page(&answer, is_empty)?;
                page += 1;
                request = match next {
                    Next::End => {
                        return complete(count, total).map_err(|error| error.within(answer.from()));
                    }
                    Next::Page(name) => request.set_query(name, &page.to_string()),
                    Next::Offset(name) => request.set_query(name, &count.to_string()),
                    Next::Member(name) => request.member(name, count)?,
                    Next::Token(name, token) => request.set_query(name, &token),
                    Next::Url(url) => request.elsewhere(same_server(&answer, &url)?),
                };
                seen.request(&answer, &request)?;
            }
        })
    }
}

/// A page whose items were taken.
struct Turned {
    next: Next,
    total: Option<u64>,
    is_empty: bool,
    /// Items so far.
    count: usize,
}

/// What was asked for and what came, so that a list without an end is noticed.
#[derive(Default)]
struct Seen {
    requests: HashSet<String>,
    pages: HashSet<u64>,
    empty: usize,
}

impl Seen {
    fn page(&mut self, answer: &Answer, is_empty: bool) -> Result<(), ProviderError> {
        if is_empty {
            self.empty += 1;
            if self.empty > MOST_EMPTY {
                return Err(endless(answer, "empty pages follow each other"));
            }
            return Ok(());
        }
        self.empty = 0;
        // A server that does not know the parameter gives the same page for ever.
        let mut hasher = DefaultHasher::new();
        answer.body().hash(&mut hasher);
        if self.pages.insert(hasher.finish()) {
            return Ok(());
        }
        Err(endless(answer, "a page comes back"))
    }

    fn request(&mut self, answer: &Answer, next: &Request) -> Result<(), ProviderError> {
        if self.requests.insert(next.identity()) {
            return Ok(());
        }
        Err(endless(answer, "the next page is one that was read before"))
    }
}

fn endless(answer: &Answer, how: &str) -> ProviderError {
    let message = format!("{}: the list does not end, {how}; run again", answer.from());
    ProviderError::new(ErrorKind::Transient, message)
}

/// Whether as many items came as there shall be. More may have come in between.
fn complete(count: usize, total: Option<u64>) -> Result<(), ProviderError> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    match total {
        Some(total) if count < total => Err(ProviderError::new(
            ErrorKind::Transient,
            format!("the list is not complete, {count} of {total} items came; run again"),
        )),
        _ => Ok(()),
    }
}

/// The URL of a next page, if it leads to the server that named it: another would be given the
/// credentials.
fn same_server(answer: &Answer, text: &str) -> Result<reqwest::Url, ProviderError> {
    let mut url = answer.url().join(text).ok();
    // Behind a proxy that ends TLS, some services name themselves without it.
    if let Some(url) = url.as_mut().filter(|url| url.scheme() == "http" && url.port().is_none())
        && answer.url().scheme() == "https"
    {
        let _ = url.set_scheme("https");
    }
    url.filter(|url| url.origin() == answer.url().origin()).ok_or_else(|| {
        let message =
            format!("{}: the next page lies on another server; it is not read", answer.from());
        ProviderError::new(ErrorKind::Config, message)
    })
}

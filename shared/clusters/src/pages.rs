//! Lists in pages: each page is asked for with the token that the page before it named.

use ecow::EcoString;

use crate::api::{Api, Interrupted};
use crate::call::Call;
use crate::error::ReadErrorKind;
use crate::exchange::{Attempts, Incoming};
use crate::object::ResourceType;
use crate::pace::Pace;
use crate::page::{Page, PageError, PageReader};
use crate::progress::Progress;
use crate::receiver::Receiver;

/// A list that was read in full.
#[derive(Default)]
pub(crate) struct Listed {
    pub(crate) objects: u64,
    /// The state of the cluster that it shows; empty where the server does not say.
    pub(crate) version: EcoString,
}

/// What is listed.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) resource: &'a ResourceType,
    pub(crate) namespace: &'a str,
    pub(crate) path: &'a str,
}

impl Api {
    /// Reads a list in pages, or the pages behind its first one.
    pub(crate) async fn pages(
        &self,
        wanted: Wanted<'_>,
        mut first: Option<Page>,
        pace: &mut Pace,
        receiver: &mut dyn Receiver,
    ) -> Result<Listed, Interrupted> {
        let mut progress = Progress::default();
        let mut version = None;
        let mut token = None;
        loop {
            let page = match first.take() {
                Some(page) => page,
                None => self.page(wanted, token.as_deref(), pace, receiver).await?,
            };
            let call = Call::get(wanted.path, wanted.path);
            progress.advance(&page).map_err(|reason| call.partial(reason))?;
            // All pages show the state of the first one, as long as its snapshot lasts.
            version.get_or_insert(page.version);
            token = page.next;
            if token.is_none() {
                let version = version.unwrap_or_default();
                return Ok(Listed { objects: progress.objects, version });
            }
        }
    }

    /// Asks for a page; again, while nothing of it was handed on and the connection breaks.
    async fn page(
        &self,
        wanted: Wanted<'_>,
        token: Option<&str>,
        pace: &mut Pace,
        receiver: &mut dyn Receiver,
    ) -> Result<Page, Interrupted> {
        let mut attempts = Attempts::new(self, wanted.path);
        loop {
            let url = page_url(wanted.path, pace.size(), token);
            let call = Call::get(&url, wanted.path);
            let mut incoming = self.open(&call, &mut attempts).await?;
            if !incoming.status().is_success() {
                let answer = incoming.collect().await?;
                return Err(self.refused(wanted.resource, wanted.namespace, &call, &answer).await);
            }
            let mut reader = PageReader::new();
            match self.read_page(wanted, &mut incoming, &mut reader, receiver).await {
                Ok(page) => {
                    pace.after(page.objects, incoming.bytes(), incoming.took());
                    return Ok(page);
                }
                Err(error) => may_repeat(error, reader.objects() > 0, pace, &mut attempts).await?,
            }
        }
    }

    /// Reads a page whose head is there. A connection that breaks is a failure, a text that ends in the
    /// middle an interruption.
    pub(crate) async fn read_page(
        &self,
        wanted: Wanted<'_>,
        incoming: &mut Incoming<'_>,
        reader: &mut PageReader,
        receiver: &mut dyn Receiver,
    ) -> Result<Page, Interrupted> {
        incoming.bare().require_whole(incoming.call())?;
        while let Some(piece) = incoming.piece().await? {
            let fed = reader.feed(&piece, wanted.resource, receiver);
            fed.map_err(|error| self.broken(wanted, incoming, error))?;
        }
        let page = reader.end(wanted.resource, receiver);
        page.map_err(|error| self.broken(wanted, incoming, error))
    }

    /// An answer that is not what it should be.
    pub(crate) fn broken(
        &self,
        wanted: Wanted<'_>,
        incoming: &Incoming<'_>,
        error: PageError,
    ) -> Interrupted {
        match error {
            PageError::Cut(error) => Interrupted::Retry(incoming.truncated(error.to_string())),
            error => self.undecodable(wanted.resource, incoming.call(), &incoming.bare(), error),
        }
    }
}

/// Whether a page that was not read can be asked for again: a smaller one where it was too large, the
/// same where the connection broke. Once something of it was handed on, the list begins again instead.
async fn may_repeat(
    error: Interrupted,
    is_begun: bool,
    pace: &mut Pace,
    attempts: &mut Attempts<'_>,
) -> Result<(), Interrupted> {
    let may_be_repeated = match &error {
        Interrupted::Failed(ReadErrorKind::TooLarge { .. }) => pace.halve(),
        Interrupted::Failed(error @ ReadErrorKind::Truncated { .. }) => {
            is_begun || attempts.again(None, &error.to_string()).await
        }
        _ => false,
    };
    match error {
        Interrupted::Failed(error) if may_be_repeated && is_begun => Err(Interrupted::Retry(error)),
        _ if may_be_repeated => Ok(()),
        error => Err(error),
    }
}

/// Path and query of one page.
fn page_url(path: &str, size: u32, token: Option<&str>) -> String {
    let mut url = format!("{path}?limit={size}");
    if let Some(token) = token {
        url.push_str("&continue=");
        url.extend(form_urlencoded::byte_serialize(token.as_bytes()));
    }
    url
}

//! Reading: zones side by side, page after page, one inventory per zone.

use std::collections::HashSet;

use ecow::EcoString;
use extdns_model::{
    Inventory, Name, Record, RecordType, Unreadable, Zone, ZoneIndex, ZoneInventory,
};
use futures::future::{BoxFuture, try_join_all};
use futures::{FutureExt as _, StreamExt as _};

use super::fold::Folder;
use super::names::readable;
use super::text;
use crate::{ErrorKind, Page, PageFrom, ProviderError, Stores, Transport, TxtQuoting, ZoneReader};

/// More names than this are not asked for one by one: the whole zone is read.
const FEW_NAMES: usize = 4;
/// This many pages in a row without a record are no list: some APIs filter behind their paging, but
/// none gives so many.
const MOST_EMPTY_PAGES: usize = 100;

/// Whether a record is one of those that are read.
type Wanted<'a> = dyn Fn(&Record) -> bool + Send + Sync + 'a;

/// Every zone, and its records or why they are not known.
pub(super) async fn inventory(
    api: &dyn ZoneReader,
    via: &Transport,
) -> Result<Inventory, ProviderError> {
    let capabilities = api.capabilities();
    let index = ZoneIndex::new(api.zones(via).await?, capabilities.routing);
    let reads: Vec<BoxFuture<'_, ZoneInventory>> = index
        .iter()
        .map(|(key, zone)| {
            async move {
                let records = whole_zone(api, via, zone).await;
                let records = records.map_err(|error| unreadable(zone, &error));
                ZoneInventory { zone: key, records }
            }
            .boxed()
        })
        .collect();
    let zones =
        futures::stream::iter(reads).buffered(capabilities.parallel_zones.max(1)).collect().await;
    Ok(Inventory { filter: api.domain_filter(&index), zones, index })
}

fn unreadable(zone: &Zone, error: &ProviderError) -> Unreadable {
    Unreadable { zone: zone.to_string(), reason: error.to_string() }
}

/// All records of a zone.
pub(super) async fn whole_zone(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
) -> Result<Vec<Record>, ProviderError> {
    let starts = if api.capabilities().starts_at_name { api.starts(zone) } else { Vec::new() };
    if starts.is_empty() {
        return pages(api, via, zone, PageFrom::Start, &|_| true).await;
    }
    shards(api, via, zone, starts).await
}

/// The records of these names; the whole zone where the API cannot give them alone.
pub(super) async fn some_names(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    names: &[&Name],
) -> Result<Vec<Record>, ProviderError> {
    match by_name(api, via, zone, names).await? {
        Some(records) => Ok(records),
        None => whole_zone(api, via, zone).await,
    }
}

/// The records of these names, where that costs less than the whole zone.
pub(super) async fn by_name(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    names: &[&Name],
) -> Result<Option<Vec<Record>>, ProviderError> {
    if let Some(records) = in_one_call(api, via, zone, names).await? {
        return Ok(Some(records));
    }
    if !api.capabilities().starts_at_name || names.len() > FEW_NAMES {
        return Ok(None);
    }
    let mut records = Vec::new();
    for name in names {
        let key = name.key();
        let from = PageFrom::Name((*name).clone());
        let of_name = |record: &Record| record.set.name.key() == key;
        records.extend(pages(api, via, zone, from, &of_name).await?);
    }
    Ok(Some(records))
}

/// The records of these names, if the API gives them with one call.
pub(super) async fn in_one_call(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    names: &[&Name],
) -> Result<Option<Vec<Record>>, ProviderError> {
    let Some(records) = api.named(via, zone, names).await? else { return Ok(None) };
    let page = Page { records, next: None };
    walk(api, via, zone, page, &|_| true).await.map(Some)
}

/// The records of the first page and those behind it, of at most so many, and whether these are all.
pub(super) async fn first_pages(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    most: usize,
) -> Result<(Vec<Record>, bool), ProviderError> {
    let Page { mut records, mut next } = api.page(via, zone, PageFrom::Start).await?;
    for _ in 1..most {
        let Some(cursor) = next.take() else { break };
        let more = api.page(via, zone, PageFrom::After(cursor)).await?;
        records.extend(more.records);
        next = more.next;
    }
    let complete = next.is_none();
    let all = Page { records, next: None };
    Ok((walk(api, via, zone, all, &|_| true).await?, complete))
}

/// A large zone, begun at several names at once. Each reader goes on to the first record of the
/// next. The order of names is the API's alone: where ours differs, or a record has gone in
/// between, something is read twice, and kept once.
async fn shards(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    starts: Vec<Name>,
) -> Result<Vec<Record>, ProviderError> {
    let froms: Vec<PageFrom> =
        [PageFrom::Start].into_iter().chain(starts.into_iter().map(PageFrom::Name)).collect();
    let firsts = try_join_all(froms.iter().map(|from| api.page(via, zone, from.clone()))).await?;
    let heads: Vec<_> = firsts.iter().map(|page| page.records.first().map(identity)).collect();
    let reads = froms.into_iter().zip(firsts).enumerate().map(|(position, (from, page))| {
        let end = heads[position + 1..].iter().flatten().next();
        async move {
            let wanted = |record: &Record| end.is_none_or(|end| identity(record) != *end);
            rest(api, via, zone, from, page, &wanted).await
        }
    });
    let mut records: Vec<Record> = try_join_all(reads).await?.into_iter().flatten().collect();
    let mut seen = HashSet::with_capacity(records.len());
    records.retain(|record| seen.insert(identity(record)));
    Ok(records)
}

fn identity(record: &Record) -> (String, RecordType, EcoString) {
    let set = &record.set;
    (set.name.key().into_owned(), set.rtype, set.set_identifier().into())
}

/// Page after page, up to the first record that is not wanted.
async fn pages(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    from: PageFrom,
    wanted: &Wanted<'_>,
) -> Result<Vec<Record>, ProviderError> {
    let first = api.page(via, zone, from.clone()).await?;
    rest(api, via, zone, from, first, wanted).await
}

/// A page and those behind it, up to the first record that is not wanted. Where the API no longer
/// knows the position in between, the whole list is read again, once.
async fn rest(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    from: PageFrom,
    first: Page,
    wanted: &Wanted<'_>,
) -> Result<Vec<Record>, ProviderError> {
    match walk(api, via, zone, first, wanted).await {
        Err(error) if is_forgotten(&error) => {
            tracing::debug!(%zone, %error, "the list of records broke off and is begun anew");
            let first = api.page(via, zone, from).await?;
            walk(api, via, zone, first, wanted).await.map_err(broke_off_again)
        }
        done => done,
    }
}

/// Whether a page behind the first was refused for its cursor: only the cursor differs from the request
/// for the page before, which was answered.
pub(crate) fn is_forgotten(error: &ProviderError) -> bool {
    matches!(error.kind, ErrorKind::Rejected(_))
}

/// The error of a list that was begun again and broke off again; the next run may succeed.
pub(crate) fn broke_off_again(error: ProviderError) -> ProviderError {
    if !is_forgotten(&error) {
        return error;
    }
    let context = "the list broke off twice, as the API had forgotten the place; run again";
    ProviderError { kind: ErrorKind::Transient, ..error.within(context) }
}

async fn walk(
    api: &dyn ZoneReader,
    via: &Transport,
    zone: &Zone,
    mut page: Page,
    wanted: &Wanted<'_>,
) -> Result<Vec<Record>, ProviderError> {
    let capabilities = api.capabilities();
    let mut folder = Folder::default();
    let mut records = Vec::new();
    let mut seen = HashSet::new();
    let mut empty = 0;
    loop {
        let page_is_empty = page.records.is_empty();
        for mut record in page.records {
            if !wanted(&record) {
                return Ok(finish(folder, records));
            }
            if capabilities.ascii_names
                && let Some(name) = readable(&record.set.name)
            {
                record.set.name = name;
            }
            if record.set.rtype == RecordType::Txt && capabilities.txt_quoting == TxtQuoting::Quoted
            {
                own_texts(&mut record);
            }
            match capabilities.stores {
                Stores::Sets(_) => records.push(record),
                Stores::Values(_) => folder.push(record),
            }
        }
        let Some(next) = page.next else { return Ok(finish(folder, records)) };
        if !seen.insert(next.clone()) {
            return Err(ProviderError::new(
                ErrorKind::Transient,
                format!("zone {zone}: the list does not end, a page leads back to one before it"),
            ));
        }
        empty = if page_is_empty { empty + 1 } else { 0 };
        if empty > MOST_EMPTY_PAGES {
            return Err(ProviderError::new(
                ErrorKind::Transient,
                format!("zone {zone}: the list does not end, {empty} pages in a row are empty"),
            ));
        }
        page = api.page(via, zone, PageFrom::After(next)).await?;
    }
}

/// Ownership values as they are compared.
fn own_texts(record: &mut Record) {
    let targets = &mut record.set.targets;
    if targets.iter().any(|target| target.contains('\\')) {
        *targets = targets.iter().map(|target| text::as_owned(target)).collect();
    }
}

fn finish(folder: Folder, mut records: Vec<Record>) -> Vec<Record> {
    records.extend(folder.into_records());
    records
}

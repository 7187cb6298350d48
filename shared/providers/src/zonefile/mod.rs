//! Zone files on disk: `zonefile`.
//!
//! **API**: RFC 1035 master files named `<zone>.zone` in one folder (`--zonefile-dir`), from
//! which BIND, NSD, Knot or CoreDNS serves. The user makes the name servers reload; this program does
//! not. The `domain` crate reads the files; it keeps DNAME, DNSSEC and RFC 3597 types.
//!
//! **Authentication**: the rights of this user on the folder and the files.
//!
//! **Quirks**: our records stand in one block between two comment lines at the end of the file,
//! one line each with absolute name, TTL (300 where unset) and class, sorted. All other text stays
//! byte-identical but for the serial of the SOA, which is bumped (RFC 1982) when a record changed.
//! A record set with a record outside the block is read-only. A block that has become empty keeps
//! its two lines. `$INCLUDE` and `$GENERATE` are refused, as they hide records. What a user edits
//! in the block is read as it is, and written in the usual form with the next change. Extended attributes
//! of a file are those that its folder gives to new files.
//!
//! A file with signatures (RRSIG) is read-only, as a change would break them: let this program
//! write the unsigned file, and sign behind it. So is a file with other names (hard links): a write
//! would replace one of them. Symbolic links are followed, and stay.
//!
//! **Limits**: only those of DNS. A file is changed by one atomic write per run and zone, under a
//! lock on the folder where it really lies, so that runs over several folders with links to it wait
//! for each other. Under the lock the file is read again: a record set that differs from what the
//! plan saw is not written.
//!
//! **Record types**: A, AAAA, CNAME, TXT, SRV, NS, PTR, MX, NAPTR, DNAME. No set identifiers, no
//! aliases.
//!
//! There is no API that takes change by change: the whole zone is in memory, and a group that cannot be
//! written is known before anything is written. So the batches and the bisection of the engine are not
//! needed; its adaptation of desired endpoints, its ledger and its call counter are used.

mod edit;
mod file;
mod folder;
mod library;
mod names;
mod rdata;
mod scan;
#[cfg(test)]
mod tests;
pub mod text;
mod write;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{
    Endpoint, Inventory, Name, Opaque, Permit, Properties, Record, RecordSet, Routing,
    Surroundings, Targets, Ttl, Unreadable, Zone, ZoneIndex, ZoneInventory,
};
use futures::stream::{self, StreamExt as _};

use self::file::ZoneFile;
use self::folder::ZonePath;
use self::write::FileWriter;
use crate::engine::adjust::fit;
use crate::files::{self, blocking};
use crate::{
    Adjusted, Batching, CallCount, Capabilities, Context, ErrorKind, Parents, Provider,
    ProviderError, Reader, Stores, Transport, TxtQuoting, Updates, Writer, ZoneFilter, storable,
};

/// The operations, by the names under which the report counts them.
const LIST: &str = "list zone files";
const READ: &str = "read zone file";
const WRITE: &str = "write zone file";

/// What a file is called in messages.
const FILE: &str = "zone file";

/// Why a signed zone is read-only.
const SIGNED: &str = "lies in a signed zone file (it has RRSIG records), whose signatures a change \
                      would break; let --zonefile-dir hold the unsigned file, and sign behind this \
                      program";
/// Why a zone whose file has other names is read-only.
const HARD_LINKED: &str = "lies in a zone file with several names (hard links), of which a write \
                           would replace one; put symbolic links in the place of the others, or \
                           copies";

/// Zone files that are read at the same time.
const PARALLEL: usize = 4;

/// What zone files can hold.
fn capabilities() -> Capabilities {
    Capabilities {
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::Whole,
        parallel_zones: PARALLEL,
        default_ttl: Ttl::from_seconds(edit::DEFAULT_TTL.into()),
        txt_quoting: TxtQuoting::Quoted,
        mutating_operations: &[WRITE],
        ..Capabilities::new("zonefile")
    }
}

/// Flags of the `zonefile` provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider zonefile")]
pub struct ZonefileArgs {
    /// The folder of the zone files, each named <zone>.zone (required for --provider=zonefile)
    #[arg(long, value_name = "DIR")]
    pub zonefile_dir: Option<PathBuf>,
    /// Make the file of this zone, with SOA and NS records, where it is missing; can be given
    /// several times
    #[arg(long, value_name = "ZONE")]
    pub zonefile_create: Vec<String>,
}

/// The zone files of a folder.
#[derive(Debug)]
pub struct Zonefile {
    dir: PathBuf,
    create: Vec<Name>,
    filter: ZoneFilter,
    capabilities: Capabilities,
    via: Transport,
}

impl Zonefile {
    /// The zones of the folder that the filter lets through. Nothing is opened yet.
    ///
    /// # Errors
    /// When the folder is not named or cannot be listed, a zone to create has no usable name, or
    /// two files are of one zone.
    pub fn new(args: &ZonefileArgs, context: &Context) -> Result<Self, ProviderError> {
        let dir = args.zonefile_dir.clone().ok_or_else(|| {
            ProviderError::config(
                "--provider=zonefile needs --zonefile-dir=DIR, the folder of the zone files",
            )
        })?;
        let create = args
            .zonefile_create
            .iter()
            .map(|zone| new_zone(zone))
            .collect::<Result<Vec<_>, _>>()?;
        let filter = context.zones.clone().with_parents(Parents::All);
        folder::list(&dir, &create, &filter)?;
        let capabilities = capabilities();
        let via = Transport::new(&capabilities);
        Ok(Self { dir, create, filter, capabilities, via })
    }
}

/// A zone that can have a file: its name is the file's.
fn new_zone(text: &str) -> Result<Name, ProviderError> {
    let wrong = |why: &str| ProviderError::config(format!("--zonefile-create={text}: {why}"));
    let name = Name::parse(text.trim()).map_err(|error| wrong(&error.to_string()))?;
    if name.is_empty() || name.as_str().starts_with('.') || name.as_str().contains(['/', '\\']) {
        return Err(wrong("no name of a zone; write it like example.org"));
    }
    names::to_file(&name).map_err(|problem| wrong(&problem))?;
    Ok(name)
}

#[async_trait]
impl Reader for Zonefile {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn read(&self) -> Result<Inventory, ProviderError> {
        let list = || {
            let (dir, create, filter) =
                (self.dir.clone(), self.create.clone(), self.filter.clone());
            blocking(move || folder::list(&dir, &create, &filter))
        };
        let zones = self.via.call(LIST, list).await?;
        let contents: Vec<Content> = stream::iter(zones)
            .map(|path| read_zone(&self.via, path))
            .buffered(PARALLEL)
            .collect()
            .await;
        Ok(inventory(contents))
    }

    async fn adjust(
        &self,
        desired: Vec<Endpoint>,
        _zones: &ZoneIndex,
    ) -> Result<Adjusted, ProviderError> {
        let desired = Adjusted { endpoints: desired, notes: Vec::new() };
        let mut adjusted = fit(&self.capabilities, desired);
        for endpoint in &mut adjusted.endpoints {
            endpoint.set.set_properties(Properties::new());
            canonical(&mut endpoint.set);
        }
        Ok(adjusted)
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        storable::refusal(&self.capabilities, set, around).or_else(|| edit::refusal(set))
    }

    fn calls(&self) -> Vec<CallCount> {
        self.via.calls()
    }
}

impl Provider for Zonefile {
    fn writer(
        &self,
        _permit: &Permit,
        zones: &ZoneIndex,
    ) -> Result<Box<dyn Writer>, ProviderError> {
        let zones = zones.iter().map(|(_, zone)| (zone.clone(), path_of(zone))).collect();
        Ok(Box::new(FileWriter::new(zones, self.via.clone())))
    }
}

/// The file of a zone that [`Zonefile::read`] found; an index of another provider has none.
fn path_of(zone: &Zone) -> Option<Arc<ZonePath>> {
    zone.data.get::<ZonePath>().cloned().map(Arc::new)
}

/// What one file of the folder is.
struct Content {
    path: ZonePath,
    /// Why it is not written.
    read_only: Option<&'static str>,
    records: Result<Vec<Record>, Unreadable>,
}

/// Reads a zone file. A zone that is still to be made is empty.
async fn read_zone(via: &Transport, path: ZonePath) -> Content {
    let read = || {
        let path = path.clone();
        blocking(move || match open(&path)? {
            Some(file) => Ok((read_only(&path, &file), file.into_records())),
            None if path.create => Ok((None, Vec::new())),
            None => Err(vanished(&path)),
        })
    };
    match via.call(READ, read).await {
        Ok((read_only, records)) => Content { path, read_only, records: Ok(records) },
        Err(error) => {
            let unreadable = Unreadable { zone: path.name.to_string(), reason: error.message };
            Content { path, read_only: None, records: Err(unreadable) }
        }
    }
}

fn inventory(contents: Vec<Content>) -> Inventory {
    let mut zones = Vec::with_capacity(contents.len());
    let mut records = HashMap::with_capacity(contents.len());
    for content in contents {
        let id = content.path.id();
        records.insert(id.clone(), content.records);
        zones.push(Zone {
            read_only: content.read_only,
            data: Opaque::new(content.path.clone()),
            ..Zone::new(id, content.path.name)
        });
    }
    let index = ZoneIndex::new(zones, Routing::Longest);
    let zones = index
        .iter()
        .filter_map(|(zone, own)| {
            Some(ZoneInventory { zone, records: records.remove(own.id.as_str())? })
        })
        .collect();
    Inventory { index, zones, ..Inventory::default() }
}

/// Why a zone is not written; the text follows "a record of it" and "it".
fn read_only(path: &ZonePath, file: &ZoneFile) -> Option<&'static str> {
    if file.signed {
        return Some(SIGNED);
    }
    files::has_other_names(&path.path).then_some(HARD_LINKED)
}

/// Reads and takes apart a zone file, if it is there.
fn open(path: &ZonePath) -> Result<Option<ZoneFile>, ProviderError> {
    let shown = path.path.display();
    let text = files::read(&path.path).map_err(|error| {
        let remedy = files::remedy(&error);
        let message = format!("zone file {shown} cannot be read: {error}; {remedy}");
        ProviderError::new(files::kind_of(&error), message)
    })?;
    text.map(|text| ZoneFile::parse(&path.name, text)).transpose().map_err(|fault| {
        ProviderError::new(ErrorKind::Rejected(Vec::new()), format!("zone file {shown}:{fault}"))
    })
}

fn vanished(path: &ZonePath) -> ProviderError {
    let message = format!(
        "zone file {} is gone since the folder was listed; run again, or name its zone with \
                           --zonefile-create",
        path.path.display()
    );
    ProviderError::new(ErrorKind::ZoneGone, message)
}

/// The targets in the form in which they will be read back, so that a second run finds no difference. A
/// record that cannot be stored is refused when it is written, alone and with its reason.
fn canonical(set: &mut RecordSet) {
    let Ok(owner) = names::to_file(&set.name) else { return };
    let mut targets = Targets::new();
    for target in &set.targets {
        let stored = edit::value(&owner, set.rtype, target)
            .map_or_else(|_| target.clone(), |value| value.target);
        if !targets.iter().any(|other| *other == stored) {
            targets.push(stored);
        }
    }
    set.targets = targets;
}

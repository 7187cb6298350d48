//! A hosts file: `hosts`.
//!
//! **API**: one file in the form of `hosts(5)` (`--hosts-file`), which the C library of a machine reads, or the plugin `hosts` of
//! CoreDNS. It is what the protokube of kOps writes in clusters with gossip DNS.
//!
//! **Authentication**: the rights of this user on the file and its folder.
//!
//! **Quirks**: our entries stand in one block between two comment lines (`--hosts-block`), one line for each address with its
//! names, sorted, as protokube writes them. All other text stays byte-identical. A name that stands outside the block is
//! read-only: the first line of a name counts for most readers. An ownership record is a comment in the block. There are no zones,
//! no TTLs and no wildcards.
//!
//! **Limits**: the file is changed by one atomic write of a run, under a lock on the folder where it really lies. Under the
//! lock it is read again: a record set that differs from what the plan saw is not written.
//!
//! **Record types**: A, AAAA, and TXT as a comment.

mod args;
mod file;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_model::{
    ChangeGroup, Name, Opaque, Record, RecordSet, RecordType, Surroundings, Ttl, Zone, ZoneIndex,
};

use self::file::HostsFile;
use crate::engine::batched;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::files::{self, Lock, blocking};
use crate::{
    Adjusted, BatchWriter, Batching, Capabilities, Conditions, Deadline, ErrorKind, Page, PageFrom,
    Provider, ProviderError, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
pub use args::HostsArgs;

/// The operations, by the names under which the report counts them.
const READ: &str = "read hosts file";
const WRITE: &str = "write hosts file";

/// What the file is called in messages.
const FILE: &str = "hosts file";

/// Why a name outside the block stays as it is; reads after "it".
const OUTSIDE: &str = "has an entry outside the managed block of the hosts file";

/// Why a file with other names is read-only.
const HARD_LINKED: &str = "lies in a hosts file with several names (hard links), of which a write would replace one; put \
                           symbolic links in the place of the others, or copies";

/// How long a run waits for another one that writes the file.
const LOCK_WAIT: Duration = Duration::from_secs(30);

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::Quoted, ttls: Ttls::from(0) };

/// The provider for the file of the flags. Nothing is opened yet.
///
/// # Errors
/// When the name of the block can be none.
pub fn provider(args: &HostsArgs) -> Result<impl Provider + use<>, ProviderError> {
    let capabilities = capabilities();
    let via = Transport::new(&capabilities);
    let place = Arc::new(Place { path: args.hosts_file.clone(), block: args.block()? });
    Ok(batched(Hosts { place, capabilities }, via))
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: &[RecordType::A, RecordType::Aaaa, RecordType::Txt],
        stores: Stores::Sets(Updates::InPlace),
        batches: Batching::Whole,
        conditions: Conditions::Api,
        mutating_operations: &[WRITE],
        ..FORM.capabilities("hosts")
    }
}

/// The file, and the name of the block in it.
struct Place {
    path: PathBuf,
    block: String,
}

impl Place {
    /// Reads and takes apart the file.
    fn open(&self) -> Result<HostsFile, ProviderError> {
        let shown = self.path.display();
        let text = files::read(&self.path).map_err(|error| {
            let remedy = files::remedy(&error);
            let message = format!("hosts file {shown} cannot be read: {error}; {remedy}");
            ProviderError::new(files::kind_of(&error), message)
        })?;
        let text = text.ok_or_else(|| {
            ProviderError::config(format!(
                "hosts file {shown} is not there; name the file with --hosts-file"
            ))
        })?;
        HostsFile::parse(&self.block, text).map_err(|fault| {
            let message = format!("hosts file {shown}:{fault}");
            ProviderError::new(ErrorKind::Rejected(Vec::new()), message)
        })
    }

    /// Applies groups to the file as it is now. An error leaves it as it was.
    fn write(
        &self,
        location: &files::Location,
        groups: &[ChangeGroup],
    ) -> Result<(), ProviderError> {
        let shown = self.path.display();
        if files::locate(FILE, &self.path)? != *location {
            let message = format!("hosts file {shown} was moved since it was locked; run again");
            return Err(ProviderError::new(ErrorKind::Transient, message));
        }
        let mut file = self.open()?;
        let groups: Vec<&ChangeGroup> = groups.iter().collect();
        file.apply(&groups).map_err(|error| error.within(format!("hosts file {shown}")))?;
        files::replace(FILE, &self.path, location, &file.text())
    }
}

struct Hosts {
    place: Arc<Place>,
    capabilities: Capabilities,
}

#[async_trait]
impl ZoneReader for Hosts {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// One that holds every name.
    async fn zones(&self, _: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let path = &self.place.path;
        let read_only = files::has_other_names(path).then_some(HARD_LINKED);
        Ok(vec![Zone { read_only, ..Zone::new(path.display().to_string(), Name::default()) }])
    }

    async fn page(&self, via: &Transport, _: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let open = || {
            let place = Arc::clone(&self.place);
            blocking(move || place.open())
        };
        let file = via.call(READ, open).await?;
        let outside: HashSet<(String, RecordType)> = file.outside.iter().map(file::key).collect();
        let sets = file.block.sets().filter(|set| !outside.contains(&file::key(set)));
        let own = sets.map(|set| Record::new(set.clone(), Opaque::none()));
        let others = file.outside.iter().map(|set| {
            let mut record = Record::new(set.clone(), Opaque::none());
            record.set_read_only(Some(OUTSIDE));
            record
        });
        Ok(Page { records: own.chain(others).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        let mut desired = FORM.wanted(desired);
        desired.endpoints.iter_mut().for_each(|endpoint| endpoint.set.ttl = Ttl::UNSET);
        desired
    }

    fn refusal(&self, set: &RecordSet, _: Surroundings<'_>) -> Option<String> {
        set.name.as_str().contains('*').then(|| {
            format!("a hosts file has no wildcards, as {} would be one; name the hosts", set.name)
        })
    }
}

#[async_trait]
impl BatchWriter for Hosts {
    async fn send(
        &self,
        via: &Transport,
        _: &Zone,
        groups: &[&ChangeGroup],
    ) -> Result<(), ProviderError> {
        via.call(WRITE, async || {
            let location = files::locate(FILE, &self.place.path)?;
            let lock = Lock::take(&location.folder, LOCK_WAIT, &Deadline::none()).await?;
            files::tidy(&location.folder);
            let place = Arc::clone(&self.place);
            let groups: Vec<ChangeGroup> = groups.iter().map(|group| (*group).clone()).collect();
            // The work keeps the lock to its end, even if its caller is gone.
            blocking(move || {
                let written = place.write(&location, &groups);
                drop(lock);
                written
            })
            .await
        })
        .await
    }
}
